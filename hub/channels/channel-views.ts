/** What is told of channels and their reader groups: for people, programs and the dashboard alike. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { backTopic, frontTopic, type GroupStatus, type QueueStatus } from '../queue/queue.ts';

export interface PlaceView {
  readonly partition: number;
  /** Sequence of the last entry that the group has passed. */
  readonly cursor: number;
  readonly entries: number;
  readonly records: number;
  readonly bytes: number;
  /** RFC 3339: when the oldest entry that it has not passed was received; null when there is none. */
  readonly oldest: string | null;
}

export interface GroupView {
  readonly group: string;
  readonly topic: 'front' | 'back';
  readonly paused: boolean;
  /** What comes passes it by: its output was forgotten, or keeps only so much. */
  readonly expiring: boolean;
  /** Sums over the partitions. */
  readonly entries: number;
  readonly records: number;
  readonly bytes: number;
  readonly oldest: string | null;
  /** Records that were stepped over: by hand, or because they were too old for a group that expires. */
  readonly dropped: number;
  /** Those that have ever held anything. */
  readonly partitions: readonly PlaceView[];
}

export interface ChannelView {
  readonly channel: ChannelName;
  readonly streams: number;
  readonly gaps: number;
  /** In positions. */
  readonly lost: number;
  readonly late: number;
  readonly duplicates: number;
  readonly groups: readonly GroupView[];
}

export function channelViews({ channels, groups }: Pick<QueueStatus, 'channels' | 'groups'>): ChannelView[] {
  const ofTopic = Map.groupBy(groups, ({ topic }) => topic);
  return channels
    .map(({ channel, streams, gaps, lost, late, duplicates }) => {
      const of = (topic: 'front' | 'back'): GroupView[] => {
        const name = topic === 'front' ? frontTopic(channel) : backTopic(channel);
        return groupViews(ofTopic.get(name) ?? []).map(({ group, ...figures }) => ({ group, topic, ...figures }));
      };
      return { channel, streams, gaps, lost, late, duplicates, groups: [...of('front'), ...of('back')] };
    })
    .toSorted((one, other) => (one.channel < other.channel ? -1 : 1));
}

/** Of one topic. */
export function groupViews(ofTopic: readonly GroupStatus[]): Omit<GroupView, 'topic'>[] {
  return [...Map.groupBy(ofTopic, ({ group }) => group)].map(([group, places]) => groupView(group, places));
}

function groupView(group: string, places: readonly GroupStatus[]): Omit<GroupView, 'topic'> {
  const sum = (figure: 'entries' | 'records' | 'bytes' | 'dropped'): number =>
    places.reduce((total, place) => total + place[figure], 0);
  const oldest = places.flatMap(({ oldestMs }) => oldestMs ?? []);
  return {
    group,
    paused: places.some(({ paused }) => paused),
    expiring: places.some(({ policy }) => policy === 'expiring'),
    entries: sum('entries'),
    records: sum('records'),
    bytes: sum('bytes'),
    oldest: oldest.length === 0 ? null : timeOf(Math.min(...oldest)),
    dropped: sum('dropped'),
    partitions: places
      .filter(({ cursor, entries }) => cursor > 0 || entries > 0)
      .map(({ partition, cursor, entries, records, bytes, oldestMs }) => {
        return { partition, cursor, entries, records, bytes, oldest: oldestMs === undefined ? null : timeOf(oldestMs) };
      })
      .toSorted((one, other) => one.partition - other.partition),
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
