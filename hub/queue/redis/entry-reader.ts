/** What is asked of a partition without changing it: entries, what describes their streams, gaps, and the archive's index. */
import { type GapCause, gapCauses } from '@tributary/protocol/messages.ts';
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';
import { QueueError } from '../queue-error.ts';
import { type ArchiveObject, type Entry, type GapRecord, type Queue, type StreamInfo, streamName } from '../queue.ts';
import { partsOfSpilled } from './bodies.ts';
import { partsOf, rowsIn, streamOfText, sumsOfText, type Sums } from './entry-text.ts';
import { measuredMax, patienceMs, rowsMax, streamsRememberedMax } from './limits.ts';
import { asQueueErrors, partitionOf, type QueueContext } from './queue-context.ts';
import { bytesOf, inGroups, numberOf, textOf } from './replies.ts';

interface FoundEntry {
  readonly sequence: number;
  readonly sums: Sums;
  readonly details: string;
  readonly body: Buffer;
}

interface FetchedBody {
  readonly body: Buffer;
  /** Of what was spilled. */
  readonly rest: string | undefined;
}

const noBody = new Uint8Array(0);

export class EntryReader {
  readonly #context: QueueContext;
  /** Per partition: streams by row. */
  readonly #remembered = new Map<number, Map<string, StreamInfo>>();
  #rememberedCount = 0;

  constructor(context: QueueContext) {
    this.#context = context;
  }

  async read(from: Parameters<Queue['read']>[0], limits: Parameters<Queue['read']>[1]): Promise<readonly Entry[]> {
    const { topic, partition, afterSequence } = from;
    const { entries, bytes, bodies = true } = limits;
    const lane = this.#context.partitions.lane(partition);
    const args = [topic, afterSequence, Math.max(1, entries), bytes, bodies ? 1 : 0];
    const { values } = await asQueueErrors(lane.read({ function: 'read', topics: [topic], args: () => args, patienceMs }));
    const found = [...inGroups(values, 4)].map(([sequence, sums, details, body]): FoundEntry => {
      return { sequence: numberOf(sequence), sums: sumsOfText(textOf(sums)), details: textOf(details), body: bytesOf(body) };
    });
    const rows = found.flatMap(({ details }) => rowsIn(details));
    const [streams, fetched] = await Promise.all([
      this.#describe(partition, rows),
      this.#fetch(
        partition,
        found.flatMap(({ sums }) => (sums.ref === undefined || (isKeyed(sums.ref) && !bodies) ? [] : [sums.ref])),
      ),
    ]);
    return found.map((entry) => this.#entry({ topic, partition }, entry, { streams, bodies, fetched }));
  }

  async measure({ topic, partition, afterSequence }: Parameters<Queue['measure']>[0]): ReturnType<Queue['measure']> {
    const lane = this.#context.partitions.lane(partition);
    const entries: { sequence: number; receivedMs: number; inflatedBytes: number }[] = [];
    let after = afterSequence;
    for (;;) {
      const args = [topic, after, measuredMax];
      const { values } = await asQueueErrors(lane.read({ function: 'measure', topics: [topic], args: () => args, patienceMs }));
      const [first, ...sizes] = values.map(numberOf);
      let sequence = first ?? 0;
      for (const [receivedMs, inflatedBytes] of inGroups(sizes, 2)) {
        entries.push({ sequence, receivedMs: numberOf(receivedMs), inflatedBytes: numberOf(inflatedBytes) });
        sequence += 1;
      }
      if (sizes.length < 2 * measuredMax) return { entries };
      after = sequence - 1;
    }
  }

