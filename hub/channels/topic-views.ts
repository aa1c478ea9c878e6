/** What is told of the topics of channels: what lies in them, and how far each of their readers is. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { channelOf, platformTopic, type QueueStatus, type TopicName } from '../queue/queue.ts';
import { type GroupView, groupViews } from './channel-views.ts';

export interface TopicView {
  /** `front/…` before the pipeline, `back/…` after it, `dead/…` what destinations refused. */
  readonly topic: TopicName;
  readonly channel: ChannelName;
  /** What lies in it, also what all have read and is kept for a replay. */
  readonly entries: number;
  readonly bytes: number;
  /** Sums since the store was made. */
  readonly receivedRecords: number;
  readonly receivedBytes: number;
  readonly partitions: number;
  readonly groups: readonly Omit<GroupView, 'topic'>[];
}

export function topicViews({ topics, groups }: Pick<QueueStatus, 'topics' | 'groups'>): TopicView[] {
  const readers = Map.groupBy(groups, ({ topic }) => topic);
  const places = Map.groupBy(
    topics.filter(({ topic }) => topic !== platformTopic),
    ({ topic }) => topic,
  );
  return [...places].map(([topic, of]) => {
    const sum = (figure: 'entries' | 'bytes' | 'receivedRecords' | 'receivedBytes'): number =>
      of.reduce((total, place) => total + place[figure], 0);
    return {
      topic,
      channel: channelOf(topic),
      entries: sum('entries'),
      bytes: sum('bytes'),
      receivedRecords: sum('receivedRecords'),
      receivedBytes: sum('receivedBytes'),
      partitions: of.length,
      groups: groupViews(readers.get(topic) ?? []),
    };
  });
}
