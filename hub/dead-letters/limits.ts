/** Bounds of what is done with dead letters. */
import { assert } from '@tributary/shared/assert.ts';

/** What is read of a topic at a time. */
export const pageEntries = 64;
export const pageBytes = 8 * 2 ** 20;
/** Letters of entries that inflate to so much together are worked on at a time, and passed in one step. */
export const runBytes = 8 * 2 ** 20;
/** A hub that died in the middle has its lease for a while yet. */
export const leaseWaitMs = 15_000;
/** A list that takes longer says what it found until then. */
export const listMs = 20_000;
/** Kinds of errors that a list tells apart; further ones are told together. */
export const groupsMax = 1000;
export const shownDefault = 20;
export const shownMax = 1000;
/** Of documents that are shown at a time. */
export const shownBytesMax = 16 * 2 ** 20;
/** Dead entries that one request lists, replays or drops. */
export const entriesMax = 10_000;
/** How often it is looked whether there are any. */
export const lookMs = 15_000;
/** A topic is told to be nearly full from this part of its limit on. */
export const nearlyFull = 0.9;

assert(listMs < 60_000, 'a command waits for its answer so long');
