/** Limits of what an upstream keeps in memory of its topics. */
import { assert } from '@tributary/shared/assert.ts';

/** Bodies read ahead and not sent yet, over all topics; one of each topic may always be there. */
export const bodyBytesAheadMax = 16 * 1024 * 1024;
/** One read of a topic. */
export const readEntriesMax = 64;
export const readBytesMax = 4 * 1024 * 1024;
/** Entries of one topic and partition that are known and not answered. */
export const entriesAheadMax = 4096;
/** Entries that were answered and may be asked for again, per topic and partition, and for how long. */
export const retainedEntriesMax = 4096;
export const retainedMs = 15 * 60_000;

/** Answered entries are committed together: so often, and at once when so many wait. */
export const commitIntervalMs = 100;
export const entriesPerCommitMax = 1024;
/** How soon a body that could not be read is tried again. */
export const fetchRetryMs = 1000;
/** How much of a stream's gaps is kept. */
export const gapsPerStreamMax = 1000;
/** A stream of which nothing came for so long, and of which nothing is known any more, is forgotten. */
export const streamIdleMs = 3_600_000;

/** How often the streams of an agent at rest are looked at, for what ended and what was lost: twice as long each time. */
export const endsLookMsMin = 2000;
export const endsLookMsMax = 3_600_000;
/** How many agents are looked at in one round. */
export const endsAgentsMax = 50;

/** How often it is looked whether this hub was enrolled at the upstream. */
export const credentialsLookMs = 1000;
/** How often the upstream is told what changed in this site's health. */
export const snapshotIntervalMs = 2500;

/** A site above that is there again is well again, in the eyes of both, within fifteen seconds: there are few hubs that may come at once. */
export const upstreamRetryMsMax = 6000;

/** How often it is decided which of two upstreams is sent to. */
export const pairLookMs = 250;
/** How long the first of two is to be reached before it is sent to again: doubled each time it did not last. */
export const backAfterMsMin = 3000;
export const backAfterMsMax = 300_000;
/** One that lasted so long is trusted as it was at first. */
export const trustedAfterMs = 60_000;
/** How often the cursors of a quiet upstream follow, and how often the queue is asked for those of its sister at most. */
export const followMs = 500;
export const cursorsLookMs = 2000;
/** How many ranges of a topic and partition that went by another way are known. */
export const otherWaysMax = 256;

assert(backAfterMsMin < backAfterMsMax, 'the waits grow');
assert(readBytesMax < bodyBytesAheadMax, 'more than one read fits what is read ahead');
assert(readEntriesMax < entriesAheadMax, 'a read fits what is known ahead');
assert(endsLookMsMin < endsLookMsMax, 'the waits grow');
