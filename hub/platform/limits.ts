import { assert } from '@tributary/shared/assert.ts';

/** Documents that wait in memory while the store takes nothing. */
export const queuedEventsMax = 2000;
export const queuedBytesMax = 1024 * 1024;
/** A longer document is not kept: it would be nothing that a person reads. */
export const documentBytesMax = 64 * 1024;
/** Documents of one entry of the channel. */
export const documentsPerEntryMax = 500;
/** Events of one action that are told one by one within a window; what exceeds them is told as one. */
export const eventsPerWindowMax = 100;
export const windowMs = 60_000;
/** While the store takes nothing, it is asked again after so long. */
export const retryMs = 1000;
/** What is left at the stop gets so long. */
export const lastFlushMs = 2000;
/** Audit events that are read from the registry at a time. */
export const auditEventsMax = 100;
/** How often the trail is looked at when nobody said that it grew. */
export const auditLookMs = 5000;
/** An event that Elasticsearch did not take within this goes by the topic, and so do those of the time after it. */
export const directMs = 5000;
export const directAwayMs = 30_000;
/** How often the dispatchers of platform events tell how they are. */
export const dispatcherTellMs = 60_000;

assert(documentBytesMax <= queuedBytesMax, 'a document fits the queue');
