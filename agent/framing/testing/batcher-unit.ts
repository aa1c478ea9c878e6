/** A batcher over a clock that only the test moves on, and a target that keeps what it gets. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32, zstdDecompressSync } from 'node:zlib';
import { markOf } from '@tributary/protocol/mark.ts';
import type { Id, StreamAttributes } from '@tributary/protocol/messages.ts';
import type { Run, StreamState } from '../../inputs/input.ts';
import { ManualClock } from '../../inputs/testing/manual-clock.ts';
import { Batcher, type BatchTarget, type ClosedBatch } from '../batcher.ts';
import type { BatcherLimits } from '../limits.ts';
import type { Dropped } from '../stream-end.ts';

export class Target implements BatchTarget {
  readonly batches: ClosedBatch[] = [];
  readonly ended: Id[] = [];
  readonly dropped: Dropped[] = [];
  room = true;
  error: Error | undefined;
  /** When set, `append` waits for it. */
  gate: Promise<void> = Promise.resolve();
  #opened = Promise.withResolvers<void>();

  async append(batch: ClosedBatch): Promise<void> {
    this.batches.push(batch);
    await this.gate;
    if (this.error !== undefined) throw this.error;
  }

  hasRoom(): boolean {
    return this.room;
  }

  async ready(signal: AbortSignal): Promise<void> {
    const { promise, reject } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    await Promise.race([promise, this.#opened.promise]);
  }

  drop(dropped: Dropped): void {
    this.dropped.push(dropped);
  }

  endStream(streamId: Id): void {
    this.ended.push(streamId);
  }

  openRoom(): void {
    this.room = true;
    this.#opened.resolve();
    this.#opened = Promise.withResolvers<void>();
  }
}

export function stateOf(streamId: Id, position = 0): StreamState {
  const attributes: StreamAttributes = {
    tenant: 'acme',
    type: streamId.startsWith('other') ? 'other' : 'app',
    host: 'here',
    encoding: 'utf-8',
    counted: streamId.startsWith('counted'),
    labels: {},
  };
  const identity = { path: `/${streamId}`, device: '1', inode: '2', fingerprint: '', fingerprintLength: 0, token: '', base: 0 };
  return { streamId, identity, attributes, start: 0, position, mark: '', ended: false };
}

export const emptyRun: Omit<Run, 'streamId' | 'to' | 'bytes' | 'records'> = {
  from: 0,
  cuts: [],
  lengths: [],
  drops: [],
  fromMark: '',
  toMark: '',
  overflow: 'block',
};

export class Unit implements AsyncDisposable {
  readonly target = new Target();
  readonly clock = new ManualClock();
  readonly failures: unknown[] = [];
  readonly batcher: Batcher;
  readonly #positions = new Map<Id, number>();
  readonly #texts = new Map<Id, string>();

  constructor(limits: Partial<BatcherLimits> = {}) {
    this.batcher = new Batcher({
      target: this.target,
      clock: this.clock,
      stream: (streamId) => (streamId === 'unknown' ? undefined : stateOf(streamId)),
      limits,
      onFailed: (error) => this.failures.push(error),
    });
  }

  push(streamId: Id, text: string, more: Partial<Run> = {}): boolean {
    const from = this.#positions.get(streamId) ?? 0;
    const before = this.#texts.get(streamId) ?? '';
    const bytes = Buffer.from(text, 'latin1');
    const marks = { fromMark: markOf(Buffer.from(before, 'latin1')), toMark: markOf(Buffer.from(before + text, 'latin1')) };
    const records = bytes.filter((byte) => byte === 10).length;
    const dropped = (more.drops ?? []).reduce((sum, { span }) => sum + span, 0);
    const start = more.from ?? from;
    const to = start + (streamId.startsWith('counted') ? (more.records ?? records) : bytes.length + dropped);
    const run: Run = {
      streamId,
      from,
      to,
      bytes,
      records,
      cuts: [],
      lengths: [],
      drops: [],
      overflow: 'block',
      ...marks,
      ...more,
    };
    const ok = this.batcher.push(run);
    this.#texts.set(streamId, before + text);
    this.#positions.set(streamId, to);
    return ok;
  }

  /** Everything that was appended of a stream, checked on the way. */
  appended(streamId: Id): string {
    let text = '';
    for (const batch of this.target.batches) {
      const body = zstdDecompressSync(batch.body);
      assert.equal(body.length, batch.inflatedBytes);
      assert.equal(crc32(batch.body), batch.checksum);
      let offset = 0;
      for (const segment of batch.segments) {
        if (segment.streamId === streamId) text += body.toString('latin1', offset, offset + segment.bytes);
        offset += segment.bytes;
      }
      assert.equal(offset, body.length);
      assert.equal(
        batch.records,
        batch.segments.reduce((sum, segment) => sum + segment.records, 0),
      );
    }
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.batcher[Symbol.asyncDispose]();
  }
}

export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > deadline) assert.fail(`not in time: ${what}`);
    await sleep(1);
  }
}
