/** Limits of what all readers of topics have in common. */
import { assert } from '@tributary/shared/assert.ts';

/** A lease outlives a pause of the process, and ends soon enough for another owner when the process is gone. */
export const leaseMs = 30_000;
export const leaseRenewMs = 10_000;
/** How often a lease that another owner has is asked for again. */
export const leasePollMs = 1000;

/** Waits after a failure: doubled from the first to the last. */
export const retryMsMin = 50;
export const retryMsMax = 5000;

assert(leaseRenewMs * 2 < leaseMs, 'a lease can miss one renewal');
assert(retryMsMin < retryMsMax, 'the waits grow');
