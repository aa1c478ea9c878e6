/**
 * What was measured lately, in memory, on its way into the store: one head per subject and fine chunk. A head is written when it was changed and its time has
 * come, over what the store has of that chunk already; it is forgotten when nothing came for a while after its stretch was over. What comes late, as an agent was away, opens the
 * head of its own time again.
 *
 * Heads that other hubs told of are for reading only: they write them.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import { headsMax, idleHeadMs, writeIntervalMs, writesPerTurn } from '../limits.ts';
import { type Chunk, chunkStart, type MeasurementStore, tiers } from '../store/measurement-store.ts';
import { seriesNames } from '../series.ts';
import { codeOf, type Columns, decodeChunk, encodeChunk, merged, unknownCode, unknownColumn } from './chunk.ts';

export interface Measured {
  readonly subject: string;
  readonly atMs: number;
  readonly values: Readonly<Record<string, number>>;
}

interface Head {
  readonly subject: string;
  readonly startMs: number;
  readonly columns: Columns;
  /** Columns of those that an agent tells are in here: a buffer for each would be very many to keep. */
  readonly room: Uint16Array<ArrayBuffer>;
  /** By the clock that is never set; undefined: all of it is in the store, or another hub's to write. */
  changedMs: number | undefined;
  touchedMs: number;
}

const { stepMs, chunkMs, keptMs } = tiers.fine;
const steps = chunkMs / stepMs;

export class SeriesBook {
  readonly #store: Pick<MeasurementStore, 'read' | 'write'>;
  readonly #clock: Clock;
  /** By subject and start. */
  readonly #heads = new Map<string, Head>();
  #dropped = 0;

  constructor({ store, clock }: { readonly store: Pick<MeasurementStore, 'read' | 'write'>; readonly clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Values that there was no room for. */
  get dropped(): number {
    return this.#dropped;
  }

  add({ subject, atMs, values }: Measured, isOwn = true): void {
    const nowMs = this.#clock.now();
    // A clock that is ahead writes into nobody's future.
    if (atMs < nowMs - keptMs + chunkMs || atMs > nowMs + stepMs * 6) return;
    const head = this.#headOf(subject, chunkStart('fine', atMs));
    if (head === undefined) {
      this.#dropped += 1;
      return;
    }
    const step = Math.floor((atMs - head.startMs) / stepMs);
    for (const name in values) {
      const value = values[name];
      if (value !== undefined) columnOf(head, name)[step] = codeOf(value);
    }
    head.touchedMs = this.#clock.monotonic();
    if (isOwn) head.changedMs ??= head.touchedMs;
  }

  /** All of the chunks that begin in this range, as the store and the heads have them together, by their start. */
  async read(subject: string, range: { readonly fromMs: number; readonly toMs: number }): Promise<ReadonlyMap<number, Columns>> {
    const chunks = new Map<number, Columns>();
    for (const { startMs, bytes } of await this.#store.read({ subject, tier: 'fine' }, range)) {
      chunks.set(startMs, decodeChunk(bytes) ?? new Map());
    }
    for (let startMs = chunkStart('fine', range.fromMs + chunkMs - 1); startMs < range.toMs; startMs += chunkMs) {
      const head = this.#heads.get(keyOf(subject, startMs));
      if (head !== undefined) chunks.set(startMs, merged(chunks.get(startMs) ?? new Map(), head.columns));
    }
    return chunks;
  }

  /** Writes what has waited long enough; with `all`, everything. Rejects as the store does: it is tried again then. */
  async flush(all = false): Promise<void> {
    const nowMs = this.#clock.monotonic();
    const due: Head[] = [];
    for (const [key, head] of this.#heads) {
      const { changedMs, touchedMs, startMs } = head;
      if (changedMs !== undefined && (all || nowMs - changedMs >= writeIntervalMs)) due.push(head);
      const isOver = startMs + chunkMs < this.#clock.now() && nowMs - touchedMs >= idleHeadMs;
      if (changedMs === undefined && isOver) this.#heads.delete(key);
      if (!all && due.length >= writesPerTurn) break;
    }
    if (due.length === 0) return;
    for (const head of due) head.changedMs = undefined;
    try {
      await this.#store.write(await Promise.all(due.map((head) => this.#chunkOf(head))));
    } catch (error) {
      for (const head of due) head.changedMs ??= nowMs;
      throw error;
    }
  }

  /** Another hub, or an earlier process, may have written the chunk. */
  async #chunkOf({ subject, startMs, columns }: Head): Promise<Chunk> {
    const range = { fromMs: startMs, toMs: startMs + 1 };
    const [before] = await this.#store.read({ subject, tier: 'fine' }, range);
    const under = before === undefined ? undefined : decodeChunk(before.bytes);
    return { subject, tier: 'fine', startMs, bytes: encodeChunk(under === undefined ? columns : merged(under, columns), steps) };
  }

  #headOf(subject: string, startMs: number): Head | undefined {
    const key = keyOf(subject, startMs);
    const known = this.#heads.get(key);
    if (known !== undefined || this.#heads.size >= headsMax) return known;
    const touchedMs = this.#clock.monotonic();
    const room = new Uint16Array(seriesNames.length * steps);
    const head: Head = { subject, startMs, columns: new Map(), room, changedMs: undefined, touchedMs };
    this.#heads.set(key, head);
    return head;
  }
}

function columnOf({ columns, room }: Head, name: string): Uint16Array<ArrayBuffer> {
  const known = columns.get(name);
  if (known !== undefined) return known;
  const from = columns.size * steps;
  const column = from < room.length ? room.subarray(from, from + steps).fill(unknownCode) : unknownColumn(steps);
  columns.set(name, column);
  return column;
}

function keyOf(subject: string, startMs: number): string {
  return `${subject} ${startMs}`;
}
