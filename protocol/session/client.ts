import { assert, unreachable } from '@tributary/shared/assert.ts';
import type { FrameError } from '../frame-error.ts';
import * as limits from '../limits.ts';
import type { ChannelName, Drain, Id, Message, Position, Recovered, RecoveredStream, Reject, Welcome } from '../messages.ts';
import { channelName } from '../messages.ts';
import { currentVersion, oldestAcceptedVersion } from '../version.ts';
import { ClientChannel, type ChannelConnection } from './client-channel.ts';
import type { ClientCalls, ClientEffect, ClientSessionOptions, CloseReason } from './client-effect.ts';
import { ClientStreams, type ClientStream } from './client-streams.ts';
import { Keepalive } from './keepalive.ts';
import type { Outbox } from './outbox.ts';

type ClientState = 'unconnected' | 'greeting' | 'recovering' | 'recovered' | 'open' | 'draining' | 'closed';

/**
 * The sending half of one connection, without a socket: messages and time come in, effects go out.
 *
 * ```text
 *                connected()            Welcome              recover: Recover             Recovered, the last
 *   unconnected ────────────► greeting ───┬─────────────────────────────────► recovering ───────────────────► recovered
 *                                         │ otherwise                                                              │
 *                                         ▼                             recoveryDone()                             │
 *                                        open ◄────────────────────────────────────────────────────────────────────┘
 *                                         │ Drain
 *                                         ▼            everything answered, or the deadline
 *                                      draining ─────────────────────────────────────────► `drained`
 *
 *   every state ── Reject, no Welcome in time, no Pong in time, a peer that breaks the protocol ──► closed, `close`
 * ```
 *
 * It sends what the outbox has, in order per channel (client-channel.ts), and nothing that the outbox does not hold durably. It
 * reports as `acked` only what the site said it holds durably: by an Ack, or by a Position.
 */
export class ClientSession implements ClientCalls {
  readonly #options: ClientSessionOptions;
  readonly #outbox: Outbox;
  readonly #streams = new ClientStreams();
  readonly #channels = new Map<ChannelName, ClientChannel>();
  readonly #channelsByNumber: ClientChannel[] = [];
  readonly #keepalive: Keepalive;
  readonly #connection: ChannelConnection;
  /** Streams that are to be opened when there is room. */
  readonly #wanted = new Set<Id>();
  readonly #closing = new Map<Id, number>();
  readonly #recoveredStreams: RecoveredStream[] = [];
  #state: ClientState = 'unconnected';
  #welcome: Welcome | undefined;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #drain: Drain | undefined;
  #effects: ClientEffect[] = [];
  /** The channel that sent last: the next one begins. */
  #lastPumped = 0;

  constructor(options: ClientSessionOptions) {
    this.#options = options;
    this.#outbox = options.outbox;
    this.#keepalive = new Keepalive(options.now);
    this.#connection = this.#channelConnection();
  }

