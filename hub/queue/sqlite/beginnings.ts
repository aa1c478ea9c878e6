/**
 * What lay before a group when it was made (`Queue.beginningsOf`). Only front topics have it: their streams are what somebody passes on
 * under the same positions.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { frontTopic, type GroupRequest, type TopicName } from '../queue.ts';
import { keptSegments } from './segments.ts';
import type { Store } from './store.ts';
import type { TopicRow } from './tables/topic-table.ts';

/** Undefined of a topic that is not a channel's own. */
export function channelOf(topic: TopicName): ChannelName | undefined {
  const start = frontTopic('');
  return topic.startsWith(start) ? topic.slice(start.length) : undefined;
}

/** In the step that makes the group. */
export function keepBeginnings(store: Store, made: { topic: TopicRow; group: number; from: GroupRequest['from'] }): void {
  const { topic, group, from } = made;
  const channel = channelOf(topic.name);
  if (channel === undefined || (from === 'beginning' && topic.firstSequence === 1)) return;
  store.beginnings.keepHeld(group, channel);
  if (from === 'end') return;
  // What is retained is read, so a stream begins with the first of it. A part that came late stands behind what follows it.
  const first = new Map<number, number>();
  for (const { segments, envelope } of store.entries.placesBetween(topic.id, 0, topic.lastSequence)) {
    for (const kept of keptSegments(segments, envelope)) {
      first.set(kept.stream, Math.min(kept.from, first.get(kept.stream) ?? kept.from));
    }
  }
  for (const [stream, position] of first) store.beginnings.lower(group, stream, position);
}
