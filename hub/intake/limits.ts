import * as protocol from '@tributary/protocol/limits.ts';
import type { SessionLimits } from '@tributary/protocol/messages.ts';
import { assert } from '@tributary/shared/assert.ts';

export interface IntakeLimits {
  /** Batches of one connection that wait for the store: beyond it nothing more is read from its socket. */
  readonly inFlightBytesMax: number;
  /** The same for what else waits for the store, above all streams to be opened: what describes one is as long as its peer likes. */
  readonly requestsInFlightMax: number;
  /** Window of a channel until the store's word on it comes with its first stream. */
  readonly initialCreditBytes: number;
  /** Small batches of all agents together: the more agents there are, the longer each is asked to gather before it sends one. */
  readonly smallBatchesPerSecondMax: number;
  /** No agent is asked to gather for longer. */
  readonly flushIntervalMsMax: number;
  /** When a peer that was turned away may come again. */
  readonly retryAfterMs: number;
  /** How often credits are compared with the store and sessions are asked for what their time brings. */
  readonly tickMs: number;
  /** Granted to every peer. */
  readonly session: SessionLimits;
}

const mebibyte = 1024 * 1024;

export const intakeLimitsDefault: IntakeLimits = {
  inFlightBytesMax: 32 * mebibyte,
  requestsInFlightMax: 256,
  initialCreditBytes: mebibyte,
  smallBatchesPerSecondMax: 500,
  flushIntervalMsMax: 5000,
  retryAfterMs: 5000,
  tickMs: 250,
  session: {
    frameBytesMax: protocol.frameBytesMax,
    inflatedBytesMax: protocol.inflatedBytesMax,
    segmentsMax: protocol.segmentsMax,
    recordsMax: protocol.recordsMax,
    streamsMax: protocol.streamsMax,
  },
};

export function intakeLimits(changes: Partial<IntakeLimits> = {}): IntakeLimits {
  const limits = { ...intakeLimitsDefault, ...changes };
  assert(limits.inFlightBytesMax >= protocol.bodyBytesMax, 'a connection may always have the largest batch in flight');
  assert(limits.requestsInFlightMax >= 1, 'something may be asked');
  assert(limits.smallBatchesPerSecondMax > 0 && limits.flushIntervalMsMax >= 0, 'agents may send');
  assert(limits.initialCreditBytes >= 0 && limits.tickMs > 0, 'limits are positive');
  return limits;
}

/**
 * What an agent is asked to gather at least. A quiet agent sends a batch an interval, and each is a row and a share of a sync
 * whatever its size; busy agents fill theirs before the interval is over and notice nothing.
 */
export function flushIntervalMsMin(limits: IntakeLimits, connections: number): number {
  return Math.min(Math.ceil((connections * 1000) / limits.smallBatchesPerSecondMax), limits.flushIntervalMsMax);
}