  async gapsOf(key: StreamKey): Promise<readonly GapRecord[]> {
    const partition = partitionOf(key.agentId, this.#context.partitions.count);
    const members = await this.#members(partition, (last) => ({ function: 'gapsOf', args: [streamName(key), last] }));
    return members.map((member) => gapRecord(member, key));
  }

  async gaps(): Promise<readonly GapRecord[]> {
    const partitions = Array.from({ length: this.#context.partitions.count }, (_, partition) => this.#gapsIn(partition));
    const all = (await Promise.all(partitions)).flat();
    return all.toSorted((left, right) => left.atMs - right.atMs);
  }

  async archiveObjects(): Promise<readonly ArchiveObject[]> {
    const partitions = Array.from({ length: this.#context.partitions.count }, (_, partition) => this.#objectsIn(partition));
    return (await Promise.all(partitions)).flat();
  }

  /** Streams may have been found at another place since they were read, or a row may be another stream's. */
  forgetStreams(partition: number): void {
    this.#rememberedCount -= this.#remembered.get(partition)?.size ?? 0;
    this.#remembered.delete(partition);
  }

  async #gapsIn(partition: number): Promise<GapRecord[]> {
    const members = await this.#members(partition, (last) => ({ function: 'scanGaps', args: [last] }));
    const streams = await this.#describe(partition, members.map(rowOfGap));
    return members.flatMap((member) => {
      const stream = streams.get(rowOfGap(member));
      return stream === undefined ? [] : [gapRecord(member, stream.key)];
    });
  }

  async #members(
    partition: number,
    ask: (last: string) => { readonly function: 'gapsOf' | 'scanGaps'; readonly args: readonly string[] },
  ): Promise<string[]> {
    const lane = this.#context.partitions.lane(partition);
    const members: string[] = [];
    for (;;) {
      const { function: name, args } = ask(members.at(-1) ?? '');
      const { values } = await asQueueErrors(lane.read({ function: name, args: () => [...args, rowsMax], patienceMs }));
      members.push(...values.map(textOf));
      if (values.length < rowsMax) return members;
    }
  }

  async #objectsIn(partition: number): Promise<ArchiveObject[]> {
    const lane = this.#context.partitions.lane(partition);
    const objects: ArchiveObject[] = [];
    for (;;) {
      const args = [objects.length, objects.length + rowsMax - 1];
      const { values } = await asQueueErrors(lane.read({ function: 'readObjects', args: () => args, patienceMs }));
      objects.push(...values.map((row) => objectOfText(textOf(row))));
      if (values.length < rowsMax) return objects;
    }
  }

  async #describe(partition: number, rows: readonly string[]): Promise<ReadonlyMap<string, StreamInfo>> {
    if (this.#rememberedCount > streamsRememberedMax) {
      this.#remembered.clear();
      this.#rememberedCount = 0;
    }
    const known = this.#remembered.getOrInsertComputed(partition, () => new Map<string, StreamInfo>());
    const wanted = new Set(rows);
    const missing = [...wanted.difference(known)];
    const found = new Map(known.size < wanted.size ? known : [...wanted].flatMap((row) => entryOf(known, row)));
    const lane = this.#context.partitions.lane(partition);
    for (let at = 0; at < missing.length; at += rowsMax) {
      const part = missing.slice(at, at + rowsMax);
      const { values } = await asQueueErrors(lane.read({ function: 'describe', args: () => part, patienceMs }));
      for (const [index, row] of part.entries()) {
        if (values[index] === null) continue;
        const { key, attributes, identity, start } = streamOfText(textOf(values[index]));
        const info = { key, attributes, identity, start };
        found.set(row, info);
        if (!known.has(row)) this.#rememberedCount += 1;
        known.set(row, info);
      }
    }
    return found;
  }

  /** Bodies that are not with their entries, by reference. */
  async #fetch(partition: number, refs: readonly string[]): Promise<ReadonlyMap<string, FetchedBody>> {
    const keyed = refs.filter(isKeyed);
    const lane = this.#context.partitions.lane(partition);
    const values = keyed.length === 0 ? [] : await asQueueErrors(lane.get(keyed, patienceMs));
    const fetched = new Map<string, FetchedBody>();
    for (const [index, ref] of keyed.entries()) {
      const body = values[index];
      if (Buffer.isBuffer(body)) fetched.set(ref, { body, rest: undefined });
    }
    for (const ref of refs.filter((one) => !isKeyed(one))) {
      const bytes = await asQueueErrors(this.#spilled(ref));
      if (bytes !== undefined) fetched.set(ref, partsOfSpilled(bytes));
    }
    return fetched;
  }

  #spilled(ref: string): Promise<Buffer | undefined> {
    const { spill } = this.#context.bodies;
    if (spill === undefined) {
      const message = `a body of the queue was spilled as ${ref}: set queue.redis.spill to the folder that the site's hubs share`;
      throw new QueueError('QUEUE_UNAVAILABLE', message);
    }
    return spill.get(ref);
  }

  #entry(
    place: { readonly topic: string; readonly partition: number },
    { sequence, sums, details, body }: FoundEntry,
    read: {
      readonly streams: ReadonlyMap<string, StreamInfo>;
      readonly bodies: boolean;
      readonly fetched: ReadonlyMap<string, FetchedBody>;
    },
  ): Entry {
    const { streams, bodies, fetched } = read;
    const streamInfo = (row: string): StreamInfo => {
      const found = streams.get(row);
      if (found === undefined)
        throw new QueueError('QUEUE_UNKNOWN', `entry ${sequence} of ${place.topic} names stream ${row}, which is not there`);
      return found;
    };
    const { receivedMs, createdMs, records, inflatedBytes, format, checksum, bodyBytes, ref } = sums;
    const elsewhere = ref === undefined ? undefined : fetched.get(ref);
    // It may have been trimmed since the rows were read; who reads again sees what there is.
    if (ref !== undefined && elsewhere === undefined && (bodies || !isKeyed(ref))) {
      throw new QueueError(
        'QUEUE_UNAVAILABLE',
        `the body of entry ${sequence} of ${place.topic} is not where it was put (${ref})`,
      );
    }
    return {
      ...place,
      sequence,
      receivedMs,
      createdMs,
      format,
      records,
      inflatedBytes,
      checksum,
      bodyBytes,
      ...partsOf({ details, rest: elsewhere?.rest, streamInfo }),
      body: bodies ? (elsewhere?.body ?? body) : noBody,
    };
  }
}

function isKeyed(ref: string): boolean {
  return ref.startsWith('=');
}

function entryOf(known: ReadonlyMap<string, StreamInfo>, row: string): [string, StreamInfo][] {
  const info = known.get(row);
  return info === undefined ? [] : [[row, info]];
}

/** `row:from:to:cause:at`, the first three with zeros before them. */
function gapRecord(member: string, key: StreamKey): GapRecord {
  const [, from, to, cause, atMs] = member.split(':');
  return { key, from: Number(from), to: Number(to), cause: causeOf(cause), atMs: Number(atMs) };
}

function rowOfGap(member: string): string {
  return String(Number(member.slice(0, member.indexOf(':'))));
}

function causeOf(text: string | undefined): GapCause {
  const cause = gapCauses.find((known) => known === text);
  if (cause !== undefined) return cause;
  throw new QueueError('QUEUE_UNKNOWN', `the store has the cause ${text}, which this program does not know`);
}

/** Our own text, as `objectText` made it. */
export function objectOfText(text: string): ArchiveObject {
  const object: ArchiveObject = JSON.parse(text);
  const { eventMsMin, eventMsMax } = object;
  return { ...object, eventMsMin, eventMsMax };
}

export function objectText(object: ArchiveObject): string {
  return JSON.stringify(object);
}
