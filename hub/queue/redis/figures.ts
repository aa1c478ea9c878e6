/** The queue's figures, all from sums that are kept where the data is. */
import {
  type ArchivedSums,
  backTopic,
  type ChannelStatus,
  type GroupStatus,
  type QueueStatus,
  type TopicName,
  type TopicStatus,
} from '../queue.ts';
import { patienceMs } from './limits.ts';
import type { QueueContext } from './queue-context.ts';
import { inGroups, listOf, numberOf, rowOf, textOf } from './replies.ts';
import type { Reply } from './masters/masters.ts';

export type StoreFigures = Pick<QueueStatus, 'topics' | 'groups' | 'channels' | 'archived' | 'deadLetters'>;

interface TopicFigures {
  readonly topic: TopicStatus;
  readonly groups: readonly GroupStatus[];
  readonly archived: readonly ArchivedSums[];
}

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
    const names = [...inGroups(listOf(topicRows), 2)].map(([name]) => textOf(name));
    const found = await Promise.all(names.map((name) => this.#readTopic(name, partition)));
    const channels = [...inGroups(listOf(channelRows), 2)].map(([name, row]) => channelSums(textOf(name), row));
    // Of a moment with the topic that the archive reads: work goes on between the calls, and the books are to balance.
    const archived = new Map(archivedOf(listOf(archivedRows)).map((sums) => [sums.channel, sums]));
    for (const { topic, archived: now } of found) {
      for (const sums of now) if (topic.topic === backTopic(sums.channel)) archived.set(sums.channel, sums);
    }
    return {
      topics: found.map(({ topic }) => topic),
      groups: found.flatMap(({ groups }) => groups),
      channels,
      archived: [...archived.values()],
      deadLetters: numberOf(deadLetters),
    };
  }

  async #readTopic(name: TopicName, partition: number): Promise<TopicFigures> {
    const lane = this.#context.partitions.lane(partition);
    const request = { function: 'groupFigures', topics: [name], args: () => [name], patienceMs } as const;
    const { values } = await lane.read(request);
    const [topicRow, archivedRows, ...groupRows] = values;
    const topic = topicOf(name, partition, topicRow);
    const groups = [...inGroups(groupRows, 3)].map(([group, row, oldest]) =>
      groupOf(topic, textOf(group), { row, oldestMs: numberOf(oldest) }),
    );
    return { topic, groups, archived: archivedOf(listOf(archivedRows)) };
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
function channelSums(channel: string, row: Reply | undefined): ChannelStatus {
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
  const channels = new Set([...numbers.keys()].map((name) => name.slice(name.indexOf(' ') + 1)));
  return [...channels].map((channel) => {
    const of = (what: string): number => numbers.get(`${what} ${channel}`) ?? 0;
    return { channel, ...archivedFigures(of) };
  });
}

function archivedFigures(of: (what: keyof Omit<ArchivedSums, 'channel'>) => number): Omit<ArchivedSums, 'channel'> {
  return {
    objects: of('objects'),
    records: of('records'),
    rawBytes: of('rawBytes'),
    objectBytes: of('objectBytes'),
    restored: of('restored'),
    leftOut: of('leftOut'),
    rejected: of('rejected'),
    removed: of('removed'),
  };
}

function archivedTogether(rows: readonly ArchivedSums[]): ArchivedSums[] {
  const channels = new Map<string, ArchivedSums>();
  for (const row of rows) {
    const before = channels.get(row.channel);
    channels.set(row.channel, { channel: row.channel, ...archivedFigures((what) => (before?.[what] ?? 0) + row[what]) });
  }
  return [...channels.values()].toSorted((left, right) => (left.channel < right.channel ? -1 : 1));
}
