import { frameBytesMax } from '@tributary/protocol/limits.ts';
import type { FailureLimits } from '../failure-limiter.ts';
import { assert } from '@tributary/shared/assert.ts';

export interface AgentListenerLimits {
  readonly connectionsMax: number;
  /** Of one address, or one /64 of IPv6. */
  readonly connectionsPerAddressMax: number;
  /** From the open socket to the end of the TLS handshake, and again to the end of the HTTP request. */
  readonly handshakeTimeoutMs: number;
  /** Of an HTTP request. */
  readonly headerBytesMax: number;
  /** Answers that the peer does not read: beyond it the connection is ended. */
  readonly unreadBytesMax: number;
  /** From our close to the peer's; then the socket is destroyed. */
  readonly closeTimeoutMs: number;
  readonly keepAliveMs: number;
  /** A peer that said nothing for so long is asked whether it is there, */
  readonly askAfterMsMin: number;
  /** and later where there are so many that more would have to be asked. */
  readonly asksPerSecondMax: number;
  /** Who does not answer for so long is gone: its connection is ended. */
  readonly silentMsMax: number;
  /** The socket gathers no more than this of a message, */
  readonly payloadBytesMax: number;
  /** and before its peer was admitted no more than this: a Hello is short, and anybody may connect. */
  readonly strangerPayloadBytesMax: number;
  /**
   * Who has begun a message sends so many bytes of it in each such time, or all of it: else the connection is ended. It is far less than
   * what a bad line carries, and ends who keeps what was sent in our memory by sending a byte now and then.
   */
  readonly slowBytesMin: number;
  readonly slowWindowMs: number;
}

export const agentListenerLimitsDefault: AgentListenerLimits = {
  connectionsMax: 10_000,
  connectionsPerAddressMax: 256,
  handshakeTimeoutMs: 10_000,
  headerBytesMax: 8 * 1024,
  unreadBytesMax: 16 * 1024 * 1024,
  closeTimeoutMs: 3000,
  keepAliveMs: 30_000,
  askAfterMsMin: 4000,
  asksPerSecondMax: 500,
  silentMsMax: 60_000,
  payloadBytesMax: frameBytesMax + 1024 * 1024,
  strangerPayloadBytesMax: 256 * 1024,
  slowBytesMin: 16 * 1024,
  slowWindowMs: 30_000,
};

/**
 * Of one address, connections that end before their peer is known: a handshake takes half a millisecond of the thread that serves all. All the agents
 * that may come from one address can fail some times at once; after that a flood has a few hundredths of the hub.
 */
export function strangerTries(connectionsPerAddressMax: number): FailureLimits {
  const perAddress = { tries: 8 * connectionsPerAddressMax, perSecond: connectionsPerAddressMax / 5 };
  return { perAddress, total: { tries: 1e9, perSecond: 1e9 }, addressesMax: 10_000 };
}

/** What a connection takes for its handshake and leaves behind: once no more come, this is given back (shared/spare-memory.ts). */
export const handshakeMemoryBytes = 128 * 1024;

assert(agentListenerLimitsDefault.unreadBytesMax >= frameBytesMax, 'the longest answer may wait to be read');
