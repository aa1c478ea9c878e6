/**
 * The hub's store: positions are checked and batches appended in one step (invariant 3), and everything becomes durable together
 * at the next commit; only then is anything answered. A crash forgets what was not committed; a backup brings back an older state.
 */
import type { Gap, Id, Mark, OpenStream, Origin, SourceIdentity, StreamAttributes } from '@tributary/protocol/messages.ts';
import type { AppendRequest, AppendResult, StreamKey, StreamPosition } from '@tributary/protocol/session/server-effect.ts';

export interface Piece {
  readonly from: number;
  readonly bytes: Uint8Array;
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
    let offset = 0;
    for (const segment of segments) {
      const { streamId } = segment.key;
      const stream = changed.get(streamId) ?? this.#state.get(streamId);
      const place = { from: segment.from, bytes: batch.body.subarray(offset, offset + segment.bytes) };
      offset += segment.bytes;
      const stored = this.#state.get(streamId);
      if (stream === undefined || stored === undefined) return refused({ held: 0, heldMark: '' }, segment.key);
      if (segment.to <= stream.held) continue;
      if (segment.from > stream.held || differs(segment.from === stream.held, segment.fromMark, stream)) {
        return refused(stored, segment.key);
      }
      const piece = { from: stream.held, bytes: place.bytes.slice(stream.held - segment.from) };
      changed.set(streamId, { ...stream, held: segment.to, heldMark: segment.toMark, pieces: [...stream.pieces, piece] });
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
