/** What one request, and all of them together, may use up. docs/operating/http.md tells them. */
import { inflatedBytesMax } from '@tributary/protocol/limits.ts';
import { assert } from '@tributary/shared/assert.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

export interface HttpLimits {
  /** Request line and headers together: 431 beyond. */
  readonly headerBytesMax: number;
  readonly headersMax: number;
  /** The whole request. What must come faster than that is below. */
  readonly requestTimeoutMs: number;
  /** A connection without a request. */
  readonly idleTimeoutMs: number;
  /** Nothing read and nothing written. */
  readonly stalledTimeoutMs: number;
  /** Of a request that is not a push. */
  readonly bodyBytesMax: number;
  /** After so long a body must have come at the rate below, on average, or 408. */
  readonly slowGraceMs: number;
  readonly slowBytesPerSecond: number;
  /** Of a request that was refused so much is read, and so long, for the answer to reach its sender: a reset would overtake it. */
  readonly lingerBytesMax: number;
  readonly lingerMs: number;
}

export const httpLimitsDefault: HttpLimits = {
  headerBytesMax: 16 * kibibyte,
  headersMax: 100,
  requestTimeoutMs: 300_000,
  idleTimeoutMs: 30_000,
  stalledTimeoutMs: 60_000,
  bodyBytesMax: 256 * kibibyte,
  slowGraceMs: 10_000,
  slowBytesPerSecond: 4 * kibibyte,
  lingerBytesMax: mebibyte,
  lingerMs: 1000,
};

/** One push on `listeners.http`, inflated; a push listener has its own. */
export const pushBytesMax = 16 * mebibyte;
/** One record: what the largest batch takes. */
export const recordBytesMax = inflatedBytesMax;
/** Lines or elements of one push, blank ones among them. */
export const recordsPerPushMax = 1_000_000;
/** Bodies of pushes of all listeners that are in memory now: 503 beyond. */
export const pushBytesInMemoryMax = 256 * mebibyte;
/** Objects and arrays in one another. */
export const jsonDepthMax = 128;
export const idempotencyKeyMax = 128;

assert(recordBytesMax <= inflatedBytesMax, 'a record fits a batch');
assert(pushBytesMax <= pushBytesInMemoryMax / 2, 'the largest push may be in memory twice');
