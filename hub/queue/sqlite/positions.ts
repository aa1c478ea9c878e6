/**
 * Invariant 3, the part without a database: which of a batch's segments are new, decided for all of it or nothing.
 *
 * A segment's content begins where its trim says, when an earlier hop trimmed it. Against what is held of its stream it is
 * behind (skipped), overlapping (trimmed) or next; one that begins after `held` refuses the whole batch, and so does one that
 * begins at `held` on other bytes. A mark that is unknown on either side is believed only where the stream starts, because
 * there nothing stands before it.
 */
import type { Mark, Segment, Trim } from '@tributary/protocol/messages.ts';

export interface HeldStream {
  readonly id: number;
  readonly start: number;
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
}

export type PositionCheck =
  | { readonly kind: 'new'; readonly moves: readonly StreamMove[]; readonly trims: readonly Trim[] }
  | { readonly kind: 'duplicate'; readonly moves: readonly StreamMove[] }
  | { readonly kind: 'refused'; readonly stream: HeldStream; readonly reason: 'ahead' | 'mark' };

/** Streams of several segments are taken in the order of the segments. Streams are equal when their ids are. */
export function checkPositions(segments: readonly CheckedSegment[], trims: readonly Trim[]): PositionCheck {
  const trimmed = new Map(trims.map((trim) => [trim.segment, trim.from]));
  const moves = new Map<number, StreamMove>();
  const merged: Trim[] = [];
  let isNew = false;
  for (const [index, segment] of segments.entries()) {
    const move = moves.get(segment.stream.id) ?? { ...segment.stream, stream: segment.stream, ...nothing };
    const from = Math.max(segment.from, trimmed.get(index) ?? segment.from);
    const reason = refusal(segment, from, move);
    // The stream as the store has it: what earlier segments of this batch moved is not kept.
    if (reason !== undefined) return { kind: 'refused', stream: segment.stream, reason };
    const begins = Math.min(Math.max(from, move.held), segment.to);
    if (begins > segment.from) merged.push({ segment: index, from: begins });
    moves.set(segment.stream.id, moved(segment, from, move));
    isNew ||= segment.to > begins;
  }
  if (!isNew) return { kind: 'duplicate', moves: [...moves.values()] };
  return { kind: 'new', moves: [...moves.values()], trims: merged };
}

const nothing = { duplicates: 0, filtered: 0, filteredRecords: 0 };

function refusal(segment: CheckedSegment, from: number, move: StreamMove): 'ahead' | 'mark' | undefined {
  if (segment.to <= move.held) return undefined;
  if (from > move.held) return 'ahead';
  const isNext = segment.from === move.held;
  if (!isNext || segment.fromMark === move.heldMark) return undefined;
  const unknown = segment.fromMark === '' || move.heldMark === '';
  return unknown && move.held === move.stream.start ? undefined : 'mark';
}

function moved(segment: CheckedSegment, from: number, move: StreamMove): StreamMove {
  const again = Math.max(0, Math.min(move.held, segment.to) - from);
  const duplicates = move.duplicates + again;
  if (segment.to <= move.held) return { ...move, duplicates };
  const { filtered, filteredRecords } = filteredBehind(segment, Math.max(from, move.held));
  return {
    ...move,
    held: segment.to,
    heldMark: segment.toMark,
    duplicates,
    filtered: move.filtered + filtered,
    filteredRecords: move.filteredRecords + filteredRecords,
  };
}

/** What was left out behind a position. The records of a drop that begins before it were counted when they came first. */
function filteredBehind({ from, drops }: Segment, position: number): Pick<StreamMove, 'filtered' | 'filteredRecords'> {
  let filtered = 0;
  let filteredRecords = 0;
  let before = 0;
  for (const { offset, span, records } of drops) {
    const begin = from + offset + before;
    before += span;
    if (begin + span <= position) continue;
    filtered += begin + span - Math.max(begin, position);
    if (begin >= position) filteredRecords += records;
  }
  return { filtered, filteredRecords };
}
