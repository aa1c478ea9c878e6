/** What hops left of a batch's segments. */
import type { Segment, Trim } from './messages.ts';

/** `[from, to)`; nothing where both are the same. */
export interface KeptRange {
  readonly from: number;
  readonly to: number;
}

/** What is to be read of each segment. */
export function keptRanges(segments: readonly Pick<Segment, 'from' | 'to'>[], trims: readonly Trim[]): KeptRange[] {
  const kept = segments.map(({ from, to }): KeptRange => ({ from, to }));
  for (const trim of trims) {
    const segment = segments[trim.segment];
    if (segment !== undefined) kept[trim.segment] = keptRange(segment, trim);
  }
  return kept;
}

export function keptRange(segment: Pick<Segment, 'from' | 'to'>, trim: Pick<Trim, 'from' | 'to'>): KeptRange {
  const to = trim.to === 0 ? segment.to : Math.min(trim.to, segment.to);
  return { from: Math.min(Math.max(segment.from, trim.from), to), to };
}

/** The trim that leaves this range of a segment; undefined where that is all of it. */
export function trimTo(index: number, segment: Pick<Segment, 'from' | 'to'>, kept: KeptRange): Trim | undefined {
  if (kept.from >= kept.to) return { segment: index, from: segment.to, to: 0 };
  if (kept.from <= segment.from && kept.to >= segment.to) return undefined;
  return { segment: index, from: kept.from, to: kept.to >= segment.to ? 0 : kept.to };
}
