import { assert } from '@tributary/shared/assert.ts';

/** Before a call that could not be done is sent again. */
export const lanePauseMs = 100;

/** How long a call may be tried: what comes in is refused as busy then, and its sender tries again; the others are their caller's to repeat. */
export const intakePatienceMs = 3000;
export const patienceMs = 10_000;
/** What is done again and again by itself, or as the hub ends, waits for nobody long. */
export const upkeepPatienceMs = 1000;

/** Entries that an operator skips with one call of Redis, which does nothing else meanwhile. */
export const skippedAtOnceMax = 500;
/** Entries that a cursor passes with one call where each is looked at. */
export const passedAtOnceMax = 1000;
/** Streams or entries that are looked at with one call for what lay before a group. */
export const gatheredAtOnceMax = 1000;
/** Rows of these that are forgotten with one call. */
export const forgottenAtOnceMax = 5000;

/** How old what is known of other hubs' entries may be, where their notes were lost. */
export const pollMs = 500;
export const tickMs = 1000;
export const tickWithMoreMs = 50;
/** The replay window is exact to this part of it, as in functions/upkeep.ts. */
export const windowParts = 30;
/** Entries are told to other hubs together. */
export const noteMs = 10;

/** Entries of a topic measured, rows read with one call: each takes a millisecond or two of Redis. */
export const measuredMax = 2000;
export const rowsMax = 500;
export const topicsAtOnceMax = 50;

/** Streams whose descriptions are remembered. */
export const streamsRememberedMax = 20_000;

/** Parts of Redis' memory: from the first on there is less credit, from the second on nothing comes in. */
export const memoryShort = 0.8;
export const memoryFull = 0.9;

/** A body below this stays in memory: as a file it would take as much and cost a sync. */
export const spilledBytesMin = 4096;

/** A body from here on has a key of its own: smaller ones cost less together. */
export const keyedBytesMin = 8192;

/** Of an entry that went, what was spilled stays so long. */
export const spilledStaysMs = 60_000;

/** What is left in the spill store by what broke off is looked for as often. */
export const sweepMs = 10 * 60_000;

assert(memoryShort < memoryFull && memoryFull < 1, 'intake ends before Redis refuses');
