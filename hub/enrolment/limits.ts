/** What strangers may use up by enrolling, or by trying to. */
import type { FailureLimits } from '../listeners/failure-limiter.ts';

export const enrolmentFailureLimits: FailureLimits = {
  // A person who mistypes has enough; a token's 192 bits are never guessed at this rate.
  perAddress: { tries: 10, perSecond: 0.2 },
  total: { tries: 1000, perSecond: 20 },
  addressesMax: 10_000,
};

/** Certificates of one agent: the shortest that live are renewed far less often. */
export const certificateLimits: FailureLimits = {
  perAddress: { tries: 60, perSecond: 0.5 },
  total: { tries: 1e9, perSecond: 1e9 },
  addressesMax: 10_000,
};

/** Requests at a time: each takes a signature and a row. The rest is asked to come again. */
export const enrolmentsAtOnceMax = 128;
export const busyRetryMs = 1000;

/** Of a request that is too long, before its connection is closed. */
export const discardedBytesMax = 1024 * 1024;

/** A key on P-256 has 91 bytes, a signature at most 72; with room for what is refused with a better word than "too long". */
export const keyCharactersMax = 1024;
export const hostCharactersMax = 255;
export const versionCharactersMax = 64;
