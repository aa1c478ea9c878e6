/** Finding a group, and the places of its topic that a cursor may stand at. */
import { QueueError } from '../queue-error.ts';
import type { GroupPlace } from '../queue.ts';
import type { Store } from './store.ts';
import type { Cursor, GroupRow } from './tables/group-table.ts';
import type { TopicRow } from './tables/topic-table.ts';

export function groupOf(store: Store, named: GroupPlace): { topic: TopicRow; group: GroupRow } {
  const topic = store.topics.find(named.topic, named.partition);
  const group = topic === undefined ? undefined : store.groups.find(topic.id, named.group);
  if (topic === undefined || group === undefined) {
    throw new QueueError(
      'QUEUE_UNKNOWN',
      `group ${named.group} of ${named.topic} partition ${named.partition} was never registered`,
    );
  }
  return { topic, group };
}

/** Behind all there is. */
export function endOf(topic: TopicRow): Cursor {
  return { sequence: topic.lastSequence, records: topic.receivedRecords, bytes: topic.receivedBytes };
}

/** Before what is retained. */
export function beginningOf(store: Store, topic: TopicRow): Cursor {
  return cursorBefore(store, topic, topic.firstSequence) ?? endOf(topic);
}

/** Undefined where that entry is not retained. */
export function cursorBefore(store: Store, topic: TopicRow, sequence: number): Cursor | undefined {
  const entry = store.entries.sumsAt(topic.id, sequence);
  if (entry === undefined) return undefined;
  const { recordsThrough, records, bytesThrough, bodyBytes } = entry;
  return { sequence: sequence - 1, records: recordsThrough - records, bytes: bytesThrough - bodyBytes };
}

/** Undefined where that entry is not retained. */
export function cursorBehind(store: Store, topic: TopicRow, sequence: number): Cursor | undefined {
  const entry = store.entries.sumsAt(topic.id, sequence);
  return entry === undefined ? undefined : { sequence, records: entry.recordsThrough, bytes: entry.bytesThrough };
}
