/**
 * Invariant 3, the part without a store: which of a batch's segments are wanted, decided for all of it or nothing.
 *
 * A segment's content is what earlier hops left of it (its trim). Against what is held of its stream it is behind, overlapping or
 * next; one that begins after `held` refuses the whole batch, and so does one that begins at `held` on other bytes. Where the mark at
 * `held` is not known there is nothing to compare with: at the stream's start, where nothing stands before it, and where a batch was
 * trimmed at its end by an earlier hop.
 *
 * What lies behind `held` arrived before, unless it was declared lost: then it is late, and wanted. Of each segment one range is kept:
 * what goes beyond `held`, with the gap that ends there if there is one; otherwise the longest range of gaps that it fills. What else
 * it could have filled stays a gap: that takes two gaps within one segment, and ways of a stream that cut its batches differently.
 */
import type { Mark, Segment, Trim } from '@tributary/protocol/messages.ts';
import { type KeptRange, keptRanges, trimTo } from '@tributary/protocol/trims.ts';

export interface HeldStream {
  readonly id: number;
  readonly held: number;
  readonly heldMark: Mark;
}

export interface CheckedSegment extends Segment {
  readonly stream: HeldStream;
}

/** What a batch does to one stream. */
export interface StreamMove {
  readonly stream: HeldStream;
  readonly held: number;
  readonly heldMark: Mark;
  /** Positions of the batch that had arrived before. */
  readonly duplicates: number;
  /** What the edge left out of the rest, in positions and in records. */
  readonly filtered: number;
  readonly filteredRecords: number;
  /** Parts of gaps that came after all, in the order of the segments; they do not overlap. */
  readonly late: readonly KeptRange[];
}

export type PositionCheck =
  | { readonly kind: 'new'; readonly moves: readonly StreamMove[]; readonly trims: readonly Trim[] }
  | { readonly kind: 'duplicate'; readonly moves: readonly StreamMove[] }
  | { readonly kind: 'refused'; readonly stream: HeldStream; readonly reason: 'ahead' | 'mark' };

/** Gaps of a stream that overlap a range, in the order of their positions. Asked for only where something lies behind `held`. */
export type GapsWithin = (stream: HeldStream, range: KeptRange) => readonly KeptRange[];

/** Streams of several segments are taken in the order of the segments. Streams are equal when their ids are. */
export function checkPositions(
  segments: readonly CheckedSegment[],
  trims: readonly Trim[],
  gapsWithin: GapsWithin,
): PositionCheck {
  const contents = keptRanges(segments, trims);
  const moves = new Map<number, StreamMove>();
  const merged: Trim[] = [];
  let isNew = false;
  for (const [index, segment] of segments.entries()) {
    const move = moves.get(segment.stream.id) ?? { ...segment.stream, stream: segment.stream, ...nothing };
    const content = contents[index] ?? segment;
    const reason = refusal(segment, content, move);
    // The stream as the store has it: what earlier segments of this batch moved is not kept.
    if (reason !== undefined) return { kind: 'refused', stream: segment.stream, reason };
    const late = content.from < move.held ? missing(content, move, gapsWithin) : [];
    const kept = wanted(content, move.held, late);
    const trim = trimTo(index, segment, kept);
    if (trim !== undefined) merged.push(trim);
    moves.set(segment.stream.id, moved(move, segment, { content, kept }));
    isNew ||= kept.from < kept.to;
  }
  if (!isNew) return { kind: 'duplicate', moves: [...moves.values()] };
  return { kind: 'new', moves: [...moves.values()], trims: merged };
}

const nothing = { duplicates: 0, filtered: 0, filteredRecords: 0, late: [] };

function refusal(segment: CheckedSegment, content: KeptRange, move: StreamMove): 'ahead' | 'mark' | undefined {
  if (content.to <= move.held) return undefined;
  if (content.from > move.held) return 'ahead';
  if (segment.from !== move.held || move.heldMark === '') return undefined;
  return segment.fromMark === move.heldMark ? undefined : 'mark';
}

/** What was declared lost of the content and has not come by now; gaps that touch each other are one. */
function missing(content: KeptRange, { stream, late }: StreamMove, gapsWithin: GapsWithin): KeptRange[] {
  const ranges: KeptRange[] = [];
  for (const gap of gapsWithin(stream, content)) {
    for (const left of without({ from: Math.max(gap.from, content.from), to: Math.min(gap.to, content.to) }, late)) {
      const before = ranges.at(-1);
      if (before?.to === left.from) ranges[ranges.length - 1] = { from: before.from, to: left.to };
      else ranges.push(left);
    }
  }
  return ranges;
}

/** What is left of a range. `taken` does not overlap itself. */
function without(range: KeptRange, taken: readonly KeptRange[]): KeptRange[] {
  let left: KeptRange[] = range.from < range.to ? [range] : [];
  for (const { from, to } of taken) {
    left = left.flatMap((part) =>
      [
        { from: part.from, to: Math.min(part.to, from) },
        { from: Math.max(part.from, to), to: part.to },
      ].filter((rest) => rest.from < rest.to),
    );
  }
  return left;
}

function wanted(content: KeptRange, held: number, late: readonly KeptRange[]): KeptRange {
  if (content.to > held) {
    const from = Math.max(content.from, held);
    return { from: late.find((range) => range.to === from)?.from ?? from, to: content.to };
  }
  let longest: KeptRange = { from: content.to, to: content.to };
  for (const range of late) if (range.to - range.from > longest.to - longest.from) longest = range;
  return longest;
}

function moved(move: StreamMove, segment: CheckedSegment, of: { content: KeptRange; kept: KeptRange }): StreamMove {
  const { content, kept } = of;
  const duplicates = move.duplicates + (content.to - content.from) - (kept.to - kept.from);
  if (kept.from >= kept.to) return { ...move, duplicates };
  const { filtered, filteredRecords } = filteredWithin(segment, kept);
  const isNext = kept.to > move.held;
  const filled = { from: kept.from, to: Math.min(kept.to, move.held) };
  return {
    ...move,
    ...(isNext && { held: kept.to, heldMark: kept.to === segment.to ? segment.toMark : '' }),
    duplicates,
    filtered: move.filtered + filtered,
    filteredRecords: move.filteredRecords + filteredRecords,
    late: filled.from < filled.to ? [...move.late, filled] : move.late,
  };
}

/** What was left out of a range. The records of a drop that begins before it were counted when they came first. */
function filteredWithin({ from, drops }: Segment, range: KeptRange): Pick<StreamMove, 'filtered' | 'filteredRecords'> {
  let filtered = 0;
  let filteredRecords = 0;
  let before = 0;
  for (const { offset, span, records } of drops) {
    const begin = from + offset + before;
    before += span;
    filtered += Math.max(0, Math.min(begin + span, range.to) - Math.max(begin, range.from));
    if (begin >= range.from && begin < range.to) filteredRecords += records;
  }
  return { filtered, filteredRecords };
}
