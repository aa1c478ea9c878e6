import { frameBytesMax } from '@tributary/protocol/limits.ts';
import { assert } from '@tributary/shared/assert.ts';

export interface AgentListenerLimits {
  readonly connectionsMax: number;
  /** From the open socket to the end of the WebSocket handshake. */
  readonly handshakeTimeoutMs: number;
  /** Answers that the peer does not read: beyond it the connection is ended. */
  readonly unreadBytesMax: number;
  /** From our close to the peer's; then the socket is destroyed. */
  readonly closeTimeoutMs: number;
  readonly keepAliveMs: number;
  /** The socket gathers no more than this of a message, */
  readonly payloadBytesMax: number;
  /** and before its peer was admitted no more than this: a Hello is short, and anybody may connect. */
  readonly strangerPayloadBytesMax: number;
}

export const agentListenerLimitsDefault: AgentListenerLimits = {
  connectionsMax: 10_000,
  handshakeTimeoutMs: 10_000,
  unreadBytesMax: 16 * 1024 * 1024,
  closeTimeoutMs: 3000,
  keepAliveMs: 30_000,
  payloadBytesMax: frameBytesMax + 1024 * 1024,
  strangerPayloadBytesMax: 256 * 1024,
};

assert(agentListenerLimitsDefault.unreadBytesMax >= frameBytesMax, 'the longest answer may wait to be read');
