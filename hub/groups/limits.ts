/** Limits of what all readers of topics have in common. */
import { assert } from '@tributary/shared/assert.ts';

/** A lease outlives a short pause of the process, and ends soon enough for another owner when the process is gone. */
export const leaseMs = 10_000;
export const leaseRenewMs = 3000;
/** How often a lease that another owner has is asked for again. */
export const leasePollMs = 1000;

/** A runner of a topic that had nothing to do for so long gives its lease back and ends. */
export const runnerIdleMs = 60_000;
/** How often the whole queue is looked through for entries that nobody told of: all of its figures are read for it. */
export const lookIntervalMs = 300_000;

/** Waits after a failure: doubled from the first to the last. */
export const retryMsMin = 50;
export const retryMsMax = 5000;

assert(leaseRenewMs * 3 < leaseMs, 'a lease can miss two renewals');
assert(runnerIdleMs > leaseMs, 'a lease is kept while work comes now and then');
assert(retryMsMin < retryMsMax, 'the waits grow');
