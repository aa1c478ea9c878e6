/**
 * Records of a listener that is not ours to speak with (HTTP pushes, the hub's own events) become batches of counted streams in the front
 * topic of their channel, as if an agent had sent them: pipeline, archive, books and search know no difference.
 *
 * There is one stream per run of the listener, generation of the store, channel, source and encoding, with a random id. The machine that records are of is told with
 * each batch: whoever pushes may name as many as there are, and a stream is kept for long. Those of earlier runs are closed, so that housekeeping has them go. Positions are given by the queue in the step that
 * stores the records, so requests side by side need not wait for each other, and one that was refused leaves no hole. What was
 * published is durable when `publish` resolves with `stored` or `duplicate`.
 *
 * Keys against doubles are kept per partition, and a sender that had no answer may ask another hub of the site: so what goes to a channel
 * goes to the same partition whichever hub got it, and the listener has an id of its own in that partition.
 */
import { hash, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import { idBytes, inflatedBytesMax, recordsMax } from '@tributary/protocol/limits.ts';
import { markOf } from '@tributary/protocol/mark.ts';
import { channelName, type Id, type StreamAttributes } from '@tributary/protocol/messages.ts';
import { assert } from '@tributary/shared/assert.ts';
import { frontTopic, type Queue, type StreamInfo } from '../queue/queue.ts';
import { noRedactor, type Redactor } from '../redaction/redaction-pool.ts';
import { RedactionEndedError } from '../redaction/watched-thread.ts';
import type { RecordBlock } from './record-block.ts';

/** Where records go and come from. Tenant and type are names that were checked. */
export interface StreamTarget {
  readonly tenant: string;
  readonly type: string;
  /** Machine that the records are of. */
  readonly host: string;
  /** What the archive tells as their source, such as the name of the listener. */
  readonly source: string;
  /** IANA name; utf-8 unless given. */
  readonly encoding?: string;
}

export interface ListenerStreamsOptions {
  readonly queue: Pick<Queue, 'publish' | 'partitionOf' | 'generationOf' | 'streamsOf' | 'closeStream'>;
  readonly siteId: Id;
  readonly hubId: Id;
  /** Name of the listener: with the hub's id it makes the id that its streams have for their agent. */
  readonly listener: string;
  readonly now: () => number;
  /** What is covered before anything is stored. Nothing unless given. */
  readonly redactor?: Redactor;
  /** Told the bytes of each body, as the intake tells those of agents. */
  readonly noteBytes?: (bytes: number) => void;
}

export type Published = Awaited<ReturnType<Queue['publish']>>;

/** Streams of one run that are remembered. One that was forgotten and comes again begins another stream. */
const streamsKeptMax = 10_000;
/** One that was at rest for so long is begun anew when it is wanted again: the site may have forgotten it. */
const restMsMax = 24 * 3_600_000;
/** How often those that are in use no more are closed. */
const tidyMs = 24 * 3_600_000;

interface UsedStream {
  readonly stream: StreamInfo;
  usedMs: number;
}

const zstd = promisify(zstdCompress);
const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };
const outputBytesMin = 4096;

export class ListenerStreams {
  readonly #options: ListenerStreamsOptions;
  /** By partition. */
  readonly #agentIds = new Map<number, Id>();
  /** In the order of their last use. */
  readonly #streams = new Map<string, UsedStream>();
  /** When those of a partition were looked through. */
  readonly #tidiedMs = new Map<number, number>();

  constructor(options: ListenerStreamsOptions) {
    this.#options = options;
  }

  /** A block that fits a batch (`fittingBlocks`). `full`: nothing was stored, and the same may be tried again. */
  async publish(target: StreamTarget, block: RecordBlock, idempotencyKey?: string): Promise<Published> {
    const { lengths } = block;
    assert(lengths.length > 0 && lengths.length <= recordsMax, 'a batch has records, and not too many');
    assert(block.bytes.length <= inflatedBytesMax, 'the caller cuts blocks at the size of a batch');
    const { queue, now, noteBytes } = this.#options;
    const bytes = await this.#redacted(target, block);
    if (bytes === 'unknown') return 'full';
    const chunkSize = Math.max(bytes.length >> 1, outputBytesMin);
    const body = await zstd(bytes, { chunkSize, pledgedSrcSize: bytes.length, params });
    noteBytes?.(body.length);
    const records = lengths.length;
    const partition = queue.partitionOf(channelId(target));
    const stream = this.#stream(target, partition);
    const toMark = markOf(bytes.subarray(bytes.length - (lengths.at(-1) ?? 0)));
    const place = { from: 0, to: records, fromMark: '', toMark };
    const segment = { stream, ...place, records, bytes: bytes.length, lengths, cuts: [], drops: [] };
    const entry = {
      format: 'batch' as const,
      records,
      inflatedBytes: bytes.length,
      segments: [segment],
      trims: [],
      hops: [],
      checksum: checksumOf(body),
      createdMs: now(),
      body,
    };
    return queue.publish(frontTopic(channelName(target)), partition, entry, idempotencyKey);
  }

