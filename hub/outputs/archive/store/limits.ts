/** Limits of a store in a bucket. */
import { assert } from '@tributary/shared/assert.ts';

/** How often the client tries a call before its error is told; what writes tries again after that, for ever. */
export const attempts = 5;
export const connectMs = 10_000;
/** Without a byte in either direction. */
export const idleMs = 60_000;
export const connectionsMax = 32;

/** Parts of all objects together that are in memory on their way. */
export const partsAtOnceMax = 4;
/** What a server takes of one object. */
export const partsMax = 10_000;
export const partBytesMin = 5 * 1024 * 1024;

/** Small files that are read at a time where many are. */
export const readsAtOnceMax = 16;

assert(partsAtOnceMax < connectionsMax, 'uploads leave connections to the others');
