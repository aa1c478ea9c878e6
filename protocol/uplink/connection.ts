/**
 * One connection to a hub: a socket, a session, and the buffer they work for. Thin: every decision about the protocol is the
 * session's. Everything happens in turns on the main thread: something comes (a frame, a timer, new batches, room in the socket),
 * the session is told, and what it asks for is carried out.
 */
import { decode, encode } from '../codec.ts';
import { FrameError } from '../frame-error.ts';
import type { Id, RecoveredStream, Welcome } from '../messages.ts';
import type { ClientCalls, ClientEffect, ClientSessionOptions, CloseReason } from '../session/client-effect.ts';
import { unreachable } from '@tributary/shared/assert.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { freeMemory } from '@tributary/shared/free-memory.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { WebSocket } from 'ws';
import { closeTimeoutMs, leaveDeadlineMs } from './limits.ts';
import { InFlight } from './in-flight.ts';
import { PacedOutbox } from './paced-outbox.ts';
import type { Divergence, UplinkBuffer } from './uplink-buffer.ts';
import type { TokenBucket } from './token-bucket.ts';
import type { UplinkEvents } from './uplink-events.ts';

export interface ConnectionOptions {
  readonly buffer: UplinkBuffer;
  readonly hello: ClientSessionOptions['hello'];
  readonly wantArchived: boolean;
  readonly createSession: (options: ClientSessionOptions) => ClientCalls;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: UplinkEvents;
  /** What all connections of this sender may send together. */
  readonly rate?: TokenBucket | undefined;
  /** Ends a connection whose hub does not answer the Hello in this time; without it the session's own limit holds. */
  readonly welcomeTimeoutMs?: number | undefined;
}

export interface ConnectionEnd {
  /**
   * `socket`: it cannot be reached, or the connection broke. `untrusted`: it is not who it says. `refused`: it answered, and opened no
   * WebSocket to this sender.
   */
  readonly reason: CloseReason | 'drained' | 'left' | 'socket' | 'stopped' | 'untrusted' | 'refused';
  readonly hint: string;
  readonly retryAfterMs: number;
  /** After a Drain: where to go. */
  readonly hubs: readonly string[];
  readonly welcomed: boolean;
}

