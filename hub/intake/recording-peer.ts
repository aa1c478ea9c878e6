/** Messages that tests of the intake and of listeners send, and a peer that records what it is told. */
import { checksumOf } from '@tributary/protocol/checksum.ts';
import type { Batch, Hello, Message, OpenStream } from '@tributary/protocol/messages.ts';
import { currentVersion } from '@tributary/protocol/version.ts';
import { testAgentId, testAttributes, testIdentity, testKey, testSegment } from '../queue/fixture.ts';
import type { Peer } from './connection.ts';

export class RecordingPeer implements Peer {
  readonly remote: string;
  silentMs = 0;
  readonly sent: Message[] = [];
  closed: string | undefined;
  paused = false;
  readonly #waiting = new Set<() => void>();

  constructor(remote = '127.0.0.1:1') {
    this.remote = remote;
  }

  send(message: Message): void {
    this.sent.push(message);
    for (const wake of this.#waiting) wake();
  }

  close(code: string): void {
    this.closed = code;
    for (const wake of this.#waiting) wake();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    for (const wake of this.#waiting) wake();
  }

  flushed(): Promise<void> {
    return Promise.resolve();
  }

  kinds(): string[] {
    return this.sent.map((message) => message.kind);
  }

  /** Resolves once `condition` holds; the test's own timeout is the deadline. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
      this.#waiting.delete(resolve);
    }
  }

  untilSent(kind: Message['kind']): Promise<void> {
    return this.until(() => this.sent.some((message) => message.kind === kind));
  }
}

export function testHello(changes: Partial<Hello> = {}): Hello {
  return {
    kind: 'hello',
    versionMin: currentVersion,
    versionMax: currentVersion,
    sender: 'agent',
    agentId: testAgentId,
    instanceId: '1a'.repeat(16),
    bootId: '2b'.repeat(16),
    startCounter: 5,
    facts: { host: 'web1' },
    capabilities: [],
    ...changes,
  };
}

export function testOpen(stream: number, changes: Partial<OpenStream> = {}): OpenStream {
  return {
    kind: 'open-stream',
    stream,
    channel: 1,
    streamId: testKey(stream).streamId,
    origin: { siteId: '', agentId: '' },
    identity: testIdentity(`/var/log/${stream}.log`),
    attributes: testAttributes(),
    start: 0,
    wantArchived: false,
    ...changes,
  };
}

/** `bodyBytes`: how long the body is to be, when the test is about that. */
export function testBatchMessage(
  sequence: number,
  range: { from: number; to: number; stream?: number },
  bodyBytes?: number,
): Batch {
  const { from, to, stream = 1 } = range;
  const bytes = testBody(to - from, bodyBytes);
  return {
    kind: 'batch',
    channel: 1,
    sequence,
    segments: [{ stream, ...testSegment(from, to) }],
    records: to - from,
    inflatedBytes: to - from,
    checksum: checksumOf(bytes),
    envelope: { createdMs: 1, hops: [], trims: [] },
    body: bytes,
  };
}

const blockBytesMax = 128 * 1024;
const frameHead = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50];

/** A zstd frame of empty lines that nothing was compressed in, made as long as asked by blocks that hold nothing. */
export function testBody(inflatedBytes: number, bodyBytes?: number): Uint8Array<ArrayBuffer> {
  const parts: number[][] = [frameHead];
  for (let left = inflatedBytes; left > 0; left -= blockBytesMax) parts.push(plainBlock(Math.min(left, blockBytesMax)));
  const endBytes = 3;
  let missing = (bodyBytes ?? 0) - parts.reduce((sum, part) => sum + part.length, 0) - endBytes;
  // A run of nothing has four bytes, a plain block of nothing three.
  for (; missing > 0 && missing % 3 !== 0; missing -= 4) parts.push([0b010, 0, 0, 0]);
  for (; missing > 0; missing -= 3) parts.push([0, 0, 0]);
  return Uint8Array.from([...parts.flat(), 1, 0, 0]);
}

function plainBlock(bytes: number): number[] {
  const header = bytes << 3;
  return [header & 0xff, (header >> 8) & 0xff, header >> 16, ...Array.from({ length: bytes }, () => 0x0a)];
}
