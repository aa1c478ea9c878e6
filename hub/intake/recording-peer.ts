/** Messages that tests of the intake and of listeners send, and a peer that records what it is told. */
import { checksumOf } from '@tributary/protocol/checksum.ts';
import type { Batch, Hello, Message, OpenStream } from '@tributary/protocol/messages.ts';
import { testAgentId, testAttributes, testIdentity, testKey, testSegment } from '../queue/fixture.ts';
import type { Peer } from './connection.ts';

export class RecordingPeer implements Peer {
  readonly remote: string;
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
    versionMin: 1,
    versionMax: 1,
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

export function testBatchMessage(
  sequence: number,
  range: { from: number; to: number; stream?: number },
  body?: Uint8Array,
): Batch {
  const { from, to, stream = 1 } = range;
  const bytes = body ?? new TextEncoder().encode(`${from}-${to}`);
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
