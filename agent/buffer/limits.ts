import { assert } from '@tributary/shared/assert.ts';

/** What an operator sets (options.ts): the buffer's limits in bytes and time. */
export interface BufferLimits {
  /** Bytes of batches on disk, acked or not; at this limit inputs wait. */
  readonly maxBytes: number;
  /** How long and how much of what the site acked is kept, for a site whose store goes back. */
  readonly replayWindowMs: number;
  readonly replayMaxBytes: number;
  /** Room given up on a full disk, so that acks and deletes can be written. */
  readonly reserveBytes: number;
}

/** Batches in the index: each costs memory, so a long outage with tiny batches must end in waiting inputs, not in memory. */
export const retainedBatchesMax = 60_000;

/**
 * Events about the trouble itself still fit into a full buffer: their batches have this much room of their own, beyond the limit that
 * an operator sets.
 */
export const reserveClassBytesMax = 8 * 1024 * 1024;
export const reserveClassBatchesMax = 4000;

/** Drops are written together after so long at most: while much is dropped, each is worth no sync of its own. */
export const dropDelayMs = 500;

/** Rows about what was lost; of older ones only the sums are kept. */
export const lossRowsMax = 10_000;

/** Lengths of records that are kept in memory: those of a few batches. */
export const lengthsInMemoryMax = 256 * 1024;

/** What a batch costs beside its body: its row and its segments. */
export const batchOverheadBytes = 1024;

/** Acks wait this long for an append whose transaction they can share: they are worth no sync of their own. */
export const ackDelayMs = 1000;

/** Deletes are written in small groups, so that no transaction outgrows the reserve. */
export const removeGroupMax = 16;

/** How often what was acked is looked at for its age. */
export const trimIntervalMs = 5000;

/** On a full disk: first and longest wait between two tries. Short enough that who made room sees it help, also in the health of its site. */
export const spaceRetryMsMin = 500;
export const spaceRetryMsMax = 4000;

/** Pages given back to the file system in one transaction on a full disk. */
export const vacuumPagesMax = 32;

/** Set aside batches that no site takes: the newest are kept to be looked at. */
export const rejectedBatchesMax = 100;

/** Streams of files that ended are remembered for so long, and so many of them at most. */
export const finishedAgeMsMax = 30 * 24 * 3_600_000;
export const finishedStreamsMax = 20_000;

/** Of files that all begin alike the newest are compared with a new one: each takes a moment of the main thread. */
export const finishedAlikeMax = 1000;

/** Sixteen deletes touch far less than half of this: table pages, pointer maps and free-list pages of 16 KiB, never the bodies. */
export const reserveBytesMin = 2 * 1024 * 1024;

/**
 * The write-ahead log, and the bodies of one transaction (one that is larger goes alone): together half of the reserve. So on a
 * full disk the log can always be brought into the database with the room of the reserve, and what frees room goes on with the rest.
 */
export function logBytesMax(reserveBytes: number): number {
  return Math.min(16 * 1024 * 1024, Math.floor(reserveBytes / 4));
}

export function checkLimits(limits: BufferLimits): void {
  assert(limits.reserveBytes >= reserveBytesMin, 'the reserve has room for a group of deletes and a checkpoint');
  assert(vacuumPagesMax * 16_384 <= reserveBytesMin / 2, 'a step of the vacuum fits into the reserve');
}
