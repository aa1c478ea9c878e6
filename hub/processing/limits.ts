/** Limits of processing. Intake has refused what is over the protocol's limits; these hold even if it had not. */
import { assert } from '@tributary/shared/assert.ts';

/** Greatest inflated body that a thread unpacks: a smaller bound than memory, a greater one than any agent sends. */
export const inflatedBytesMax = 256 * 1024 * 1024;
export const recordsMax = 16 * 1024 * 1024;
/** Memory that a body may ask its decoder for, as the exponent of two: 8 MiB, the most that any level below the "ultra" ones asks for. */
export const zstdWindowLogMax = 23;

/** Bundles of one front topic that are read ahead and worked on at the same time. */
export const bundlesAheadMax = 8;
/** Bytes of bodies read in one go. */
export const readBytesMax = 8 * 1024 * 1024;
export const readEntriesMax = 256;

/** Bundles of one commit: what was finished meanwhile goes together, so that a sync serves several. */
export const bundlesPerCommitMax = 16;

/**
 * Small batches that follow each other are worked on together and make one block: what a batch costs whatever its size (a call to a
 * thread, two decoders, an entry, a cursor's move) is then shared. One that is larger than its share loses nothing by being alone, and
 * keeps its body as the agent compressed it.
 */
export const bundleEntriesMax = 256;
export const bundleBytesMax = 256 * 1024;
export const smallBytesMax = 32 * 1024;
export const smallRecordsMax = 4096;

/** What came in so short a time behind what was read last waits until it is over: many quiet agents fill a bundle in it. */
export const gatherMs = 100;

/** How long a burst of incoming batches may hold up what is stored already (groups/burst.ts), and from which rate it is one. */
export const burstMsMax = 1500;
export const burstBytesPerSecond = 10 * 1024 * 1024;

/** How long a thread may work on one batch before it is ended. */
export const processMsMax = 30_000;
/** How often it is looked whether one does. */
export const threadLooksMs = 250;
/** Batches of one channel that are given to a thread: the one that it works on, and the next. */
export const callsPerThreadMax = 2;
/** How long the stop waits for what threads work on. */
export const poolEndMsMax = 5000;
/** Threads of pipelines at most: archive and store have theirs, more would only wait for them. */
export const pipelineThreadsMax = 4;

assert(threadLooksMs * 4 <= processMsMax, 'a limit is looked after in time');
assert(bundlesPerCommitMax >= 1 && bundlesAheadMax >= 1 && bundleEntriesMax >= 1, 'a pipeline gets on');
assert(smallBytesMax <= bundleBytesMax && bundleBytesMax <= inflatedBytesMax, 'what is small fits into a bundle');
