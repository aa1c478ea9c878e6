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
/** A smaller difference is a clock that is being corrected. */
export const clockJumpMsMin = 2000;

/** Of what one event tells of how the agent is. */
export const measuredFilesMax = 30;
export const measuredInputsMax = 50;
export const measuredTextMax = 300;
/** Files are told one by one this often at most. */
export const measuredFilesMs = 30_000;
/** After the start: by then its inputs have looked around. */
export const firstMeasuredMs = 2000;
/** While nothing changes it is told this often. */
export const measuredAtRestMs = 60_000;
/** Of a processor, for looking how the agent is. */
export const measuredShareMax = 0.002;
/** How many lengths of a file that is behind are remembered, with when they were seen. */
export const sizesSeenMax = 16;

assert(documentBytesMax <= queuedBytesMax, 'a document fits the queue');
