/** How hubs of a site know of each other. All ages are by the store's clock. */
import { assert } from '@tributary/shared/assert.ts';
import { leaseMs } from '../../groups/limits.ts';

export const beatMs = 1000;
/** Who was not heard of for so long is no member any more; what it had goes to the others. */
export const deadAfterMs = 5000;
/** A hub that could not reach the store for so long works on nothing: its leases are over, and others have its partitions. */
export const aloneAfterMs = leaseMs;

export const lockMs = 10_000;
export const lockRenewMs = 3000;
/** How often a lock that another hub has is asked for again. */
export const lockPollMs = 2000;

/** What another hub says of itself is cut to so many characters. */
export const memberTextMax = 300;
export const membersMax = 1000;

assert(beatMs * 3 < deadAfterMs, 'a member can miss three heartbeats');
assert(deadAfterMs <= aloneAfterMs, 'who is taken for dead stops working soon after');
assert(lockRenewMs * 3 < lockMs, 'a lock can miss two renewals');
