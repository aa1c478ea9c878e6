/**
 * A site for tests of the agent: the protocol's real receiving half over a real socket, and a store in memory that keeps the
 * bytes of each stream and the order they came in. What it gets twice or with a hole it would refuse, as a hub does.
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { zstdDecompressSync } from 'node:zlib';
import { decode, encode } from '../../codec.ts';
import * as limits from '../../limits.ts';
import type { Gap, GapCause, Hello, Hop, Id, Mark, OpenStream, RecoveredStream, RejectCode } from '../../messages.ts';
import type { AppendRequest, AppendResult, ServerEffect, StreamPosition } from '../../session/server-effect.ts';
import { ServerSession } from '../../session/server.ts';
import { type WebSocket, WebSocketServer } from 'ws';

export interface SiteStream {
  readonly open: OpenStream;
  held: number;
  heldMark: Mark;
  archived: number;
  bytes: Buffer;
  closed: boolean;
}

export interface TestSiteOptions {
  readonly host?: string;
  readonly port?: number;
  readonly creditBytes?: number;
  /** The least flush interval that its Welcome names. */
  readonly flushIntervalMsMin?: number;
  /** Another hub of the same site: both have one store. */
  readonly sameSiteAs?: TestSite;
  /** Takes connections, and answers no Hello. */
  readonly mute?: boolean;
  /** Takes the connections of a server that is somebody else's, which listens already. */
  readonly behind?: Server;
  /** Refuses every agent. */
  readonly reject?: { readonly code: RejectCode; readonly hint: string; readonly retryAfterMs: number };
}

export class TestSite implements AsyncDisposable {
  readonly streams: Map<Id, SiteStream>;
  readonly hellos: Hello[] = [];
  readonly gaps: Gap[] = [];
  /** Paths of the batches that came. */
  readonly hops: (readonly Hop[])[] = [];
  /** The compressed bytes of the batches that came. */
  readonly bodies: Buffer[] = [];
  /** Of each segment that came: its host where it names one, and that of its stream. */
  readonly hosts: (readonly [own: string | undefined, ofStream: string])[] = [];
  /** What a hub told of its site. */
  readonly snapshots: string[] = [];
  readonly #recorded = new Map<Id, { readonly from: number; readonly to: number; readonly cause: GapCause }[]>();
  readonly options: TestSiteOptions;
  storeId: Id = 'aa'.repeat(16);
  duplicates = 0;
  batches = 0;
  /** While false nothing is answered, and sockets are not read. */
  reading = true;
  readonly #server: WebSocketServer;
  readonly #sockets = new Set<WebSocket>();
  readonly #sessions = new Map<WebSocket, ServerSession>();

