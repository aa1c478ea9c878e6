/** The store, and what waits in it for each reader. */
import { backTopic, channelOf, frontTopic, type GroupStatus, type QueueStatus, type TopicName } from '../../queue/queue.ts';
import type { HubStatus } from '../../status/hub-status.ts';
import { counter, gauge, ofChannel, type OwnedMetric, type OwnedSample, stateSamples } from '../owned.ts';

const states: readonly QueueStatus['state'][] = ['open', 'full', 'no-space', 'away'];

export function storeMetrics({ queue }: Pick<HubStatus, 'queue'>): OwnedMetric[] {
  return [
    gauge('tributary_queue_state', '1 for the state that the store is in.', stateSamples({}, states, queue.state)),
    gauge('tributary_queue_bytes', 'Bytes of all that is in the store.', queue.bytes),
    gauge('tributary_queue_max_bytes', 'Bytes that it may hold.', queue.maxBytes),
    gauge('tributary_dead_entries', 'Entries that a reader could not process, or that somebody skipped.', queue.deadLetters),
  ];
}

interface Waiting {
  readonly topic: TopicName;
  readonly group: string;
  entries: number;
  records: number;
  bytes: number;
  dropped: number;
  isPaused: boolean;
  oldestMs: number | undefined;
}

/** Readers of records as they came (`front`) and of documents (`back`), over all partitions. */
export function groupMetrics({ groups }: Pick<QueueStatus, 'groups'>, nowMs: number): OwnedMetric[] {
  const waiting = [...waitingOf(groups)];
  const each = (valueOf: (one: Waiting) => number): OwnedSample[] =>
    waiting.map((one) => {
      const { tenant, labels } = ofChannel(channelOf(one.topic));
      const topic = one.topic.slice(0, one.topic.indexOf('/'));
      return { tenant, labels: { ...labels, topic, group: one.group }, value: valueOf(one) };
    });
  return [
    gauge(
      'tributary_group_waiting_entries',
      'Batches and blocks that wait for a reader.',
      each(({ entries }) => entries),
    ),
    gauge(
      'tributary_group_waiting_records',
      'Records that wait for a reader.',
      each(({ records }) => records),
    ),
    gauge(
      'tributary_group_waiting_bytes',
      'Bytes that wait for a reader, compressed.',
      each(({ bytes }) => bytes),
    ),
    gauge(
      'tributary_group_oldest_age_seconds',
      'How long the oldest of it has waited; 0: nothing waits.',
      each(({ oldestMs }) => (oldestMs === undefined ? 0 : Math.max(0, nowMs - oldestMs) / 1000)),
    ),
    gauge(
      'tributary_group_paused',
      '1 while an operator paused the reader.',
      each(({ isPaused }) => (isPaused ? 1 : 0)),
    ),
    counter(
      'tributary_group_skipped_records_total',
      'Records that the reader did not get: an operator skipped them, or they were too old or too many for one that expires.',
      each(({ dropped }) => dropped),
    ),
  ];
}

function waitingOf(groups: readonly GroupStatus[]): Iterable<Waiting> {
  const sums = new Map<string, Waiting>();
  for (const { topic, group, entries, records, bytes, dropped, paused, oldestMs } of groups) {
    if (!topic.startsWith(frontTopic('')) && !topic.startsWith(backTopic(''))) continue;
    const sum = sums.getOrInsertComputed(`${topic} ${group}`, () => {
      return { topic, group, entries: 0, records: 0, bytes: 0, dropped: 0, isPaused: false, oldestMs: undefined };
    });
    sum.entries += entries;
    sum.records += records;
    sum.bytes += bytes;
    sum.dropped += dropped;
    sum.isPaused ||= paused;
    if (oldestMs !== undefined) sum.oldestMs = Math.min(sum.oldestMs ?? oldestMs, oldestMs);
  }
  return sums.values();
}
