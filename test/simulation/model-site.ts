/**
 * The hub's store: positions are checked and batches appended in one step (invariant 3), what was declared lost and comes late fills its gap, and everything becomes durable together
 * at the next commit; only then is anything answered. A crash forgets what was not committed; a backup brings back an older state.
 */
import type {
  Gap,
  Id,
  Mark,
  OpenStream,
  Origin,
  Segment,
  SourceIdentity,
  StreamAttributes,
} from '@tributary/protocol/messages.ts';
import type { AppendRequest, AppendResult, StreamKey, StreamPosition } from '@tributary/protocol/session/server-effect.ts';
import { assert } from '@tributary/shared/assert.ts';
import { bodyHeadBytes } from './model-outbox.ts';

/** Bytes as they came, or positions that the edge left out. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array | undefined;
  /** It was declared lost before it came. */
  readonly late: boolean;
}

export interface SiteStream {
  readonly streamId: Id;
  readonly origin: Origin;
  readonly identity: SourceIdentity;
  readonly attributes: StreamAttributes;
  readonly start: number;
  readonly held: number;
  readonly heldMark: Mark;
  readonly pieces: readonly Piece[];
  readonly gaps: readonly Pick<Gap, 'from' | 'to' | 'cause'>[];
  readonly closedAt: number | undefined;
}

export type SiteState = Map<Id, SiteStream>;

export class ModelSite {
  /** The greatest position of each stream that was ever durable here, whatever was lost since. */
  readonly everHeld = new Map<Id, number>();
  #durable: SiteState = new Map();
  #state: SiteState = new Map();

  get streams(): ReadonlyMap<Id, SiteStream> {
    return this.#durable;
  }

  commit(): void {
    this.#durable = new Map(this.#state);
    for (const { streamId, held } of this.#durable.values()) {
      this.everHeld.set(streamId, Math.max(held, this.everHeld.get(streamId) ?? 0));
    }
  }

  crash(): void {
    this.#state = new Map(this.#durable);
  }

  backup(): SiteState {
    return new Map(this.#durable);
  }

  restore(state: SiteState): void {
    this.#durable = new Map(state);
    this.#state = new Map(state);
  }

  open(key: StreamKey, message: OpenStream): StreamPosition {
    const { origin, identity, attributes, start } = message;
    const found = this.#state.get(key.streamId) ?? {
      streamId: key.streamId,
      origin,
      identity,
      attributes,
      start,
      held: start,
      heldMark: '',
      pieces: [],
      gaps: [],
      closedAt: undefined,
    };
    this.#state.set(key.streamId, found);
    return positionOf(found);
  }

  append({ segments, batch }: AppendRequest): AppendResult {
    const changed = new Map<Id, SiteStream>();
    let offset = bodyHeadBytes;
    for (const segment of segments) {
      const { streamId } = segment.key;
      const stream = changed.get(streamId) ?? this.#state.get(streamId);
      const arrived = piecesOf(segment, batch.body.subarray(offset, offset + segment.bytes));
      offset += segment.bytes;
      const stored = this.#state.get(streamId);
      if (stream === undefined || stored === undefined) return refused({ held: 0, heldMark: '' }, segment.key);
      const isNew = segment.to > stream.held;
      if (isNew && (segment.from > stream.held || differs(segment, stream))) return refused(stored, segment.key);
      const kept = wanted(segment, stream);
      if (kept.from === kept.to) continue;
      const pieces = [...stream.pieces, ...arrived.flatMap((piece) => within(piece, kept, stream.held))];
      const gaps = stream.gaps.flatMap((gap) => without(gap, kept));
      const at = isNew ? { held: segment.to, heldMark: segment.toMark } : {};
      changed.set(streamId, { ...stream, ...at, pieces, gaps });
    }
    if (changed.size === 0) return { kind: 'duplicate' };
    for (const [streamId, stream] of changed) this.#state.set(streamId, stream);
    return { kind: 'stored' };
  }

  gap({ streamId }: StreamKey, { from, to, toMark, cause }: Gap): StreamPosition {
    const stream = this.#state.get(streamId);
    if (stream === undefined) return { held: 0, heldMark: '', archived: 0 };
    if (from > stream.held || to <= stream.held) return positionOf(stream);
    const gaps = [...stream.gaps, { from: stream.held, to, cause }];
    const after = { ...stream, held: to, heldMark: toMark, gaps };
    this.#state.set(streamId, after);
    return positionOf(after);
  }

  close({ streamId }: StreamKey, position: number): void {
    const stream = this.#state.get(streamId);
    if (stream !== undefined) this.#state.set(streamId, { ...stream, closedAt: position });
  }
}

function positionOf({ held, heldMark, start }: SiteStream): StreamPosition {
  return { held, heldMark, archived: start };
}

function differs({ from, fromMark }: Segment, { held, heldMark }: SiteStream): boolean {
  return from === held && heldMark !== '' && fromMark !== heldMark;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** The one part of a segment that is kept: what is new and what is lost right before it, or the longest part that is lost. */
function wanted({ from, to }: Range, { held, gaps }: SiteStream): Range {
  const isLost = (position: number): boolean => gaps.some((gap) => gap.from <= position && position < gap.to);
  if (to > held) {
    let begin = held;
    while (begin > from && isLost(begin - 1)) begin -= 1;
    return { from: begin, to };
  }
  let longest: Range = { from: to, to };
  for (let begin = from; begin < to; begin += 1) {
    let end = begin;
    while (end < to && isLost(end)) end += 1;
    if (end - begin > longest.to - longest.from) longest = { from: begin, to: end };
    begin = Math.max(begin, end - 1);
  }
  return longest;
}

function without<Part extends Range>(part: Part, taken: Range): Part[] {
  const before = { ...part, to: Math.min(part.to, taken.from) };
  const after = { ...part, from: Math.max(part.from, taken.to) };
  if (taken.to <= part.from || taken.from >= part.to) return [part];
  return [before, after].filter(({ from, to }) => from < to);
}

function refused(at: { held: number; heldMark: Mark }, key: StreamKey): AppendResult {
  return { kind: 'refused', reason: 'position', key, held: at.held, heldMark: at.heldMark, hint: 'position' };
}

/** A segment's bytes and what was left out between them, in the order of their positions. */
function piecesOf(segment: Segment, bytes: Uint8Array): Piece[] {
  const pieces: Piece[] = [];
  let from = segment.from;
  let offset = 0;
  for (const drop of [...segment.drops, { offset: segment.bytes, span: 0 }]) {
    const kept = bytes.slice(offset, drop.offset);
    if (kept.length > 0) pieces.push({ from, to: from + kept.length, bytes: kept, late: false });
    from += kept.length;
    offset = drop.offset;
    if (drop.span > 0) pieces.push({ from, to: from + drop.span, bytes: undefined, late: false });
    from += drop.span;
  }
  assert(from === segment.to && offset === bytes.length, 'a segment is its bytes and its drops');
  return pieces;
}

/** What of a piece lies in a range, cut at `held`: what lies before that is late. */
function within(piece: Piece, range: Range, held: number): Piece[] {
  return [
    { from: range.from, to: Math.min(range.to, held), late: true },
    { from: Math.max(range.from, held), to: range.to, late: false },
  ].flatMap(({ from, to, late }) => {
    const begin = Math.max(piece.from, from);
    const end = Math.min(piece.to, to);
    if (begin >= end) return [];
    return [{ from: begin, to: end, bytes: piece.bytes?.subarray(begin - piece.from, end - piece.from), late }];
  });
}
