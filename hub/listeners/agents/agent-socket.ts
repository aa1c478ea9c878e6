/**
 * One agent's WebSocket: bytes become messages for the intake, messages become bytes. Nothing is decided here except that a peer
 * that does not read its answers, does not go on with a message or does not finish closing is let go.
 */
import { decode, encode } from '@tributary/protocol/codec.ts';
import { FrameError } from '@tributary/protocol/frame-error.ts';
import type { Message, RejectCode } from '@tributary/protocol/messages.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { WebSocket } from 'ws';
import type { IntakeConnection, Peer } from '../../intake/connection.ts';
import type { Intake } from '../../intake/intake.ts';
import type { PeerIdentity } from '../../intake/peer-identity.ts';
import type { AgentWebSocket } from './agent-web-socket.ts';
import type { AgentListenerLimits } from './limits.ts';
import { Pace } from './pace.ts';
import { SignOfLife } from './sign-of-life.ts';

const normalClosure = 1000;

export interface AgentSocketParts {
  readonly socket: AgentWebSocket;
  /** What the WebSocket runs on. */
  readonly stream: { readonly bytesRead: number };
  readonly remote: string;
  readonly identity: PeerIdentity;
  readonly intake: Intake;
  readonly log: Logger;
  readonly limits: AgentListenerLimits;
  /** How often it is looked at. */
  readonly lookMs: number;
}

export class AgentSocket implements Peer {
  readonly remote: string;
  readonly #socket: AgentWebSocket;
  readonly #log: Logger;
  readonly #limits: AgentListenerLimits;
  readonly #connection: IntakeConnection;
  readonly #stream: AgentSocketParts['stream'];
  readonly #pace: Pace;
  readonly #life: SignOfLife;
  #closeTimer: NodeJS.Timeout | undefined;

  constructor(parts: AgentSocketParts) {
    this.remote = parts.remote;
    this.#socket = parts.socket;
    this.#log = parts.log;
    this.#limits = parts.limits;
    this.#stream = parts.stream;
    this.#pace = new Pace(parts.limits);
    this.#life = new SignOfLife(parts.lookMs);
    this.#connection = parts.intake.connect(this, parts.identity);
    this.#socket.on('message', (data, isBinary) => this.#received(data, isBinary));
    this.#socket.onInvalid = (error) => this.#connection.receiveInvalid(error);
    this.#socket.on('error', (error) => this.#log.warn('agent connection failed', { error, remote: this.remote }));
    this.#socket.once('close', () => {
      clearTimeout(this.#closeTimer);
      this.#connection.gone();
    });
  }

  send(message: Message): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#socket.bufferedAmount > this.#limits.unreadBytesMax) {
      this.#log.warn('agent does not read its answers: connection ended', { remote: this.remote });
      this.#socket.terminate();
      return;
    }
    if (message.kind === 'welcome') this.#socket.allowMessages(this.#limits.payloadBytesMax);
    this.#socket.send(encode(message));
  }

  /** A ping says by its callback when all before it was written; ws calls it, too, when the socket is gone. */
  flushed(): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.resolve();
    return new Promise((resolve) => this.#socket.ping(undefined, undefined, () => resolve()));
  }

  close(code: RejectCode | 'gone'): void {
    // The reason was told in a Reject; a paused socket would never read the peer's answer to the close.
    this.#socket.resume();
    this.#socket.close(normalClosure, code);
    this.#closeTimer ??= setTimeout(() => this.#socket.terminate(), this.#limits.closeTimeoutMs).unref();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  get silentMs(): number {
    return this.#life.silentMs;
  }

  /**
   * To be called every `lookMs`: ends the connection when a message was begun and does not go on, and asks a peer that said nothing for
   * `askAfterMs` whether it is there.
   */
  look(nowMs: number, askAfterMs: number): void {
    const { isAmidMessage, isPaused } = this.#socket;
    if (isAmidMessage || isPaused) this.#ping();
    if (this.#life.look({ bytesRead: this.#stream.bytesRead, isPaused, askAfterMs })) this.#ping();
    if (this.#life.unansweredMs >= this.#limits.silentMsMax) return this.#endSilent();
    const isUnderWay = isAmidMessage && !isPaused;
    if (!this.#pace.isTooSlow({ isUnderWay, bytesRead: this.#stream.bytesRead, nowMs })) return;
    this.#connection.receiveInvalid(new FrameError('limit', 'a message that was begun comes too slowly, or not at all'));
  }

  /** What was asked last is still on its way, for which the kernel would try a quarter of an hour. */
  #endSilent(): void {
    this.#log.warn('agent does not answer: connection ended', { remote: this.remote, silentMs: this.silentMs });
    this.#socket.terminate();
  }

  /** The peer's own Ping waits behind what we are still getting, or do not read now: it is told without having asked. */
  #ping(): void {
    const { readyState, bufferedAmount } = this.#socket;
    if (readyState === WebSocket.OPEN && bufferedAmount === 0) this.#socket.ping();
  }

  #received(data: WebSocket.RawData, isBinary: boolean): void {
    let message: Message;
    try {
      if (!isBinary || !(data instanceof Uint8Array))
        throw new FrameError('malformed', 'a text message: only binary ones are sent');
      message = decode(data);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#connection.receiveInvalid(error);
      return;
    }
    this.#connection.receive(message);
  }
}
