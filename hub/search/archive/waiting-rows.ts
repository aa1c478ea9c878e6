/**
 * What came through the pipelines and is in no archive object yet: entries of the back topics behind the last object of each partition. A line is
 * found as soon as its pipeline is done with it.
 *
 * The index is read first, and then the entries behind it. An object that is committed in between is not in that index, and its entries
 * are still here: they stay for the replay window after the archive has passed them. So nothing is missed, and nothing is found twice.
 */
import { storeIdInNames } from '../../outputs/archive/object-name.ts';
import type { QueueEntry } from '../../outputs/archive/search/search-contract.ts';
import type { WaitingRows } from '../../outputs/archive/search/search-run.ts';
import { type ArchiveObject, backTopic, channelOf, type Queue } from '../../queue/queue.ts';
import { waitingBytesMax, waitingEntriesAllMax, waitingEntriesMax } from '../limits.ts';
import { isOfChannel, type Wanted } from '../wanted.ts';

export type WaitingQueue = Pick<Queue, 'storeId' | 'partitions' | 'generationOf' | 'topics' | 'measure' | 'read'>;

export interface Waiting {
  readonly rows: readonly WaitingRows[];
  /** Sentences. */
  readonly problems: readonly string[];
}

type Measured = Awaited<ReturnType<Queue['measure']>>['entries'][number];

export async function waitingRows(queue: WaitingQueue, objects: readonly ArchiveObject[], wanted: Wanted): Promise<Waiting> {
  const archived = lastArchived(queue, objects);
  const start = backTopic('');
  const topics = queue.topics().filter((topic) => topic.startsWith(start) && isOfChannel(wanted, channelOf(topic)));
  const places = topics.flatMap((topic) => Array.from({ length: queue.partitions }, (_, partition) => ({ topic, partition })));
  const problems: string[] = [];
  const found = await Promise.all(
    places.map(async ({ topic, partition }) => {
      const channel = channelOf(topic);
      const afterSequence = archived.get(placeName(channel, partition)) ?? 0;
      const { entries } = await queue.measure({ topic, partition, afterSequence });
      const newest = entries.slice(-waitingEntriesAllMax);
      if (newest.length < entries.length)
        problems.push(
          `${channel}: ${entries.length} batches wait for the archive, and only the newest ${newest.length} of them were searched`,
        );
      // What is received is in the topic later, never before.
      const { sinceMs = -Infinity } = wanted;
      return waitingObject(
        { queue, topic, partition },
        newest.filter(({ receivedMs }) => receivedMs >= sinceMs),
      );
    }),
  );
  return { rows: found.filter((rows) => rows !== undefined), problems };
}

/** Per channel and partition the last entry that an object holds, as this store counts them. */
function lastArchived(queue: WaitingQueue, objects: readonly ArchiveObject[]): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  for (const { channel, partition, last: sequence, name } of objects) {
    const id = storeIdInNames(queue.storeId, queue.generationOf(partition));
    if (!name.slice(name.lastIndexOf('/') + 1).startsWith(`${id}-`)) continue;
    const place = placeName(channel, partition);
    last.set(place, Math.max(last.get(place) ?? 0, sequence));
  }
  return last;
}

function placeName(channel: string, partition: number): string {
  return `${channel}#${partition}`;
}

interface Place {
  readonly queue: WaitingQueue;
  readonly topic: string;
  readonly partition: number;
}

function waitingObject({ queue, topic, partition }: Place, entries: readonly Measured[]): WaitingRows | undefined {
  const first = entries[0];
  const last = entries.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const chunks = inChunks(entries);
  const bytes = entries.reduce((sum, { inflatedBytes }) => sum + inflatedBytes, 0);
  const object: ArchiveObject = {
    name: `${channelOf(topic)}: entries ${first.sequence} to ${last.sequence} of partition ${partition}`,
    channel: channelOf(topic),
    partition,
    first: first.sequence,
    last: last.sequence,
    // How long a batch was on its way through its pipeline is not known.
    receivedMsMin: 0,
    receivedMsMax: last.receivedMs,
    eventMsMin: undefined,
    eventMsMax: undefined,
    records: 0,
    rawBytes: bytes,
    objectBytes: bytes,
    sha256: '',
    hosts: [],
    frames: chunks.map((chunk) => ({ offset: 0, inflatedBytes: 0, records: chunk.length })),
  };
  return {
    object,
    read: async (frame) => {
      const chunk = chunks[frame] ?? [];
      const [from, to] = [chunk[0]?.sequence ?? 1, chunk.at(-1)?.sequence ?? 0];
      return await readEntries(queue, { topic, partition, from, to });
    },
  };
}

function inChunks(entries: readonly Measured[]): readonly Measured[][] {
  const chunks: Measured[][] = [];
  let bytes = Infinity;
  for (const entry of entries) {
    const current = chunks.at(-1);
    if (current === undefined || current.length >= waitingEntriesMax || bytes + entry.inflatedBytes > waitingBytesMax) {
      chunks.push([entry]);
      bytes = entry.inflatedBytes;
    } else {
      current.push(entry);
      bytes += entry.inflatedBytes;
    }
  }
  return chunks;
}

/** Those of the range that are still there. */
async function readEntries(
  queue: WaitingQueue,
  {
    topic,
    partition,
    from,
    to,
  }: { readonly topic: string; readonly partition: number; readonly from: number; readonly to: number },
): Promise<readonly QueueEntry[]> {
  const found: QueueEntry[] = [];
  let afterSequence = from - 1;
  while (afterSequence < to) {
    const limits = { entries: to - afterSequence, bytes: waitingBytesMax };
    const entries = await queue.read({ topic, partition, afterSequence }, limits);
    const last = entries.at(-1);
    if (last === undefined) break;
    for (const { sequence, inflatedBytes, body } of entries)
      if (sequence <= to) found.push({ inflatedBytes, body: new Uint8Array(body) });
    afterSequence = last.sequence;
  }
  return found;
}
