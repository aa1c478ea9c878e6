/**
 * The hub's store: positions are checked and batches appended in one step (invariant 3), and everything becomes durable together
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
      if (segment.to <= stream.held) continue;
      if (segment.from > stream.held || differs(segment.from === stream.held, segment.fromMark, stream)) {
        return refused(stored, segment.key);
      }
      const pieces = [...stream.pieces, ...arrived.flatMap((piece) => behind(piece, stream.held))];
      changed.set(streamId, { ...stream, held: segment.to, heldMark: segment.toMark, pieces });
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

function differs(isNext: boolean, fromMark: Mark, { held, start, heldMark }: SiteStream): boolean {
  if (!isNext || fromMark === heldMark) return false;
  return !((fromMark === '' || heldMark === '') && held === start);
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
    if (kept.length > 0) pieces.push({ from, to: from + kept.length, bytes: kept });
    from += kept.length;
    offset = drop.offset;
    if (drop.span > 0) pieces.push({ from, to: from + drop.span, bytes: undefined });
    from += drop.span;
  }
  assert(from === segment.to && offset === bytes.length, 'a segment is its bytes and its drops');
  return pieces;
}

/** What of a piece lies behind a position. */
function behind({ from, to, bytes }: Piece, position: number): Piece[] {
  if (to <= position) return [];
  const begin = Math.max(from, position);
  return [{ from: begin, to, bytes: bytes?.subarray(begin - from) }];
}
