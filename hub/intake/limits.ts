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
  /** Before a store that cannot be reached is asked again for a connection that waits. */
  readonly storePauseMs: number;
  /** When a peer that was turned away may come again. */
  readonly retryAfterMs: number;
  /** How often credits are compared with the store and sessions that wait for a Hello are asked for what their time brings. */
  readonly tickMs: number;
  /** Granted to every peer. */
  readonly session: SessionLimits;
}

const mebibyte = 1024 * 1024;

/** Sending agents to hubs that have fewer (rebalance.ts). */
export const rebalanceLimits = {
  everyMs: 1000,
  /** A hub has too many beyond both, against the mean of the ready hubs… */
  overMean: 1.5,
  overCount: 20,
  /** …and enough from here on. */
  stopOverMean: 1.1,
  /** Asked to go at a time: at most, and as a share of what is too many. */
  perTickMax: 20,
  share: 0.05,
  /** Who was asked and is here all the same, or came back, is left alone for so long. */
  askAgainMs: 1_800_000,
  rememberedMax: 100_000,
  /** For its last answers. */
  deadlineMs: 5000,
};

/** A connection younger than this is not ended by the news that its agent came to another hub: the news may be older. */
export const admittedSoonMs = 2000;

export const intakeLimitsDefault: IntakeLimits = {
  inFlightBytesMax: 32 * mebibyte,
  requestsInFlightMax: 256,
  initialCreditBytes: mebibyte,
  smallBatchesPerSecondMax: 3500,
  flushIntervalMsMax: 5000,
  storePauseMs: 1000,
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
