/** What a page's `after` has in common wherever it was searched: it is of one search, and holds for no other. */
import { hash } from 'node:crypto';
import type * as z from 'zod';
import { stalePage } from './search-error.ts';
import type { Wanted } from './wanted.ts';

/** Of all that is wanted but the range of time, which a page brings itself. */
export function pageDigest(wanted: Wanted): string {
  const rest = { ...wanted, sinceMs: undefined, untilMs: undefined };
  return hash('sha256', JSON.stringify(rest), 'base64url').slice(0, 12);
}

/** Throws a SearchError for what was not made for this search. */
export function parsedPage<Schema extends z.ZodType<{ readonly q: string }>>(
  schema: Schema,
  text: string,
  wanted: Wanted,
): z.output<Schema> {
  const parsed = schema.safeParse(jsonOf(Buffer.from(text, 'base64url').toString()));
  if (parsed.success && parsed.data.q === pageDigest(wanted)) return parsed.data;
  throw stalePage();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
