/** What came in of each channel, and what became of it: the store's own sums, so that they outlive every hub. */
import { backTopic, frontTopic, type TopicName } from '../../queue/queue.ts';
import type { HubStatus } from '../../status/hub-status.ts';
import { counter, gauge, ofChannel, type OwnedMetric, type OwnedSample } from '../owned.ts';

type Channels = HubStatus['queue']['channels'];

export function channelMetrics({ queue, books }: Pick<HubStatus, 'queue' | 'books'>): OwnedMetric[] {
  const receivedBytes = sumsOf(queue.topics);
  const booked = (valueOf: (book: HubStatus['books'][number]) => number): OwnedSample[] =>
    books.map((book) => ({ ...ofChannel(book.channel), value: valueOf(book) }));
  const counted = (valueOf: (channel: Channels[number]) => number): OwnedSample[] =>
    queue.channels.map((channel) => ({ ...ofChannel(channel.channel), value: valueOf(channel) }));
  return [
    counter(
      'tributary_channel_received_records_total',
      'Records taken in, since the store was made.',
      booked(({ received }) => received),
    ),
    counter(
      'tributary_channel_received_bytes_total',
      'Bytes taken in, as they are stored: compressed.',
      counted(({ channel }) => receivedBytes.get(frontTopic(channel)) ?? 0),
    ),
    counter(
      'tributary_channel_processed_records_total',
      'Records that pipelines passed on to outputs.',
      booked(({ processed }) => processed),
    ),
    counter(
      'tributary_channel_processed_bytes_total',
      'Their bytes, as they are stored: compressed.',
      counted(({ channel }) => receivedBytes.get(backTopic(channel)) ?? 0),
    ),
    counter(
      'tributary_channel_duplicate_positions_total',
      'What arrived although it was there already, in positions of its streams.',
      counted(({ duplicates }) => duplicates),
    ),
    gauge(
      'tributary_channel_lost_positions',
      'What never arrived and never will, in positions of its streams: what comes after all is taken out again.',
      counted(({ lost }) => lost),
    ),
    counter(
      'tributary_channel_late_positions_total',
      'What had been declared lost and came after all.',
      counted(({ late }) => late),
    ),
    counter(
      'tributary_channel_filtered_records_total',
      'Records that agents left out on purpose.',
      counted(({ filteredRecords }) => filteredRecords),
    ),
    counter(
      'tributary_channel_skipped_records_total',
      'Records that an operator had a pipeline or the archive step over.',
      booked(({ dropped }) => dropped),
    ),
    gauge(
      'tributary_channel_streams',
      'Streams that are known: files, connections and the like.',
      counted(({ streams }) => streams),
    ),
    gauge(
      'tributary_unaccounted_records',
      'Records that were processed and of which the books tell nothing more. Anything but 0 is a fault of ours.',
      booked(({ missing }) => missing),
    ),
  ];
}

/** What the index holds, and what went through it. */
export function archiveMetrics({ queue: { archived } }: Pick<HubStatus, 'queue'>): OwnedMetric[] {
  const each = (valueOf: (sums: HubStatus['queue']['archived'][number]) => number): OwnedSample[] =>
    archived.map((sums) => ({ ...ofChannel(sums.channel), value: valueOf(sums) }));
  return [
    gauge(
      'tributary_archive_objects',
      'Objects of the archive.',
      each(({ objects }) => objects),
    ),
    gauge(
      'tributary_archive_bytes',
      'Their bytes, as they are stored.',
      each(({ objectBytes }) => objectBytes),
    ),
    gauge(
      'tributary_archive_raw_bytes',
      'Bytes of the lines in them.',
      each(({ rawBytes }) => rawBytes),
    ),
    gauge(
      'tributary_archive_records',
      'Records in them.',
      each(({ records }) => records),
    ),
    counter(
      'tributary_archive_written_records_total',
      'Records that the archive took, those that are too old by now among them.',
      each(({ records, removed, restored }) => records + removed - restored),
    ),
    counter(
      'tributary_archive_rejected_records_total',
      'Records that the archive could not read and kept as dead letters.',
      each(({ rejected }) => rejected),
    ),
  ];
}

function sumsOf(topics: HubStatus['queue']['topics']): ReadonlyMap<TopicName, number> {
  const sums = new Map<TopicName, number>();
  for (const { topic, receivedBytes } of topics) sums.set(topic, (sums.get(topic) ?? 0) + receivedBytes);
  return sums;
}
