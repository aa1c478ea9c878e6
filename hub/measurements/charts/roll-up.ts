/** Makes coarse chunks of fine ones, a while after their time is over and again when something came late: each step is what its fine ones are on average. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { HeldLock } from '../../cluster/cluster.ts';
import { pause } from '../../groups/retry.ts';
import { rollGraceMs, rollLookMs, rollPauseMs, rollsPerLook } from '../limits.ts';
import { type MeasurementStore, type RollPlace, tiers } from '../store/measurement-store.ts';
import { codeOf, type Columns, decodeChunk, encodeChunk, merged, unknownCode, unknownColumn, valueOf } from './chunk.ts';

export interface RollUpParts {
  readonly store: Pick<MeasurementStore, 'read' | 'write' | 'due' | 'rolled'>;
  readonly clock: Clock;
}

const { fine, coarse } = tiers;
const steps = coarse.chunkMs / coarse.stepMs;
const ratio = coarse.stepMs / fine.stepMs;

/** Until aborted, or until the lock is another hub's. */
export async function rollUp(parts: RollUpParts, lock: Pick<HeldLock, 'isHeld'>, signal: AbortSignal): Promise<void> {
  const { store, clock } = parts;
  while (!signal.aborted && (await lock.isHeld())) {
    const due = await store.due(clock.now() - coarse.chunkMs - rollGraceMs, rollsPerLook);
    for (const place of due) {
      await rollOne(parts, place);
      // Nobody waits for it: others have their turn in between.
      await pause(clock, rollPauseMs, signal);
      if (signal.aborted) return;
    }
    if (due.length < rollsPerLook) await pause(clock, rollLookMs, signal);
  }
}

export async function rollOne({ store }: Pick<RollUpParts, 'store'>, place: RollPlace): Promise<void> {
  const { subject, startMs } = place;
  const chunks = await store.read({ subject, tier: 'fine' }, { fromMs: startMs, toMs: startMs + coarse.chunkMs });
  const columns: Columns = new Map();
  for (const chunk of chunks) {
    for (const [name, codes] of decodeChunk(chunk.bytes) ?? []) {
      const column = columns.getOrInsertComputed(name, () => unknownColumn(steps));
      column.set(averages(codes), (chunk.startMs - startMs) / coarse.stepMs);
    }
  }
  if (columns.size > 0) {
    const bytes = encodeChunk(await withBefore(store, place, columns), steps);
    await store.write([{ subject, tier: 'coarse', startMs, bytes }]);
  }
  await store.rolled([place]);
}

/** Of what came very late the other fine ones may have gone by now: what was made of them stays. */
async function withBefore(store: RollUpParts['store'], { subject, startMs }: RollPlace, columns: Columns): Promise<Columns> {
  const [before] = await store.read({ subject, tier: 'coarse' }, { fromMs: startMs, toMs: startMs + 1 });
  return merged((before && decodeChunk(before.bytes)) ?? new Map(), columns);
}

/** One for every so many fine steps that a coarse one has. */
export function averages(codes: Uint16Array): Uint16Array {
  const averaged = unknownColumn(Math.floor(codes.length / ratio));
  for (const index of averaged.keys()) {
    let sum = 0;
    let known = 0;
    for (const code of codes.subarray(index * ratio, (index + 1) * ratio)) {
      if (code === unknownCode) continue;
      sum += valueOf(code);
      known += 1;
    }
    if (known > 0) averaged[index] = codeOf(sum / known);
  }
  return averaged;
}
