import { assert } from '@tributary/shared/assert.ts';

/** Documents that wait in memory while there is no stream yet, or no room. */
export const queuedEventsMax = 2000;
export const queuedBytesMax = 1024 * 1024;
/** A longer document is not kept: it would be nothing that a person reads. */
export const documentBytesMax = 64 * 1024;
/** Events of one name and source within this long of the first are told as one. */
export const repeatWindowMs = 60_000;
/** Events of one name about different sources that are told one by one within a window; what exceeds them is told as one. */
export const sourcesPerWindowMax = 100;
/** How often the clocks are compared. */
export const clockLookMs = 10_000;
/** A smaller difference is a clock that is being corrected. */
export const clockJumpMsMin = 2000;

assert(documentBytesMax <= queuedBytesMax, 'a document fits the queue');
