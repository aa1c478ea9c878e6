/** What a listener to a Redis of Beats takes at a time, and how long it waits. */
import { inflatedBytesMax } from '@tributary/protocol/limits.ts';
import { assert } from '@tributary/shared/assert.ts';
import { recordBytesMax } from '../http/limits.ts';

/** Events that are taken at a time: that many are in the hub's own list at most. */
export const batchEventsMax = 2000;
export const batchBytesMax = inflatedBytesMax;
/** A longer event fits no batch, with its line end; it is put aside. */
export const eventBytesMax = recordBytesMax - 1;
/** Batches of a hub are published for so many machines and types at once. */
export const publishesMax = 16;
/** An empty list is looked at again after so long, and at last after the second. */
export const idleMsMin = 50;
export const idleMsMax = 500;
/** Between tries while the store takes nothing, or Redis is not there. */
export const retryMsMin = 200;
export const retryMsMax = 10_000;
/** A hub of the site that was not heard of for so long is taken for gone: what it had taken is taken over. */
export const goneMs = 120_000;
export const lookForGoneMs = 30_000;
/** Events of a channel that wait in memory; more are dropped and counted, as Redis keeps none. */
export const channelEventsMax = 20_000;
export const channelBytesMax = 64 * 1024 * 1024;

assert(eventBytesMax < batchBytesMax + 1, 'the longest event fits a batch');
