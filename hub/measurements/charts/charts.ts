/** Series as charts want them: so many points from one time to another, each the average of what is known within its step. */
import type { ChartsAnswer } from '../../dashboard/api/agent-shapes.ts';
import { carriedMs } from '../limits.ts';
import { chunkStart, type MeasurementStore, type Tier, tiers } from '../store/measurement-store.ts';
import { type Columns, decodeChunk, unknownCode, valueOf } from './chunk.ts';
import type { SeriesBook } from './series-book.ts';
import { averages } from './roll-up.ts';

export interface ChartQuery {
  readonly subject: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly points: number;
  /** All there are without it. */
  readonly isWanted?: (name: string) => boolean;
}

export interface ChartSources {
  readonly book: Pick<SeriesBook, 'read'>;
  readonly store: Pick<MeasurementStore, 'read'>;
  readonly nowMs: number;
}

export interface Chart extends Pick<ChartsAnswer, 'fromMs' | 'stepMs'> {
  readonly series: ReadonlyMap<string, readonly (number | null)[]>;
}

const { fine, coarse } = tiers;

/** A step is a whole number of steps of what is stored, and begins where one of those does. */
export async function readChart(sources: ChartSources, query: ChartQuery): Promise<Chart> {
  const tier = tierOf(query, sources.nowMs);
  const own = tiers[tier].stepMs;
  const stepMs = Math.max(own, Math.ceil((query.toMs - query.fromMs) / query.points / own) * own);
  const fromMs = Math.floor(query.fromMs / stepMs) * stepMs;
  const count = Math.max(1, Math.ceil((query.toMs - fromMs) / stepMs));
  const sums = new Map<string, Sums>();
  const range = { fromMs: chunkStart(tier, fromMs), toMs: query.toMs };
  const chunks =
    tier === 'fine' ? await sources.book.read(query.subject, range) : await coarseChunks(sources, query.subject, range);
  for (const [startMs, columns] of [...chunks].toSorted(([one], [other]) => one - other)) {
    for (const [name, codes] of columns) {
      if (query.isWanted?.(name) === false) continue;
      const sum = sums.getOrInsertComputed(name, () => new Sums(count));
      sum.add(codes, { startMs, ownMs: own, fromMs, stepMs });
    }
  }
  const carried = tier === 'fine' ? Math.floor(carriedMs / stepMs) : 0;
  return { fromMs, stepMs, series: new Map([...sums].map(([name, sum]) => [name, sum.averages(carried)])) };
}

/** Whether fine ones are still there, and not more of them than a chart needs. */
function tierOf({ fromMs, toMs, points }: ChartQuery, nowMs: number): Tier {
  const isKept = fromMs >= nowMs - fine.keptMs + fine.chunkMs;
  return isKept && (toMs - fromMs) / points < coarse.stepMs ? 'fine' : 'coarse';
}

/** What is not rolled up yet is averaged now. */
async function coarseChunks(
  { book, store }: ChartSources,
  subject: string,
  range: { readonly fromMs: number; readonly toMs: number },
): Promise<ReadonlyMap<number, Columns>> {
  const chunks = new Map<number, Columns>();
  const kept = await store.read({ subject, tier: 'coarse' }, range);
  for (const { startMs, bytes } of kept) chunks.set(startMs, decodeChunk(bytes) ?? new Map());
  const lastMs = kept.at(-1)?.startMs;
  const restMs = lastMs === undefined ? range.fromMs : lastMs + coarse.chunkMs;
  for (const [startMs, columns] of await book.read(subject, { fromMs: restMs, toMs: range.toMs })) {
    chunks.set(startMs, new Map([...columns].map(([name, codes]) => [name, new Uint16Array(averages(codes))])));
  }
  return chunks;
}

interface Grid {
  readonly startMs: number;
  readonly ownMs: number;
  readonly fromMs: number;
  readonly stepMs: number;
}

class Sums {
  readonly #sums: Float64Array;
  readonly #known: Uint32Array;

  constructor(count: number) {
    this.#sums = new Float64Array(count);
    this.#known = new Uint32Array(count);
  }

  add(codes: Uint16Array, { startMs, ownMs, fromMs, stepMs }: Grid): void {
    for (let step = 0; step < codes.length; step += 1) {
      const code = codes[step] ?? unknownCode;
      if (code === unknownCode) continue;
      const index = Math.floor((startMs + step * ownMs - fromMs) / stepMs);
      if (index < 0 || index >= this.#sums.length) continue;
      this.#sums[index] = (this.#sums[index] ?? 0) + valueOf(code);
      this.#known[index] = (this.#known[index] ?? 0) + 1;
    }
  }

  /** What is told seldom, as it hardly changes, stands for so many steps after it. */
  averages(carried: number): (number | null)[] {
    let lastIndex = Number.NEGATIVE_INFINITY;
    let last = 0;
    const end = this.#known.findLastIndex((known) => known > 0);
    return Array.from(this.#sums, (sum, index) => {
      const known = this.#known[index] ?? 0;
      if (known > 0) {
        last = rounded(sum / known);
        lastIndex = index;
        return last;
      }
      return index < end && index - lastIndex <= carried ? last : null;
    });
  }
}

/** No more digits than are known. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
