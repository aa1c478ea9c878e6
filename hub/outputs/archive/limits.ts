/** Limits of the archive output. */
import { assert } from '@tributary/shared/assert.ts';

/**
 * Bytes of CSV after which a frame is closed. A row of a log line is about twice its raw bytes, so this is some 4 MiB of raw; with
 * very short lines the frame still stays of this size. A search inflates one frame at a time per thread.
 */
export const frameBytes = 8 * 1024 * 1024;

/** Measured on mixed logs: level 1 takes half the time of level 3 and its size is within a few percent. */
export const zstdLevel = 1;
export const gzipLevel = 4;

/** Objects that are written at the same time: each has a frame in memory. */
export const objectsOpenMax = 4;

/** How much of a plan's range is read from the queue in one go. */
export const readEntriesMax = 64;
export const readBytesMax = 4 * 1024 * 1024;

/** Greatest wait before an object that could not be written is tried again. */
export const retryMsMax = 30_000;

/** How long a request for the archive goes on for what comes after it, and how long it lets entries gather. */
export const requestMs = 2000;
export const requestDelayMs = 100;

assert(readBytesMax <= frameBytes, 'reading ahead costs no more memory than a frame');
