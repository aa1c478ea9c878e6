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

/** How long a thread may work on one batch, or on one record of it where it tells of records, before it is ended. */
export const processMsMax = 30_000;
/** How long it may work on one call that gets on. */
export const callMsMax = 10 * 60_000;
/** What runs a script counts by the processor time that it was given; after so many times its limit it is ended in any case. */
export const starvedTimesMax = 5;
/** How often it is looked whether one does. */
export const threadLooksMs = 100;
/** A process that was stopped for a while did not work meanwhile: of the time since the last look so much counts. */
export const lookCountsMsMax = 500;
/** What a thread may have of memory while a script runs in it, besides what its calls bring. */
export const threadMemoryBytesDefault = 512 * 1024 * 1024;
/** Times that a call's bytes may lie in its thread's memory, besides what its scripts may have: as they came, inflated, and as a block. */
export const callCopiesMax = 4;
/**
 * A thread is ended when it is seen to have more memory than it may. Only beyond this does V8 end it: what asks for so much at once takes
 * the whole program along, and not its thread alone.
 */
export const heapHeadroomBytes = 4 * 1024 * 1024 * 1024;

/** A step that ends its thread so often within a while is switched off for a while: then another one of its records is tried. */
export const stepEndsMax = 3;
export const stepEndsWithinMs = 60_000;
export const stepOffMs = 60_000;

/** Hubs of a site may have other pipelines than each other for so long, as files reach one after the other. */
export const differMsMax = 60_000;

/** How often people are told which steps are off. */
export const brokenStepsLookMs = 1000;

/** How long what is at the top of a script may take: it is made once, in each thread. */
export const topLevelMsMax = 2000;
/** How long it may take to make a pipeline: to read its files, and to run what is at the top of its scripts. */
export const checkMsMax = 20_000;
/** Characters of what a step or a file has to tell that stand in a finding. */
export const problemCharactersMax = 500;
/** Batches of one channel that are given to a thread: the one that it works on, and the next. */
export const callsPerThreadMax = 2;
/**
 * Entries that are tried alone after a hub that did not end as it should: what it had in work, or as much of it as costs little. What is
 * behind them comes nearer with each such end.
 */
export const suspectEntriesMax = 64;
/**
 * How often an entry is tried alone, if its hub ends each time. More often than a few ends of any other cause have it in hand by chance: what
 * is set aside is kept, and told of, but a person has to bring it in again.
 */
export const triesAloneMax = 5;
/** How long a hub is up before it tries an entry again that one hub ended with, alone; twice as long with each further one. */
export const retrialMsMin = 1000;
export const retrialMsMax = 8000;
/** How long such a try keeps those of other channels waiting. */
export const trialMsMax = 5000;
/** Records of one bundle that end their thread at a step and are known; beyond that the whole of it is at fault. */
export const failingMax = 64;
/** How long the stop waits for what threads work on. */
export const poolEndMsMax = 5000;
/** Threads of pipelines at most: archive and store have theirs, more would only wait for them. */
export const pipelineThreadsMax = 4;

assert(topLevelMsMax * starvedTimesMax <= checkMsMax, 'what takes long at the top of a script is told as that');
assert(threadLooksMs * 4 <= processMsMax, 'a limit is looked after in time');
assert(bundlesPerCommitMax >= 1 && bundlesAheadMax >= 1 && bundleEntriesMax >= 1, 'a pipeline gets on');
assert(smallBytesMax <= bundleBytesMax && bundleBytesMax <= inflatedBytesMax, 'what is small fits into a bundle');
