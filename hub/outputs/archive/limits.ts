/** Limits of the archive output. */
import { assert } from '@tributary/shared/assert.ts';

/**
 * Bytes of CSV after which a frame is closed: about half as many of raw, with lines of usual length. Measured from 512 KiB to 8 MiB,
 * size and speed are the same within a few percent, but memory is not: each object being written and each frame being
 * searched has one in memory, and with very short lines a frame still stays of this size.
 */
export const frameBytes = 2 * 1024 * 1024;

/** Measured on mixed logs: level 1 takes half the time of level 3 and its size is within a few percent. */
export const zstdLevel = 1;
export const gzipLevel = 4;

/** Objects that are written at the same time: each has a frame in memory. */
export const objectsOpenMax = 4;
/** Where each waits for a server most of its time. */
export const objectsOpenFarMax = 16;

/** How much of a plan's range is read from the queue in one go. */
export const readEntriesMax = 64;
export const readBytesMax = 4 * 1024 * 1024;

/** Greatest wait before an object that could not be written is tried again. */
export const retryMsMax = 30_000;

/** How long a request for the archive goes on for what comes after it, and how long it lets entries gather. */
export const requestMs = 2000;
export const requestDelayMs = 100;

/** Where nothing is requested, entries that come are looked at so often: a look for each of very many would be most of the work. */
export const lookMs = 100;

assert(requestDelayMs < requestMs, 'a request lasts until what it asks for has gathered');
