/**
 * Where a page of a search ended, as the opaque `after` of the next one. It names the last record that was given by its place in its stream, not
 * in an object: what waited for the archive then may be in an object now. The range of time is in it as well, so that `now-15m` means the
 * same on every page.
 */
import * as z from 'zod';
import { pageDigest, parsedPage } from '../page-digest.ts';
import type { Wanted } from '../wanted.ts';

const placeShape = z.strictObject({
  /** Of the query: a place belongs to one search. */
  q: z.string(),
  since: z.number().optional(),
  until: z.number().optional(),
  /** Receive time of the last record that was given. */
  ms: z.number(),
  channel: z.string(),
  partition: z.int(),
  agent: z.string(),
  stream: z.string(),
  position: z.number(),
  ordinal: z.int(),
});
export type PagePlace = z.output<typeof placeShape>;

export function pageText(place: Omit<PagePlace, 'q' | 'since' | 'until'>, wanted: Wanted): string {
  const { sinceMs, untilMs } = wanted;
  const range = { ...(sinceMs !== undefined && { since: sinceMs }), ...(untilMs !== undefined && { until: untilMs }) };
  return Buffer.from(JSON.stringify({ q: pageDigest(wanted), ...range, ...place } satisfies PagePlace)).toString('base64url');
}

/** Throws a SearchError for what `pageText` did not make for this search. */
export function parsePage(text: string, wanted: Wanted): PagePlace {
  return parsedPage(placeShape, text, wanted);
}
