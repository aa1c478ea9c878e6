import { isDamaged } from '@tributary/shared/sqlite/open-database.ts';
import type { Id, Mark } from '@tributary/protocol/messages.ts';
import type { Outbox, OutboxStream } from '@tributary/protocol/session/outbox.ts';
import { BufferDamagedError } from './damage.ts';
import type { FreshBodies } from './fresh-bodies.ts';
import type { LossBook } from './loss-book.ts';
import type { RetainedIndex } from './retained-index.ts';
import type { Room } from './room.ts';
import type { SourceMark } from './source-mark.ts';
import type { BodyReader } from './sql/batch-rows.ts';
import type { StreamTable } from './stream-table.ts';

export interface OutboxParts {
  readonly index: RetainedIndex;
  readonly streams: StreamTable;
  readonly bodies: BodyReader;
  readonly fresh: FreshBodies;
  readonly losses: LossBook;
  readonly room: Room;
  readonly sourceMark: SourceMark;
  readonly onDamaged: (error: BufferDamagedError) => void;
}

const ownOrigin = { siteId: '', agentId: '' };

/** The buffer's index in memory, as a session sends from it. */
export function outboxView(parts: OutboxParts): Outbox {
  const { index, streams, losses, room } = parts;
  return {
    channels: () => index.channels(),
    next: (channel, afterId) => index.next(channel, afterId),
    firstUnacked: (channel) => index.firstUnacked(channel),
    firstAfter: (streamId, position) => index.firstAfter(streamId, position),
    body: (batchId) => readBody(parts, batchId),
    stream: (streamId) => outboxStream(streams, streamId),
    retainedStreams: () => new Set([...index.streams(), ...losses.undeclared()].filter((id) => !streams.isReplaced(id))),
    // While more is dropped, every piece would be a Gap of its own.
    undeclared: () => (room.isFull || !room.hasSpace ? [] : losses.undeclared()),
    declaring: (streamId, from, to) => losses.declaring(streamId, from, to),
    markAt: (streamId, position) => markAt(parts, streamId, position),
  };
}

function outboxStream(streams: StreamTable, streamId: Id): OutboxStream | undefined {
  const stream = streams.get(streamId);
  if (stream === undefined) return undefined;
  const { identity, attributes, start, position, mark } = stream;
  const replaced = streams.isReplaced(streamId);
  return { streamId, origin: ownOrigin, identity, attributes, start, end: position, endMark: mark, replaced };
}

function markAt({ index, streams, sourceMark }: OutboxParts, streamId: Id, position: number): Mark | undefined {
  const stream = streams.get(streamId);
  if (stream === undefined) return undefined;
  if (position === stream.position && stream.mark !== '') return stream.mark;
  const known = index.markAt(streamId, position);
  if (known !== undefined || stream.attributes.counted) return known;
  return sourceMark(stream.identity, position);
}

/** Throws a BufferDamagedError rather than let the session declare lost what the source may still have. */
function readBody({ index, bodies, fresh, onDamaged }: OutboxParts, batchId: number): Uint8Array | undefined {
  const batch = index.get(batchId);
  if (batch === undefined) return undefined;
  index.sent(batchId);
  const kept = fresh.take(batchId);
  if (kept !== undefined) return kept;
  let cause: unknown;
  try {
    const body = bodies.read(batch);
    if (body !== undefined) return body;
  } catch (error) {
    if (!isDamaged(error)) throw error;
    cause = error;
  }
  const damaged = new BufferDamagedError(`the body of batch ${batchId} does not fit its checksum`, { cause });
  onDamaged(damaged);
  throw damaged;
}
