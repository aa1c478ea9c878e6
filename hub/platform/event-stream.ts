/**
 * Documents as records of a counted stream of the channel `<platform tenant>/platform`: published like what comes over HTTP, so that they
 * are processed, archived and searched like any log line. They cannot be read again, so each start of the hub is a stream of its own.
 */
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import type { Id } from '@tributary/protocol/messages.ts';
import { platformType } from '@tributary/protocol/platform/document.ts';
import { type EntrySegment, frontTopic, type NewEntry, type Queue, type StreamInfo } from '../queue/queue.ts';

const compress = promisify(zstdCompress);

export interface EventStreamParts {
  readonly queue: Pick<Queue, 'publish' | 'partitionOf'>;
  readonly tenant: string;
  readonly siteId: Id;
  readonly hubId: Id;
  readonly streamId: Id;
  readonly host: string;
  /** `hub`, `audit`: tells the stream apart from others of the channel. */
  readonly path: string;
}

export class EventStream {
  readonly #queue: EventStreamParts['queue'];
  readonly #info: StreamInfo;
  #position = 0;

  constructor({ queue, tenant, siteId, hubId, streamId, host, path }: EventStreamParts) {
    this.#queue = queue;
    this.#info = {
      key: { siteId, agentId: hubId, streamId },
      attributes: { tenant, type: platformType, host, encoding: 'utf-8', counted: true, labels: {} },
      identity: { path, device: '', inode: '', fingerprint: '', fingerprintLength: 0, token: '', base: 0 },
    };
  }

  /** One entry, durable when it resolves. With a key that was used before, nothing is stored. Calls come one after the other. */
  async publish(documents: readonly string[], nowMs: number, idempotencyKey?: string): Promise<'stored' | 'duplicate' | 'full'> {
    const { tenant } = this.#info.attributes;
    const entry = await this.#entryOf(documents, nowMs);
    const partition = this.#queue.partitionOf(this.#info.key.agentId);
    const result = await this.#queue.publish(frontTopic(`${tenant}/${platformType}`), partition, entry, idempotencyKey);
    if (result === 'stored') this.#position += documents.length;
    return result;
  }

  async #entryOf(documents: readonly string[], nowMs: number): Promise<NewEntry> {
    const bytes = Buffer.from(documents.join(''));
    const segment: EntrySegment = {
      stream: this.#info,
      from: this.#position,
      to: this.#position + documents.length,
      fromMark: '',
      toMark: '',
      records: documents.length,
      bytes: bytes.length,
      cuts: [],
      lengths: documents.map((document) => Buffer.byteLength(document)),
      drops: [],
    };
    const body = await compress(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    return {
      format: 'batch',
      records: documents.length,
      inflatedBytes: bytes.length,
      segments: [segment],
      trims: [],
      createdMs: nowMs,
      body,
    };
  }
}