const closeCode = 1000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: WebSocket;
  readonly #session: ClientCalls;
  readonly #paced: PacedOutbox;
  readonly #ended = Promise.withResolvers<ConnectionEnd>();
  readonly #inFlight = new InFlight();
  #isOpen = false;
  #isSilent = false;
  #isOver = false;
  #pumping = false;
  #welcome: Welcome | undefined;
  #socketError = '';
  #tickTimer: NodeJS.Timeout | undefined;
  #welcomeTimer: NodeJS.Timeout | undefined;
  #leaving: string | undefined;

  constructor(socket: WebSocket, options: ConnectionOptions) {
    this.#options = options;
    this.#socket = socket;
    this.#paced = new PacedOutbox(options.buffer.outbox, () => socket.bufferedAmount, options.rate);
    const { createSession, hello, wantArchived, buffer, clock } = options;
    this.#session = createSession({
      outbox: this.#paced.outbox,
      hello,
      recover: buffer.needsRecovery,
      siteBefore: buffer.site,
      wantArchived,
      now: () => clock.monotonic(),
    });
  }

  get welcome(): Welcome | undefined {
    return this.#welcome;
  }

  get inFlightBytes(): number {
    return this.#inFlight.bytes;
  }

  /** Resolves when the connection is of no more use; rejects when the buffer failed. */
  async run(signal: AbortSignal): Promise<ConnectionEnd> {
    const onAbort = (): void => this.#end({ reason: 'stopped', hint: 'this end stops' });
    signal.addEventListener('abort', onAbort, { once: true });
    this.#listen();
    try {
      if (signal.aborted) onAbort();
      return await this.#ended.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      clearTimeout(this.#tickTimer);
      clearTimeout(this.#welcomeTimer);
      await this.#closeSocket();
    }
  }

  /** Sends nothing more, and ends when everything that was sent is answered. False: not now, as the site is still being asked. */
  leave(hint: string): boolean {
    if (this.#welcome === undefined || this.#options.buffer.needsRecovery) return false;
    if (this.#leaving === undefined) {
      this.#leaving = hint;
      this.#turn(() => this.#session.quiesce(leaveDeadlineMs));
    }
    return true;
  }

  /** New batches are durable. */
  outboxGrew(): void {
    this.#turn(() => this.#session.outboxGrew());
  }

  /** Asks for the stream's position again. */
  openStream(streamId: Id): void {
    this.#turn(() => this.#session.openStream(streamId));
  }

  closeStream(streamId: Id, position: number): void {
    this.#turn(() => this.#session.closeStream(streamId, position));
  }

  sendSnapshot(json: Uint8Array): void {
    this.#turn(() => this.#session.sendSnapshot(json));
  }

  #listen(): void {
    const socket = this.#socket;
    const onOpen = (): void => {
      this.#isOpen = true;
      this.#turn(() => this.#session.connected());
      this.#armWelcome();
    };
    socket.on('message', (data, isBinary) => this.#turn(() => this.#receive(data, isBinary)));
    // The peer's own, sent when it has no answer yet: ws answers it.
    socket.on('ping', () => this.#turn(() => this.#session.peerIsHere()));
    socket.on('error', (error) => {
      this.#socketError = error.message;
    });
    socket.on('close', () => {
      const hint = this.#socketError === '' ? 'the hub closed the connection' : this.#socketError;
      this.#end({ reason: 'socket', hint });
    });
    if (socket.readyState === socket.OPEN) onOpen();
    else socket.on('open', onOpen);
  }

  #armWelcome(): void {
    const { welcomeTimeoutMs } = this.#options;
    if (welcomeTimeoutMs === undefined) return;
    const hint = `no Welcome within ${welcomeTimeoutMs} ms`;
    this.#welcomeTimer = setTimeout(() => {
      if (this.#welcome === undefined) this.#end({ reason: 'no-welcome', hint });
    }, welcomeTimeoutMs);
  }

  #receive(data: unknown, isBinary: boolean): void {
    try {
      if (!isBinary || !(data instanceof Uint8Array)) throw new FrameError('malformed', 'a text message');
      const message = decode(data);
      this.#inFlight.received(message);
      this.#session.receive(message);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#session.receiveInvalid(error);
    }
  }

  /** One thing came: tells the session, then does what it asks. What throws here is a failure of ours or of the buffer. */
  #turn(tell: () => void): void {
    if (this.#isOver || !this.#isOpen) return;
    try {
      tell();
      this.#pump();
    } catch (error) {
      this.#isOver = true;
      this.#ended.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      do {
        for (let effects = this.#session.takeEffects(); effects.length > 0; effects = this.#session.takeEffects()) {
          for (const effect of effects) this.#carryOut(effect);
          this.#paced.handedOver();
        }
      } while (this.#continueHeld());
    } finally {
      this.#pumping = false;
    }
    this.#armTick();
  }

  #continueHeld(): boolean {
    if (this.#isOver || !this.#paced.takeHeld()) return false;
    this.#session.outboxGrew();
    return true;
  }

  #armTick(): void {
    clearTimeout(this.#tickTimer);
    if (this.#isOver) return;
    const atMs = this.#session.nextTickMs() ?? Number.POSITIVE_INFINITY;
    const sessionMs = Math.max(0, Math.ceil(atMs - this.#options.clock.monotonic()));
    const waitMs = Math.min(this.#paced.retryMs, sessionMs);
    if (waitMs === Number.POSITIVE_INFINITY) return;
    this.#tickTimer = setTimeout(() => this.#turn(() => this.#session.tick()), waitMs);
  }

  #carryOut(effect: ClientEffect): void {
    const { buffer, events } = this.#options;
    switch (effect.kind) {
      case 'send':
        return this.#send(effect.message);
      case 'welcomed':
        this.#welcome = effect.welcome;
        return events.welcomed(effect.welcome);
      case 'recovered':
        return this.#later(this.#adopt(effect.streams), () => this.#session.recoveryDone());
      case 'acked':
        buffer.acked(effect.batchIds);
        crashPoint('agent.uplink.after-ack');
        return events.acked(effect.batchIds.length);
      case 'positioned':
        buffer.positioned(effect.streamId, effect.held);
        return events.positioned(effect);
      case 'diverged':
        return this.#diverged(effect);
      case 'gap':
        buffer.recordLoss(effect);
        return events.lost(effect);
      case 'rejected-batch':
        buffer.reject(effect.batchId, `${effect.reason}: ${effect.hint}`);
        return events.rejected(effect);
      case 'closed':
        return buffer.closed(effect.streamId);
      case 'drained':
        if (this.#leaving !== undefined) return this.#end({ reason: 'left', hint: this.#leaving });
        return this.#end({ reason: 'drained', hint: 'the hub asked to go to another', hubs: effect.hubs });
      case 'close':
        return this.#end(effect);
      default:
        return unreachable(effect);
    }
  }

  #send(message: Extract<ClientEffect, { kind: 'send' }>['message']): void {
    const bytes = encode(message);
    this.#inFlight.sent(message);
    this.#socket.send(bytes, { binary: true }, () => {
      freeMemory(bytes);
      if (!this.#isOver && this.#paced.takeHeld()) this.#turn(() => this.#session.outboxGrew());
    });
    if (message.kind !== 'batch') return;
    this.#options.events.sent(message.body.length, message.records);
    freeMemory(message.body);
    crashPoint('agent.uplink.after-send');
  }

  /** Told also when this connection has ended by then: no other one will ask again. */
  async #adopt(streams: readonly RecoveredStream[]): Promise<void> {
    const { buffer, events, logger } = this.#options;
    await buffer.adopt(streams);
    logger.info('the site told which streams it has', { streams: streams.length });
    events.recovered();
  }

  #diverged(divergence: Divergence): void {
    this.#later(this.#options.buffer.diverged(divergence), () => this.#session.resumeChannel(divergence.channel));
  }

  /** Goes on in a turn of its own once `work` is durable. */
  #later<Result>(work: Promise<Result>, then: (result: Result) => void): void {
    work.then(
      (result) => this.#turn(() => then(result)),
      (error: unknown) => {
        this.#isOver = true;
        this.#ended.reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  #end(end: {
    readonly reason: ConnectionEnd['reason'];
    readonly hint: string;
    readonly retryAfterMs?: number;
    readonly hubs?: readonly string[];
  }): void {
    this.#isOver = true;
    const { reason, hint, retryAfterMs = 0, hubs = [] } = end;
    if (reason === 'no-pong' || reason === 'no-welcome') this.#isSilent = true;
    this.#ended.resolve({ reason, hint, retryAfterMs, hubs, welcomed: this.#welcome !== undefined });
  }

  async #closeSocket(): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState === socket.CLOSED) return;
    const closed = Promise.withResolvers<void>();
    const timer = setTimeout(() => socket.terminate(), closeTimeoutMs);
    socket.once('close', () => closed.resolve());
    // Who says nothing will not answer this either.
    if (this.#isOpen && !this.#isSilent) socket.close(closeCode);
    else socket.terminate();
    await closed.promise;
    clearTimeout(timer);
  }
}

const hopeless: ReadonlySet<ConnectionEnd['reason']> = new Set(['clone', 'unauthorized', 'version', 'superseded', 'refused']);

/** Where only a person can help: tried again, but seldom. */
export function isHopeless(reason: ConnectionEnd['reason']): boolean {
  return hopeless.has(reason);
}
