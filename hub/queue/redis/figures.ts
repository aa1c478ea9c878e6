/** The queue's figures, all from sums that are kept where the data is. */
import type { ArchivedSums, ChannelStatus, GroupStatus, QueueStatus, TopicName, TopicStatus } from '../queue.ts';
import { patienceMs } from './limits.ts';
import type { QueueContext } from './queue-context.ts';
import { inGroups, listOf, numberOf, rowOf, textOf } from './replies.ts';
import type { Reply } from './masters/masters.ts';

export type StoreFigures = Pick<QueueStatus, 'topics' | 'groups' | 'channels' | 'archived' | 'deadLetters'>;

export class Figures {
  readonly #context: QueueContext;

  constructor(context: QueueContext) {
    this.#context = context;
  }

  async read(): Promise<StoreFigures> {
    const found = await Promise.all(
      Array.from({ length: this.#context.partitions.count }, (_, partition) => this.#readPartition(partition)),
    );
    return {
      topics: found.flatMap(({ topics }) => topics).toSorted(byTopic),
      groups: found
        .flatMap(({ groups }) => groups)
        .toSorted((left, right) => byTopic(left, right) || (left.group < right.group ? -1 : 1)),
      channels: summed(found.flatMap(({ channels }) => channels)),
      archived: archivedTogether(found.flatMap(({ archived }) => archived)),
      deadLetters: found.reduce((sum, { deadLetters }) => sum + deadLetters, 0),
    };
  }

  async #readPartition(partition: number): Promise<StoreFigures> {
    const lane = this.#context.partitions.lane(partition);
    const { values } = await lane.read({ function: 'figures', args: () => [], patienceMs });
    const [deadLetters, topicRows, channelRows, archivedRows] = values;
    const topics = [...inGroups(listOf(topicRows), 2)].map(([name, row]) => topicOf(textOf(name), partition, row));
    const groups = await Promise.all(topics.map((topic) => this.#groupsOf(topic)));
    const channels = [...inGroups(listOf(channelRows), 2)].map(([name, row]) => channelOf(textOf(name), row));
    const archived = archivedOf(listOf(archivedRows));
    return { topics, groups: groups.flat(), channels, archived, deadLetters: numberOf(deadLetters) };
  }

  async #groupsOf(topic: TopicStatus): Promise<GroupStatus[]> {
    const lane = this.#context.partitions.lane(topic.partition);
    const request = { function: 'groupFigures', topics: [topic.topic], args: () => [topic.topic], patienceMs } as const;
    const { values } = await lane.read(request);
    const [topicRow, ...groups] = values;
    const now = topicOf(topic.topic, topic.partition, topicRow);
    return [...inGroups(groups, 3)].map(([name, row, oldest]) => groupOf(now, textOf(name), { row, oldestMs: numberOf(oldest) }));
  }
}

/** first last records bytes trimmed */
function topicOf(topic: TopicName, partition: number, row: Reply | undefined): TopicStatus {
  const [first = 1, last = 0, records = 0, bytes = 0, trimmed = 0] = rowOf(row).map(Number);
  return {
    topic,
    partition,
    firstSequence: first,
    lastSequence: last,
    entries: last - first + 1,
    bytes: bytes - trimmed,
    receivedRecords: records,
    receivedBytes: bytes,
  };
}

/** policy age bytes cursor records bytes dropped epoch expires paused … */
function groupOf(
  { topic, partition, lastSequence, receivedRecords, receivedBytes }: TopicStatus,
  group: string,
  { row, oldestMs }: { readonly row: Reply | undefined; readonly oldestMs: number },
): GroupStatus {
  const [policy, , , cursor, records, bytes, dropped, , , paused] = rowOf(row);
  return {
    topic,
    group,
    partition,
    policy: policy === 'x' ? 'expiring' : 'blocking',
    cursor: Number(cursor),
    entries: lastSequence - Number(cursor),
    records: receivedRecords - Number(records),
    bytes: receivedBytes - Number(bytes),
    oldestMs: oldestMs < 0 ? undefined : oldestMs,
    dropped: Number(dropped),
    paused: paused === '1',
  };
}

/** streams gaps lost duplicates positions late filtered filteredRecords */
function channelOf(channel: string, row: Reply | undefined): ChannelStatus {
  const [streams = 0, gaps = 0, lost = 0, duplicates = 0, positions = 0, late = 0, filtered = 0, filteredRecords = 0] =
    rowOf(row).map(Number);
  return { channel, streams, gaps, lost, duplicates, positions, late, filtered, filteredRecords };
}

function summed(rows: readonly ChannelStatus[]): ChannelStatus[] {
  const channels = new Map<string, ChannelStatus>();
  for (const row of rows) {
    const before = channels.get(row.channel);
    channels.set(row.channel, before === undefined ? row : sumOf(before, row));
  }
  return [...channels.values()].toSorted((left, right) => (left.channel < right.channel ? -1 : 1));
}

/** What peers lie about may be more than a number can say. */
function add(left: number, right: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, left + right);
}

function sumOf(one: ChannelStatus, other: ChannelStatus): ChannelStatus {
  return {
    channel: one.channel,
    streams: add(one.streams, other.streams),
    gaps: add(one.gaps, other.gaps),
    lost: add(one.lost, other.lost),
    duplicates: add(one.duplicates, other.duplicates),
    positions: add(one.positions, other.positions),
    late: add(one.late, other.late),
    filtered: add(one.filtered, other.filtered),
    filteredRecords: add(one.filteredRecords, other.filteredRecords),
  };
}

function byTopic(
  left: { readonly topic: string; readonly partition: number },
  right: { readonly topic: string; readonly partition: number },
): number {
  if (left.topic !== right.topic) return left.topic < right.topic ? -1 : 1;
  return left.partition - right.partition;
}

/** `objects acme/app` and its number, and so on. */
function archivedOf(fields: readonly Reply[]): ArchivedSums[] {
  const numbers = new Map([...inGroups(fields, 2)].map(([name, value]) => [textOf(name), Number(textOf(value))]));
  const channels = [...numbers.keys()].flatMap((name) => (name.startsWith('objects ') ? [name.slice('objects '.length)] : []));
  return channels.map((channel) => {
    const of = (what: string): number => numbers.get(`${what} ${channel}`) ?? 0;
    return { channel, objects: of('objects'), records: of('records'), rawBytes: of('rawBytes'), objectBytes: of('objectBytes') };
  });
}

function archivedTogether(rows: readonly ArchivedSums[]): ArchivedSums[] {
  const channels = new Map<string, ArchivedSums>();
  for (const row of rows) {
    const before = channels.get(row.channel) ?? { channel: row.channel, objects: 0, records: 0, rawBytes: 0, objectBytes: 0 };
    channels.set(row.channel, {
      channel: row.channel,
      objects: before.objects + row.objects,
      records: before.records + row.records,
      rawBytes: before.rawBytes + row.rawBytes,
      objectBytes: before.objectBytes + row.objectBytes,
    });
  }
  return [...channels.values()].toSorted((left, right) => (left.channel < right.channel ? -1 : 1));
}