  private constructor(server: WebSocketServer, options: TestSiteOptions) {
    this.#server = server;
    this.options = options;
    this.streams = options.sameSiteAs?.streams ?? new Map();
    server.on('connection', (socket) => this.#serve(socket));
  }

  static async start(options: TestSiteOptions = {}): Promise<TestSite> {
    const common = { path: '/v1/agent', perMessageDeflate: false };
    if (options.behind !== undefined) return new TestSite(new WebSocketServer({ ...common, server: options.behind }), options);
    const server = new WebSocketServer({ ...common, host: options.host ?? '127.0.0.1', port: options.port ?? 0 });
    await once(server, 'listening');
    return new TestSite(server, options);
  }

  get port(): number {
    const address = this.#server.address();
    return isAddress(address) ? address.port : 0;
  }

  get url(): string {
    const { host = '127.0.0.1' } = this.options;
    return `ws://${isIPv6(host) ? `[${host}]` : host}:${this.port}`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** The bytes of the stream with this path, as far as they came. */
  text(path: string): string {
    return [...this.streams.values()]
      .filter((stream) => stream.open.identity.path === path)
      .map((s) => s.bytes.toString())
      .join('|');
  }

  /** What of a stream was declared lost and recorded as such. */
  gapsOf(streamId: Id): readonly { readonly from: number; readonly to: number; readonly cause: GapCause }[] {
    return this.#recorded.get(streamId) ?? [];
  }

  /** Its store as it is now; what is returned brings that back later, as from a backup. */
  backup(): () => void {
    const streams = [...this.streams].map(([id, stream]) => [id, { ...stream }] as const);
    const recorded = [...this.#recorded].map(([id, gaps]) => [id, [...gaps]] as const);
    return () => {
      this.cut();
      this.streams.clear();
      for (const [id, stream] of streams) this.streams.set(id, { ...stream });
      this.#recorded.clear();
      for (const [id, gaps] of recorded) this.#recorded.set(id, [...gaps]);
    };
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.terminate();
    // What had come and was not looked at yet is nobody's any more.
    this.#sessions.clear();
  }

  drain(hubs: readonly string[]): void {
    for (const [socket, session] of this.#sessions) {
      session.drain(hubs, 1000);
      this.#carryOut(socket, session);
    }
  }

  pause(): void {
    this.reading = false;
    for (const socket of this.#sockets) socket.pause();
  }

  resume(): void {
    this.reading = true;
    for (const socket of this.#sockets) socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #serve(socket: WebSocket): void {
    const session = new ServerSession({ now: () => performance.now() });
    this.#sockets.add(socket);
    this.#sessions.set(socket, session);
    if (!this.reading) socket.pause();
    socket.on('message', (data) => {
      if (!(data instanceof Uint8Array) || !this.#sessions.has(socket)) return;
      session.receive(decode(data));
      this.#carryOut(socket, session);
    });
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#sessions.delete(socket);
    });
    socket.on('error', () => undefined);
  }

  #carryOut(socket: WebSocket, session: ServerSession): void {
    for (let effects = session.takeEffects(); effects.length > 0; effects = session.takeEffects()) {
      for (const effect of effects) this.#do(effect, socket, session);
    }
  }

  #do(effect: ServerEffect, socket: WebSocket, session: ServerSession): void {
    switch (effect.kind) {
      case 'send':
        return socket.send(encode(effect.message));
      case 'admit':
        return this.#admit(effect.hello, session);
      case 'recover':
        return session.recovered([...this.streams.values()].map(recovered));
      case 'open':
        return session.positioned(effect.requestId, position(this.#open(effect.message)));
      case 'append':
        return session.appended(effect.requestId, this.#append(effect.request));
      case 'gap':
        this.gaps.push(effect.message);
        return session.positioned(effect.requestId, this.#skip(effect.key.streamId, effect.message));
      case 'close-stream':
        this.#stream(effect.key.streamId).closed = true;
        return undefined;
      case 'snapshot':
        this.snapshots.push(Buffer.from(effect.json).toString());
        return undefined;
      case 'close':
        return socket.close();
    }
  }

  #admit(hello: Hello, session: ServerSession): void {
    this.hellos.push(hello);
    const { reject, mute = false, creditBytes = 8 * 1024 * 1024, flushIntervalMsMin = 0 } = this.options;
    if (mute) return;
    if (reject !== undefined) return session.admitted({ kind: 'rejected', ...reject });
    session.admitted({
      kind: 'admitted',
      origin: { siteId: 'cc'.repeat(16), agentId: hello.agentId },
      welcome: {
        hubId: 'bb'.repeat(16),
        siteId: 'cc'.repeat(16),
        storeId: this.storeId,
        hubs: [],
        limits: {
          frameBytesMax: limits.frameBytesMax,
          inflatedBytesMax: limits.inflatedBytesMax,
          segmentsMax: limits.segmentsMax,
          recordsMax: limits.recordsMax,
          streamsMax: limits.streamsMax,
        },
        flushIntervalMsMin,
        creditBytes,
        capabilities: [],
      },
    });
  }

  #open(open: OpenStream): SiteStream {
    return this.streams.getOrInsertComputed(open.streamId, () => {
      return { open, held: open.start, heldMark: '', archived: open.start, bytes: Buffer.alloc(0), closed: false };
    });
  }

  #append(request: AppendRequest): AppendResult {
    const { batch, segments } = request;
    this.batches += 1;
    this.hops.push(batch.envelope.hops);
    this.bodies.push(Buffer.from(batch.body));
    for (const { key, from, fromMark } of segments) {
      const stream = this.#stream(key.streamId);
      const differs = from === stream.held && stream.heldMark !== '' && fromMark !== '' && fromMark !== stream.heldMark;
      if (from <= stream.held && !differs) continue;
      return { kind: 'refused', reason: 'position', key, held: stream.held, heldMark: stream.heldMark, hint: 'not in place' };
    }
    const inflated = zstdDecompressSync(batch.body);
    for (const { key, host } of segments) this.hosts.push([host, this.#stream(key.streamId).open.attributes.host]);
    let offset = 0;
    let isNew = false;
    for (const { key, from, to, toMark, bytes } of segments) {
      const stream = this.#stream(key.streamId);
      if (to > stream.held) {
        isNew = true;
        stream.bytes = Buffer.concat([stream.bytes, inflated.subarray(offset + stream.held - from, offset + bytes)]);
        Object.assign(stream, { held: to, heldMark: toMark, archived: to });
      }
      offset += bytes;
    }
    if (!isNew) this.duplicates += 1;
    return { kind: isNew ? 'stored' : 'duplicate' };
  }

  #skip(streamId: Id, gap: Gap): StreamPosition {
    const stream = this.#stream(streamId);
    if (gap.from <= stream.held && gap.to > stream.held) {
      const recorded = { from: stream.held, to: gap.to, cause: gap.cause };
      this.#recorded.getOrInsertComputed(streamId, () => []).push(recorded);
      Object.assign(stream, { held: gap.to, heldMark: gap.toMark });
    }
    return position(stream);
  }

  #stream(streamId: Id): SiteStream {
    const stream = this.streams.get(streamId);
    if (stream === undefined) throw new Error(`stream ${streamId} was not opened`);
    return stream;
  }
}

function position({ held, heldMark, archived }: SiteStream): StreamPosition {
  return { held, heldMark, archived };
}

function recovered({ open, held, heldMark, closed }: SiteStream): RecoveredStream {
  const { streamId, identity, attributes, start } = open;
  return { streamId, origin: { siteId: '', agentId: '' }, identity, attributes, start, held, heldMark, closed };
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
