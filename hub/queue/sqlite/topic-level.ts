/**
 * How full a topic is. What counts is what blocking groups have left to read; entries that all have passed stay only as long as
 * nobody needs their room. A topic that nobody reads yet is kept whole: its reader may register a moment later.
 */
import { isKeptUnread, type TopicName } from '../queue.ts';
import type { Store } from './store.ts';
import type { GroupRow } from './tables/group-table.ts';
import type { TopicRow } from './tables/topic-table.ts';

export interface TopicLevel {
  readonly topic: TopicName;
  readonly partition: number;
  readonly lastSequence: number;
  /** What counts against the topic's limit. */
  readonly pendingBytes: number;
}

export function topicLevel(store: Store, topic: TopicRow): TopicLevel {
  const { name, partition, lastSequence } = topic;
  return { topic: name, partition, lastSequence, pendingBytes: pendingBytes(topic, store.groups.ofTopic(topic.id)) };
}

/**
 * Platform events that no one registered for may go by their window; lines and what destinations refused may not. Nothing is made for a
 * back topic before it has a reader: one without any had one, and is not read again.
 */
export function pendingBytes(topic: TopicRow, groups: readonly GroupRow[]): number {
  if (groups.length === 0) return isKeptUnread(topic.name) ? topic.receivedBytes - topic.trimmedBytes : 0;
  const blocking = groups.filter((group) => group.policy.kind === 'blocking').map((group) => group.passedBytes);
  return blocking.length === 0 ? 0 : topic.receivedBytes - Math.min(...blocking);
}

/** Sequence and bytes up to which every group has passed; undefined when nothing may go. */
export function passedThrough(topic: TopicRow, groups: readonly GroupRow[]): { sequence: number; bytes: number } | undefined {
  if (groups.length === 0) {
    return isKeptUnread(topic.name) ? undefined : { sequence: topic.lastSequence, bytes: topic.receivedBytes };
  }
  return {
    sequence: Math.min(...groups.map((group) => group.cursor)),
    bytes: Math.min(...groups.map((group) => group.passedBytes)),
  };
}
