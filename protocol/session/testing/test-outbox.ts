/** An outbox in memory, for tests of the sending half: batches are added by hand. */
import { checksumOf } from '../../checksum.ts';
import { channelName, type ChannelName, type Id, type Mark } from '../../messages.ts';
import type { Outbox, OutboxBatch, OutboxSegment, OutboxStream } from '../outbox.ts';

const attributes = { tenant: 'acme', type: 'app', host: 'h', encoding: 'utf-8', counted: false, labels: {} };
const identity = { path: '/a', device: '1', inode: '2', fingerprint: '', fingerprintLength: 0, token: '', base: 0 };
const origin = { siteId: '', agentId: '' };

export const testChannel: ChannelName = channelName(attributes);

export function testId(digit: string): Id {
  return digit.repeat(32);
}

/** Another mark at every position. */
export function testMark(position: number): Mark {
  return position === 0 ? '' : position.toString(16).padStart(16, '0');
}

export class TestOutbox implements Outbox {
  readonly batches: OutboxBatch[] = [];
  readonly ackedIds = new Set<number>();
  readonly damagedIds = new Set<number>();
  readonly #streams = new Map<Id, OutboxStream>();
  #lastId = 0;

  /** A batch of one segment for each stream named. */
  add(...parts: readonly { readonly streamId: Id; readonly from: number; readonly to: number }[]): OutboxBatch {
    const segments = parts.map(({ streamId, from, to }) => segment(streamId, from, to));
    const bytes = segments.reduce((sum, { bytes: more }) => sum + more, 0);
    this.#lastId += 1;
    const batch: OutboxBatch = {
      id: this.#lastId,
      channel: testChannel,
      segments,
      records: segments.length,
      inflatedBytes: bytes,
      bodyBytes: bytes,
      checksum: checksumOf(new Uint8Array(bytes)),
      envelope: { createdMs: 0, hops: [], trims: [] },
    };
    this.batches.push(batch);
    for (const { streamId, to } of parts) this.setStream(streamId, { end: to, endMark: testMark(to) });
    return batch;
  }

  setStream(streamId: Id, change: Partial<OutboxStream>): void {
    const before = this.#streams.get(streamId) ?? { streamId, origin, identity, attributes, start: 0, end: 0, endMark: '' };
    this.#streams.set(streamId, { ...before, ...change });
  }

  remove(batchId: number): void {
    const at = this.batches.findIndex(({ id }) => id === batchId);
    if (at >= 0) this.batches.splice(at, 1);
  }

  channels(): Iterable<ChannelName> {
    return this.batches.length > 0 ? [testChannel] : [];
  }

  next(_channel: ChannelName, afterId: number): OutboxBatch | undefined {
    return this.batches.find(({ id }) => id > afterId);
  }

  firstUnacked(): number | undefined {
    return this.batches.find(({ id }) => !this.ackedIds.has(id))?.id;
  }

  firstAfter(streamId: Id, position: number): OutboxBatch | undefined {
    return this.batches.find(({ segments }) => segments.some((other) => other.streamId === streamId && other.to > position));
  }

  body(batchId: number): Uint8Array | undefined {
    const batch = this.batches.find(({ id }) => id === batchId);
    return batch === undefined || this.damagedIds.has(batchId) ? undefined : new Uint8Array(batch.bodyBytes);
  }

  stream(streamId: Id): OutboxStream | undefined {
    return this.#streams.get(streamId);
  }

  retainedStreams(): Iterable<Id> {
    return new Set(this.batches.flatMap(({ segments }) => segments.map(({ streamId }) => streamId)));
  }

  markAt(streamId: Id, position: number): Mark | undefined {
    return position <= (this.stream(streamId)?.end ?? 0) ? testMark(position) : undefined;
  }
}

function segment(streamId: Id, from: number, to: number): OutboxSegment {
  const bytes = to - from;
  return {
    streamId,
    from,
    to,
    fromMark: testMark(from),
    toMark: testMark(to),
    records: 1,
    bytes,
    cuts: [],
    lengths: [],
    drops: [],
  };
}
