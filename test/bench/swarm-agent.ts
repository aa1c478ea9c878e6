/** One of very many agents, as small as it can be: it speaks the protocol, and what it sends comes from nowhere. */
import { constants, zstdCompressSync } from 'node:zlib';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import { decode, encode } from '@tributary/protocol/codec.ts';
import { markOf } from '@tributary/protocol/mark.ts';
import type { Message, Welcome } from '@tributary/protocol/messages.ts';
import { currentVersion } from '@tributary/protocol/version.ts';
import { WebSocket } from 'ws';
import type { Issued } from '../harness/test-authority.ts';

const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };
const none = { siteId: '', agentId: '' };

export interface SwarmAgentOptions {
  readonly url: string;
  readonly identity: Issued;
  /** Log type of what it sends. */
  readonly type: string;
  /** Told of each line, once the hub has it: how long that took since it was written. */
  readonly onDurable: (latencyMs: number) => void;
  readonly onFailed: (error: Error) => void;
}

interface Sent {
  readonly sequence: number;
  readonly writtenMs: readonly number[];
}

export class SwarmAgent {
  readonly agentId: string;
  readonly #options: SwarmAgentOptions;
  readonly #socket: WebSocket;
  readonly #ready = Promise.withResolvers<void>();
  readonly #sent: Sent[] = [];
  #welcome: Welcome | undefined;
  #pending: { readonly line: string; readonly writtenMs: number }[] = [];
  #flushTimer: NodeJS.Timeout | undefined;
  #flushedMs = Number.NEGATIVE_INFINITY;
  #position = 0;
  #mark = '';
  #sequence = 0;

  constructor(agentId: string, options: SwarmAgentOptions) {
    this.agentId = agentId;
    this.#options = options;
    const { identity, url } = options;
    const socket = new WebSocket(`${url}/v1/agent`, { ...identity, rejectUnauthorized: false, perMessageDeflate: false });
    this.#socket = socket;
    socket.on('error', (error) => this.#failed(error));
    socket.on('close', () => this.#failed(new Error('the hub closed the connection')));
    socket.on('message', (data: Buffer) => this.#receive(decode(data)));
    socket.on('open', () => this.#hello());
  }

  /** Resolves once the hub takes lines of it. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  write(line: string): void {
    const writtenMs = performance.now();
    this.#pending.push({ line, writtenMs });
    const dueMs = this.#flushedMs + (this.#welcome?.flushIntervalMsMin ?? 0);
    this.#flushTimer ??= setTimeout(() => this.#flush(), Math.max(0, dueMs - writtenMs));
  }

  leave(): void {
    clearTimeout(this.#flushTimer);
    this.#socket.removeAllListeners('close');
    this.#socket.terminate();
  }

  #failed(error: Error): void {
    this.#ready.reject(error);
    this.#options.onFailed(error);
  }

  #hello(): void {
    const facts = { host: `machine-${this.agentId.slice(0, 8)}` };
    const instance = { instanceId: this.agentId, bootId: this.agentId, startCounter: 1 };
    const versions = { versionMin: currentVersion, versionMax: currentVersion };
    this.#send({ kind: 'hello', ...versions, sender: 'agent', agentId: this.agentId, ...instance, facts, capabilities: [] });
  }

  #receive(message: Message): void {
    switch (message.kind) {
      case 'welcome':
        this.#welcome = message;
        this.#openStream();
        break;
      case 'position':
        this.#ready.resolve();
        break;
      case 'ack':
        this.#acked(message.sequence);
        break;
      case 'reject':
      case 'refuse':
        this.#failed(new Error(`${message.kind}: ${message.hint}`));
        break;
      default:
    }
  }

  #openStream(): void {
    const identity = {
      path: '/var/log/app.log',
      device: '1',
      inode: '2',
      fingerprint: '',
      fingerprintLength: 0,
      token: '',
      base: 0,
    };
    const attributes = {
      tenant: 'default',
      type: this.#options.type,
      host: 'machine',
      encoding: 'utf-8',
      counted: false,
      labels: {},
    };
    const stream = { stream: 1, channel: 1, streamId: this.agentId, origin: none };
    this.#send({ kind: 'open-stream', ...stream, identity, attributes, start: 0, wantArchived: false });
  }

  #flush(): void {
    this.#flushTimer = undefined;
    this.#flushedMs = performance.now();
    const bytes = Buffer.from(this.#pending.map(({ line }) => line).join(''));
    const body = zstdCompressSync(bytes, { params });
    const from = this.#position;
    const fromMark = this.#mark;
    this.#position += bytes.length;
    this.#mark = markOf(bytes);
    this.#sequence += 1;
    const counts = { records: this.#pending.length, bytes: bytes.length };
    const segment = {
      stream: 1,
      from,
      to: this.#position,
      fromMark,
      toMark: this.#mark,
      ...counts,
      cuts: [],
      lengths: [],
      drops: [],
    };
    this.#sent.push({ sequence: this.#sequence, writtenMs: this.#pending.map(({ writtenMs }) => writtenMs) });
    this.#send({
      kind: 'batch',
      channel: 1,
      sequence: this.#sequence,
      segments: [segment],
      records: counts.records,
      inflatedBytes: bytes.length,
      checksum: checksumOf(body),
      envelope: { createdMs: Date.now(), hops: [], trims: [] },
      body,
    });
    this.#pending = [];
  }

  #acked(sequence: number): void {
    const nowMs = performance.now();
    for (let first = this.#sent[0]; first !== undefined && first.sequence <= sequence; first = this.#sent[0]) {
      this.#sent.shift();
      for (const writtenMs of first.writtenMs) this.#options.onDurable(nowMs - writtenMs);
    }
  }

  #send(message: Message): void {
    this.#socket.send(encode(message));
  }
}
