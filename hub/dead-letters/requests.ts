/** What operators may ask for, by the socket and by the HTTP API. */
import * as z from 'zod';
import { letterFilter } from './letter-filter.ts';
import { shownMax } from './limits.ts';

const entryIds = z
  .array(z.string().regex(/^\d{1,5}\.\d{1,15}$/, 'must be the id of an entry, as dlq list shows it'))
  .min(1)
  .max(1000);

export const listRequest = z.strictObject(letterFilter);
export const showRequest = z.strictObject({ ...letterFilter, limit: z.int().min(1).max(shownMax).optional() });
export const replayRequest = z.strictObject(letterFilter);
/** `yes`: they may be lost. */
export const dropRequest = z.strictObject({ ...letterFilter, yes: z.boolean().optional() });

const { tenant, type, error, since } = letterFilter;
const entryFilter = { tenant, type, error, since, ids: entryIds.optional() };

export const replayEntriesRequest = z.strictObject(entryFilter);
export const dropEntriesRequest = z.strictObject({ ...entryFilter, yes: z.boolean().optional() });

export type ShowRequest = z.output<typeof showRequest>;
export type DropRequest = z.output<typeof dropRequest>;
export type ReplayEntriesRequest = z.output<typeof replayEntriesRequest>;
export type DropEntriesRequest = z.output<typeof dropEntriesRequest>;
