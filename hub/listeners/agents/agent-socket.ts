/**
 * One agent's WebSocket: bytes become messages for the intake, messages become bytes. Nothing is decided here except that a peer
 * that does not read its answers, or does not finish closing, is let go.
 */
import { decode, encode } from '@tributary/protocol/codec.ts';
import { FrameError } from '@tributary/protocol/frame-error.ts';
import type { Message, RejectCode } from '@tributary/protocol/messages.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { WebSocket } from 'ws';
import type { IntakeConnection, Peer } from '../../intake/connection.ts';
import type { Intake } from '../../intake/intake.ts';
import type { AgentWebSocket } from './agent-web-socket.ts';
import type { AgentListenerLimits } from './limits.ts';

const normalClosure = 1000;

export interface AgentSocketParts {
  readonly socket: AgentWebSocket;
  readonly remote: string;
  readonly intake: Intake;
  readonly log: Logger;
  readonly limits: AgentListenerLimits;
}

export class AgentSocket implements Peer {
  readonly remote: string;
  readonly #socket: AgentWebSocket;
  readonly #log: Logger;
  readonly #limits: AgentListenerLimits;
  readonly #connection: IntakeConnection;
  /** True once the peer was admitted. */
  #isKnown = false;
  #closeTimer: NodeJS.Timeout | undefined;

  constructor(parts: AgentSocketParts) {
    this.remote = parts.remote;
    this.#socket = parts.socket;
    this.#log = parts.log;
    this.#limits = parts.limits;
    this.#connection = parts.intake.connect(this);
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
    this.#socket.send(encode(message));
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
    if (!this.#isKnown && this.#connection.hello !== undefined) {
      this.#isKnown = true;
      this.#socket.allowMessages(this.#limits.payloadBytesMax);
    }
  }
}