  /** `unknown`: what is to be covered is not known now, or cannot be, so it is not stored. */
  async #redacted(target: StreamTarget, { bytes, lengths }: RecordBlock): Promise<Uint8Array | 'unknown'> {
    const { redactor = noRedactor } = this.#options;
    const redaction = redactor.redactionOf(channelName(target));
    if (redaction === undefined) return bytes;
    if (redaction === 'unknown') return redaction;
    try {
      return await redactor.records(redaction, bytes, { lengths, encoding: target.encoding ?? 'utf-8' });
    } catch (error) {
      if (error instanceof RedactionEndedError) return 'unknown';
      throw error;
    }
  }

  #stream(target: StreamTarget, partition: number): StreamInfo {
    const { tenant, type, host, source, encoding = 'utf-8' } = target;
    const { queue } = this.#options;
    // A store that went back gives positions out again: under the same stream they would be taken for the records that it lost.
    const generation = queue.generationOf(partition);
    const name = JSON.stringify([tenant, type, source, encoding, generation]);
    const attributes = { tenant, type, host, encoding, counted: true, labels: {} };
    const nowMs = this.#options.now();
    const known = this.#streams.get(name);
    const isKept = known !== undefined && nowMs - known.usedMs < restMsMax;
    const stream = isKept ? known.stream : this.#begun(attributes, { source, partition });
    this.#streams.delete(name);
    this.#streams.set(name, { stream, usedMs: nowMs });
    if (this.#streams.size > streamsKeptMax) this.#streams.delete(this.#streams.keys().next().value ?? name);
    if (nowMs - (this.#tidiedMs.get(partition) ?? -Infinity) >= tidyMs) this.#tidy(partition, nowMs);
    return { ...stream, attributes: { ...stream.attributes, host } };
  }

  /** Beside the work: what fails is done again a day later. Streams of earlier runs are none of this one's, and neither are those that were forgotten. */
  #tidy(partition: number, nowMs: number): void {
    this.#tidiedMs.set(partition, nowMs);
    void this.#closeOthers(this.#agentIdIn(partition)).catch(() => undefined);
  }

  async #closeOthers(agentId: Id): Promise<void> {
    const { queue, siteId } = this.#options;
    for await (const { streamId, held, closed } of queue.streamsOf(siteId, agentId)) {
      const isUsed = [...this.#streams.values()].some(({ stream }) => stream.key.streamId === streamId);
      if (!closed && !isUsed) await queue.closeStream({ siteId, agentId, streamId }, held);
    }
  }

  #agentIdIn(partition: number): Id {
    return this.#agentIds.getOrInsertComputed(partition, () => {
      const { queue, hubId, listener } = this.#options;
      for (let number = 0; ; number += 1) {
        const id = listenerAgentId(hubId, listener, number);
        if (queue.partitionOf(id) === partition) return id;
      }
    });
  }

  #begun(attributes: StreamAttributes, { source, partition }: { source: string; partition: number }): StreamInfo {
    const streamId = randomBytes(idBytes).toString('hex');
    const file = { device: '', inode: '', fingerprint: '', fingerprintLength: 0, token: '', base: 0 };
    const key = { siteId: this.#options.siteId, agentId: this.#agentIdIn(partition), streamId };
    return { key, attributes, identity: { path: source, ...file }, start: 0 };
  }
}

/** The same after every start of the hub. One of several: `number` is tried up from 0 until the id belongs to the partition that is wanted. */
export function listenerAgentId(hubId: Id, listener: string, number = 0): Id {
  return hash('sha256', `listener ${hubId} ${listener}${number === 0 ? '' : ` ${number}`}`, 'hex').slice(0, 2 * idBytes);
}

/** The same for all hubs of the site. */
function channelId(target: StreamTarget): Id {
  return hash('sha256', `listeners of ${channelName(target)}`, 'hex').slice(0, 2 * idBytes);
}
