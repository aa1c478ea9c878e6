/** Opening and closing streams, and declaring what will never come. */
import { type ChannelName, channelName, type Gap, type Mark } from '@tributary/protocol/messages.ts';
import type { StreamKey, StreamPosition } from '@tributary/protocol/session/server-effect.ts';
import { QueueError } from '../queue-error.ts';
import { frontTopic, type HeldBack, type OpenStreamRequest, type RecordedGap } from '../queue.ts';
import type { Store } from './store.ts';
import type { StreamRow } from './tables/stream-table.ts';

export interface OpenStreamArgument {
  readonly nowMs: number;
  readonly request: OpenStreamRequest;
}

/** Finds a stream or registers it. Its attributes never change; where its source is now may. */
export function openStream(store: Store, { nowMs, request }: OpenStreamArgument): StreamPosition {
  const found = store.streams.find(request.key);
  const channel = channelName(request.attributes);
  if (found === undefined) {
    if (store.noSpace) throw new QueueError('QUEUE_NO_SPACE', 'no room for a new stream: the disk of the hub is full');
    if (heldBack(store, { key: request.key, channel, nowMs }) !== undefined) {
      return { held: request.start, heldMark: '', archived: request.start };
    }
    store.allowances.added(request, nowMs);
    // The channel has its topic from now on: it counts among the types of its tenant.
    store.topics.findOrInsert(frontTopic(channel), 0);
    return positionOf(store.streams.insert(request));
  }
  if (found.channel !== channel) {
    const message = `stream ${request.key.streamId} belongs to ${found.channel} and cannot be opened as ${channel}`;
    throw new QueueError('QUEUE_STREAM_CHANGED', message);
  }
  const identity = JSON.stringify(request.identity);
  if (identity !== found.identity && !store.noSpace) {
    store.streams.identify(found.id, identity);
    store.identitiesChanged = true;
  }
  return positionOf(found);
}

/** Why a stream that is not here yet cannot be opened now. */
export function heldBack(
  { allowances }: Store,
  { key, channel, nowMs }: { readonly key: StreamKey; readonly channel: ChannelName; readonly nowMs: number },
): HeldBack | undefined {
  return allowances.ofTenant(channel, nowMs) ?? allowances.ofAgent(key, nowMs);
}

export interface CloseArgument {
  readonly nowMs: number;
  readonly key: StreamKey;
  readonly position: number;
}

export function closeStream(store: Store, { nowMs, key, position }: CloseArgument): void {
  const found = store.streams.find(key);
  if (found !== undefined) store.streams.close(found.id, position, nowMs);
}

export interface ForgetArgument {
  readonly keys: readonly StreamKey[];
  readonly closedBeforeMs: number;
}

export function forgetStreams(store: Store, { keys, closedBeforeMs }: ForgetArgument): number {
  let forgotten = 0;
  for (const key of keys) {
    const found = store.streams.find(key);
    if (found !== undefined && store.streams.forget(found.id, closedBeforeMs)) forgotten += 1;
  }
  // A row may be another stream's from now on.
  if (forgotten > 0) store.identitiesChanged = true;
  return forgotten;
}

export interface GapArgument {
  readonly nowMs: number;
  readonly key: StreamKey;
  readonly gap: { readonly from: number; readonly to: number; readonly toMark: Mark; readonly cause: Gap['cause'] };
}

/** Only what lies behind `held` is lost: a range that was partly held is recorded from there. */
export function recordGap(store: Store, { nowMs, key, gap }: GapArgument): RecordedGap {
  const found = store.streams.find(key);
  if (found === undefined) throw new QueueError('QUEUE_UNKNOWN', `stream ${key.streamId} was not opened`);
  if (gap.from > found.held || gap.to <= found.held) return { ...positionOf(found), recorded: 0 };
  store.gaps.insert(found.id, { from: found.held, to: gap.to }, gap.cause, nowMs);
  store.streams.hold(found.id, gap.to, gap.toMark);
  // What never comes is never archived: the archive's position steps over it once it stands there.
  const archived = store.gaps.behind(found.id, found.archived);
  if (archived > found.archived) store.streams.archive(found.id, archived);
  return { held: gap.to, heldMark: gap.toMark, archived, recorded: gap.to - found.held };
}

function positionOf(row: StreamRow): StreamPosition {
  return { held: row.held, heldMark: row.heldMark, archived: row.archived };
}
