/** Bounds of what is put in order. */
import { assert } from '@tributary/shared/assert.ts';
import { lockMs, lockRenewMs } from '../cluster/redis/limits.ts';

/** Leftovers are looked for first late enough for plans of objects that a crash left to have run again: what they find is none. */
export const firstLookMs = 10_000;
/** How often it is looked for leftovers in the archive's store. */
export const sweepIntervalMs = 3_600_000;
/** What another hub is writing was touched lately. */
export const leftoverAgeMs = 3_600_000;
/** How often it is looked whether somebody asked for a run whose announcement did not come. */
export const lookMs = 60_000;
/** A clock that is so much later than when it was last looked at is not believed: longer than a site is off over holidays. */
export const clockLeapMsMax = 14 * 86_400_000;
/** A call that removes is begun only while the lock is ours for so long yet. */
export const removalMarginMs = 3000;
/** What was broken off under a lock that is held, as its store does not answer, goes on after so long. */
export const goOnMs = 5000;
/** Removals that a dry run tells one by one; further ones are in the sums. */
export const plannedMax = 10_000;
/** Sentences of a run about what could not be done. */
export const notesMax = 50;

assert(removalMarginMs < lockMs - 2 * lockRenewMs, 'a removal goes on although a renewal of the lock was missed');