  connected(): void {
    assert(this.#state === 'unconnected', 'a session is connected once');
    this.#state = 'greeting';
    this.#deadlineMs = this.#options.now() + limits.welcomeTimeoutMs;
    const versions = { versionMin: oldestAcceptedVersion, versionMax: currentVersion };
    this.#send({ kind: 'hello', ...versions, ...this.#options.hello });
  }

  receive(message: Message): void {
    if (this.#state === 'closed') return;
    this.#dispatch(message);
    this.#after();
  }

  peerIsHere(): void {
    this.#keepalive.heard();
  }

  receiveInvalid(error: FrameError): void {
    this.#close('peer-broke-protocol', { hint: error.message });
  }

  tick(): void {
    if (this.#state === 'closed') return;
    const now = this.#options.now();
    if (this.#state === 'greeting' && now >= this.#deadlineMs) {
      return this.#close('no-welcome', { hint: `no Welcome within ${limits.welcomeTimeoutMs} ms` });
    }
    if (this.#keepalive.expired) return this.#close('no-pong', { hint: `no Pong within ${limits.pongTimeoutMs} ms` });
    const nonce = this.#keepalive.takeDuePing();
    if (nonce !== undefined) this.#send({ kind: 'ping', nonce });
    this.#pumpAll();
    this.#after();
  }

  nextTickMs(): number | undefined {
    if (this.#state === 'closed' || this.#state === 'unconnected') return undefined;
    let next = Math.min(this.#deadlineMs, this.#keepalive.nextTickMs());
    for (const channel of this.#channels.values()) next = Math.min(next, channel.nextTickMs());
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  outboxGrew(): void {
    if (this.#state !== 'open') return;
    this.#pumpAll();
    this.#after();
  }

  recoveryDone(): void {
    if (this.#state === 'closed' || this.#state === 'draining') return;
    assert(this.#state === 'recovered', 'a recovery is done once all streams were told');
    this.#open();
    this.#after();
  }

  openStream(streamId: Id): void {
    this.#want(streamId);
    this.#after();
  }

  resumeChannel(channel: ChannelName): void {
    this.#channels.get(channel)?.resume();
    this.#after();
  }

  closeStream(streamId: Id, position: number): void {
    this.#closing.set(streamId, position);
    if (this.#streams.find(streamId) === undefined) this.#want(streamId);
    this.#after();
  }

  quiesce(deadlineMs: number): void {
    if (this.#state === 'closed' || this.#state === 'draining') return;
    this.#drained({ kind: 'drain', hubs: [], deadlineMs });
    this.#after();
  }

  sendSnapshot(json: Uint8Array): void {
    assert(json.length <= limits.snapshotBytesMax, 'the host keeps to the size of a snapshot');
    assert(this.#options.hello.sender === 'hub', 'only a hub has a site below');
    if (this.#welcome === undefined || this.#state === 'closed') return;
    this.#send({ kind: 'snapshot', json });
  }

  takeEffects(): ClientEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** A channel's view of this session. */
  #channelConnection(): ChannelConnection {
    const sending = (): boolean => this.#state === 'open';
    const granted = (): Welcome => this.#granted();
    const { siteBefore } = this.#options;
    return {
      outbox: this.#outbox,
      streams: this.#streams,
      get limits() {
        return granted().limits;
      },
      get isSiteBefore() {
        return granted().siteId === siteBefore;
      },
      get sending() {
        return sending();
      },
      now: this.#options.now,
      effect: (effect) => void this.#effects.push(effect),
      ask: (streamId, channel) => this.#ask(streamId, channel),
      broken: (hint) => this.#close('peer-broke-protocol', { hint }),
    };
  }

  #granted(): Welcome {
    assert(this.#welcome !== undefined, 'nothing is sent before the Welcome');
    return this.#welcome;
  }

  #dispatch(message: Message): void {
    switch (message.kind) {
      case 'reject':
        return this.#rejected(message);
      case 'ping':
        return this.#send({ kind: 'pong', nonce: message.nonce });
      case 'pong':
        return this.#keepalive.pong(message.nonce);
      case 'welcome':
        return this.#welcomed(message);
      case 'recovered':
        return this.#recovered(message);
      case 'position':
        return this.#positioned(message);
      case 'ack':
        return this.#channelOf(message.channel)?.acked(message.sequence);
      case 'refuse':
        return this.#channelOf(message.channel)?.refused(message);
      case 'credit':
        return this.#channelOf(message.channel)?.credited(message.bytes);
      case 'drain':
        return this.#drained(message);
      case 'hello':
      case 'recover':
      case 'open-stream':
      case 'batch':
      case 'gap':
      case 'close-stream':
      case 'snapshot':
        return this.#close('peer-broke-protocol', { hint: `${message.kind} is the sender's to send` });
      default:
        return unreachable(message);
    }
  }

  #welcomed(welcome: Welcome): void {
    if (this.#state !== 'greeting') return this.#close('peer-broke-protocol', { hint: 'a Welcome that nothing asked for' });
    if (welcome.version < oldestAcceptedVersion || welcome.version > currentVersion) {
      return this.#close('version', { hint: `the hub chose version ${welcome.version}, which was not offered` });
    }
    this.#welcome = welcome;
    this.#streams.streamsMax = welcome.limits.streamsMax;
    this.#deadlineMs = Number.POSITIVE_INFINITY;
    this.#effects.push({ kind: 'welcomed', welcome });
    if (!this.#options.recover) return this.#open();
    this.#state = 'recovering';
    this.#send({ kind: 'recover' });
  }

  #recovered(message: Recovered): void {
    if (this.#state !== 'recovering') return this.#close('peer-broke-protocol', { hint: 'a Recovered that nothing asked for' });
    this.#recoveredStreams.push(...message.streams);
    if (this.#recoveredStreams.length > limits.recoveredStreamsTotalMax) {
      return this.#close('limit', { hint: `more than ${limits.recoveredStreamsTotalMax} streams to recover` });
    }
    if (!message.last) return;
    this.#state = 'recovered';
    this.#effects.push({ kind: 'recovered', streams: this.#recoveredStreams.splice(0) });
  }

  /** Every stream that has something retained is opened, so that a site that lost it is noticed. */
  #open(): void {
    this.#state = 'open';
    for (const streamId of this.#outbox.retainedStreams()) this.#wanted.add(streamId);
    this.#openWanted();
    this.#pumpAll();
  }

  /** In rounds of half of what may be open: the next one begins when all is answered, so that none pushes out one that waits. */
  #openWanted(): void {
    if (this.#wanted.size === 0 || this.#streams.unanswered > 0) return;
    let room = this.#openAtOnce();
    for (const streamId of this.#wanted) {
      if (room === 0) return;
      room -= 1;
      this.#wanted.delete(streamId);
      this.#askFor(streamId);
    }
  }

  #openAtOnce(): number {
    return Math.max(1, Math.floor(this.#granted().limits.streamsMax / 2));
  }

  #want(streamId: Id): void {
    if (this.#state === 'open' && this.#streams.unanswered < this.#openAtOnce()) this.#askFor(streamId);
    else this.#wanted.add(streamId);
  }

  #askFor(streamId: Id): void {
    const stream = this.#outbox.stream(streamId);
    // It ended, and was forgotten while it waited for its turn.
    if (stream === undefined) return;
    const channel = this.#channel(channelName(stream.attributes));
    if (channel !== undefined) this.#ask(streamId, channel);
  }

  #ask(streamId: Id, channel: ClientChannel): ClientStream | undefined {
    const described = this.#outbox.stream(streamId);
    if (described === undefined) return undefined;
    let stream = this.#streams.find(streamId);
    if (stream === undefined) {
      const added = this.#streams.add(streamId, channel.name);
      stream = added.stream;
      if (added.forgotten !== undefined) this.#channels.get(added.forgotten.channel)?.forgotten(added.forgotten);
    } else if (channel.awaits(streamId)) this.#streams.setState(stream, 'asked');
    const { streamId: told, origin, identity, attributes, start } = described;
    const about = { stream: stream.number, channel: channel.number, streamId: told, origin, identity, attributes, start };
    this.#send({ kind: 'open-stream', ...about, wantArchived: this.#options.wantArchived === true });
    return stream;
  }

  #positioned(message: Position): void {
    if (message.stream > this.#streams.lastNumber) {
      return this.#close('peer-broke-protocol', { hint: `a Position of stream ${message.stream}, which was not opened` });
    }
    const stream = this.#streams.findNumber(message.stream);
    if (stream === undefined) return this.#pumpAll(); // forgotten since; who still needs it asks again
    const { held, heldMark, archived } = message;
    this.#effects.push({ kind: 'positioned', streamId: stream.streamId, held, heldMark, archived });
    this.#channels.get(stream.channel)?.positioned(stream, message);
  }

  #drained(message: Drain): void {
    if (this.#welcome === undefined) return this.#close('peer-broke-protocol', { hint: 'a Drain before the Welcome' });
    this.#state = 'draining';
    this.#drain = message;
    this.#deadlineMs = this.#options.now() + message.deadlineMs;
  }

  #rejected(message: Reject): void {
    this.#close(message.code, { hint: message.hint, retryAfterMs: message.retryAfterMs });
  }

  #channel(name: ChannelName): ClientChannel | undefined {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const number = this.#channels.size + 1;
    if (number > limits.channelsMax) {
      this.#close('limit', { hint: `more than ${limits.channelsMax} channels on one connection` });
      return undefined;
    }
    const channel = new ClientChannel(this.#connection, { name, number, creditBytes: this.#granted().creditBytes });
    this.#channels.set(name, channel);
    this.#channelsByNumber[number] = channel;
    return channel;
  }

  #channelOf(number: number): ClientChannel | undefined {
    const channel = this.#channelsByNumber[number];
    if (channel === undefined) this.#close('peer-broke-protocol', { hint: `channel ${number} was not opened` });
    return channel;
  }

  #pumpAll(): void {
    if (this.#state !== 'open') return;
    for (const name of this.#outbox.channels()) this.#channel(name);
    // Of a channel without batches, too, there may be something to tell.
    for (const streamId of this.#outbox.undeclared?.() ?? []) {
      const stream = this.#outbox.stream(streamId);
      if (stream !== undefined && stream.replaced !== true) this.#channel(channelName(stream.attributes));
    }
    const channels = [...this.#channels.values()];
    this.#pumpInTurn([...channels.slice(this.#lastPumped), ...channels.slice(0, this.#lastPumped)]);
  }

  /** One batch of each at a time, so that a backlog of one channel does not take all that the host gives room for. */
  #pumpInTurn(channels: readonly ClientChannel[]): void {
    let left = channels;
    while (left.length > 0) {
      left = left.filter((channel) => {
        const sent = channel.pump(1);
        if (sent) this.#lastPumped = channel.number;
        return sent;
      });
    }
  }

  /** What follows from any change: streams whose end is held, a drain that is complete, something to wait for or nothing. */
  #after(): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'open') {
      this.#closeStreams();
      this.#openWanted();
    }
    let underWay = 0;
    for (const channel of this.#channels.values()) underWay += channel.batchesUnderWay;
    if (this.#state === 'draining' && (underWay === 0 || this.#options.now() >= this.#deadlineMs)) this.#finishDrain();
    this.#keepalive.setBusy(underWay > 0 || this.#streams.unanswered > 0 || this.#state === 'recovering');
  }

  #closeStreams(): void {
    for (const [streamId, position] of this.#closing) {
      const stream = this.#streams.find(streamId);
      if (stream === undefined || (stream.state !== 'ready' && stream.state !== 'ended') || stream.held < position) continue;
      this.#closing.delete(streamId);
      this.#send({ kind: 'close-stream', stream: stream.number, position });
      this.#effects.push({ kind: 'closed', streamId });
    }
  }

  #finishDrain(): void {
    if (this.#drain === undefined) return;
    this.#effects.push({ kind: 'drained', hubs: this.#drain.hubs });
    this.#drain = undefined;
    this.#deadlineMs = Number.POSITIVE_INFINITY;
  }

  #send(message: Message): void {
    this.#effects.push({ kind: 'send', message });
  }

  #close(reason: CloseReason, why: { hint: string; retryAfterMs?: number }): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#effects.push({ kind: 'close', reason, hint: why.hint, retryAfterMs: why.retryAfterMs ?? 0 });
  }
}
