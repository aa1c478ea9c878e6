/** A buffer in a folder of its own, with a clock driven by hand and batches made of text. */
import { zstdCompressSync } from 'node:zlib';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import { markOf } from '@tributary/protocol/mark.ts';
import { channelName } from '@tributary/protocol/messages.ts';
import type { OutboxBatch } from '@tributary/protocol/session/outbox.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import type { StreamState } from '../../inputs/input.ts';
import type { BufferLimits } from '../limits.ts';
import { openBuffer } from '../open-buffer.ts';
import type { SourceMark } from '../source-mark.ts';
import type { SqliteBuffer } from '../sqlite-buffer.ts';

export interface TestBufferOptions {
  readonly folder: string;
  readonly limits?: Partial<BufferLimits>;
  readonly crashPoint?: string;
  /** Without it the sources are gone. */
  readonly sourceMark?: SourceMark;
}

const limitsDefault: BufferLimits = {
  maxBytes: 64 * 1024 * 1024,
  replayWindowMs: 300_000,
  replayMaxBytes: 16 * 1024 * 1024,
  reserveBytes: 2 * 1024 * 1024,
};

export class TestClock {
  #nowMs = 1_700_000_000_000;
  readonly now = (): number => this.#nowMs;
  readonly monotonic = (): number => systemClock.monotonic();
  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> => systemClock.sleep(ms, signal);
  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

export async function openTestBuffer(options: TestBufferOptions): Promise<TestBuffer> {
  const test = new TestBuffer(options);
  await test.reopen();
  return test;
}

export class TestBuffer {
  readonly folder: string;
  readonly clock = new TestClock();
  readonly log: LogEntry[] = [];
  readonly failures: Error[] = [];
  readonly #options: TestBufferOptions;
  readonly #ends = new Map<string, { position: number; bytes: Uint8Array }>();
  #buffer: SqliteBuffer | undefined;

  constructor(options: TestBufferOptions) {
    this.#options = options;
    this.folder = options.folder;
  }

  get buffer(): SqliteBuffer {
    if (this.#buffer === undefined) throw new Error('the buffer is closed');
    return this.#buffer;
  }

  async reopen(limits: Partial<BufferLimits> = {}): Promise<void> {
    await this.close();
    const { folder, crashPoint, sourceMark = () => undefined } = this.#options;
    this.#buffer = await openBuffer({
      folder,
      limits: { ...limitsDefault, ...this.#options.limits, ...limits },
      clock: this.clock,
      logger: createLogger({ level: 'debug', sink: (entry) => this.log.push(entry) }),
      onFailed: (error) => this.failures.push(error),
      crashPoint,
      sourceMark,
    });
  }

  async close(): Promise<void> {
    await this.#buffer?.[Symbol.asyncDispose]();
    this.#buffer = undefined;
  }

  async openStream(path: string, inode = '2', type = 'app'): Promise<StreamState> {
    const identity = { path, device: '1', inode, fingerprint: '', fingerprintLength: 0, token: '', base: 0 };
    const attributes = { tenant: 'default', type, host: 'test', encoding: 'utf-8', counted: false, labels: {} };
    const stream = await this.buffer.openStream({ identity, attributes, start: 0 });
    this.#ends.set(stream.streamId, { position: 0, bytes: new Uint8Array() });
    return stream;
  }

  /** Appends the text to the stream where the last call left it; with `withToken` the token tells the position. */
  append(stream: StreamState, text: string, withToken = false): Promise<void> {
    const bytes = Buffer.from(text);
    const end = this.#ends.get(stream.streamId) ?? { position: stream.position, bytes: new Uint8Array() };
    const all = Buffer.concat([end.bytes, bytes]);
    const body = new Uint8Array(zstdCompressSync(bytes));
    const to = end.position + bytes.length;
    const segment = {
      streamId: stream.streamId,
      from: end.position,
      to,
      fromMark: markOf(end.bytes),
      toMark: markOf(all),
      records: text.split('\n').length - 1,
      bytes: bytes.length,
      cuts: [],
      lengths: [],
      drops: [],
      ...(withToken ? { token: `to ${to}` } : {}),
    };
    this.#ends.set(stream.streamId, { position: to, bytes: all.subarray(-64) });
    return this.buffer.append({
      channel: channelName(stream.attributes),
      segments: [segment],
      records: segment.records,
      inflatedBytes: bytes.length,
      checksum: checksumOf(body),
      createdMs: this.clock.now(),
      body,
    });
  }

  /** The text is not kept: the stream goes on behind it. */
  drop(stream: StreamState, text: string): void {
    const bytes = Buffer.from(text);
    const end = this.#ends.get(stream.streamId) ?? { position: stream.position, bytes: new Uint8Array() };
    const all = Buffer.concat([end.bytes, bytes]);
    const to = end.position + bytes.length;
    this.#ends.set(stream.streamId, { position: to, bytes: all.subarray(-64) });
    const { streamId } = stream;
    this.buffer.drop({ streamId, from: end.position, to, mark: markOf(all), token: `to ${to}`, records: 1, bytes: bytes.length });
  }

  body(batch: OutboxBatch | undefined): Uint8Array {
    const body = batch === undefined ? undefined : this.buffer.outbox.body(batch.id);
    if (body === undefined) throw new Error('there is no such body');
    return body;
  }
}
