/** Limits of the output to Elasticsearch. */
import { assert } from '@tributary/shared/assert.ts';

const mebibyte = 2 ** 20;

/** A bulk request that was not answered for so long counts as lost. */
export const requestTimeoutMs = 60_000;
/** A node that did not answer is left out for so long, doubled so often. */
export const nodeAwayMs = 5000;
export const nodeAwayTimesMax = 3;
export const pingTimeoutMs = 3000;
export const sniffIntervalMs = 300_000;

/** Between tries while the cluster takes nothing: one small request, so that a repair is seen soon however long it took. */
export const retryMsMin = 200;
export const retryMsMax = 4000;
/** Documents that the cluster does not take are tried again as often while they are few, and later when they are many: so many bytes in a second, */
export const againBytesPerSecond = mebibyte;
/** but not later than this. */
export const againMsMax = 30_000;

/** Entries that are made into lines together: a call of a thread. */
export const bundleBytesMax = 2 * mebibyte;
export const bundleEntriesMax = 64;

/** How much of a topic is read in one go. */
export const readEntriesMax = 64;
export const readBytesMax = mebibyte;

/**
 * As many entries as an owner of a lease can have sent and not committed: the next one looks up whether they are there. A bundle has at least one
 * entry, and so many bundles are under way at most.
 */
export const suspectEntriesMax = 16 * 64;
/** And as many inflated bytes, likewise. */
export const suspectBytesMax = 160 * mebibyte;

/**
 * What is held ahead of the server, in all topics together: as much again as is under way in requests, within these bounds. A topic that has nothing
 * under way may always go.
 */
export const aheadBytesMin = 32 * mebibyte;
export const aheadBytesMax = 128 * mebibyte;
/** Of one topic. */
export const aheadPiecesMax = 16;

/** However slow a server is, its requests are not made smaller. */
export const bulkBytesMin = 16 * 1024;
/** A request that takes longer is a sign that the server has too much to do. */
export const slowMs = 10_000;
/** One that has no answer after so long is told, and the trouble is over once one takes less than the other: what is in between tells nothing new. */
export const lateMs = 8000;
export const soonMs = 4000;

/** Tries of a document that the server answers with a fault of its own which it does not name. */
export const strangeTriesMax = 8;

/** Ids that are looked up with one request. */
export const lookUpIdsMax = 5000;
/** How far the clocks of the cluster, of the store and of the edge may be apart. */
export const clockSlackMs = 600_000;
/** Earlier requests that the server still works on are waited for so long, and asked for so often. */
export const earlierMsMax = 60_000;
export const earlierLookMs = 200;

/** How often it is looked whether an index still keeps what it acknowledges, */
export const indexLookMs = 60_000;
/** and whether any of all that are written to does not, with one request for so much text of their names. */
export const settingsLookMs = 5000;
export const namesTextMax = 3000;

/** How often it is tried again to make an index that could not be made. */
export const unmadeLookMs = 5000;

/** Documents that the server did not take so often are a trouble that a person is told of. */
export const blockedTriesMin = 3;

/** Of the documents in one entry of dead letters. */
export const lettersBytesMax = 16 * mebibyte;

/** Threads that make lines. */
export const threadsMax = 2;

/** At a stop, requests under way may be answered for so long. */
export const stopMs = 3000;

assert(suspectEntriesMax >= aheadPiecesMax * bundleEntriesMax, 'what was sent before is looked up');
assert(suspectBytesMax >= aheadBytesMax + bundleBytesMax, 'what was sent before is looked up');
assert(retryMsMin < retryMsMax && retryMsMax < againMsMax, 'the waits grow');
assert(soonMs < lateMs, 'what is as slow as it was is no repair');

/** How long bulk requests take: most of them well below a second, and a minute is as good as lost. */
export const bulkBoundsSeconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
