/** A time in a query: the same wherever one is asked for. */
import * as z from 'zod';
import { parseMoment } from '../../outputs/archive/search/search-time.ts';
import { HttpError } from './http-error.ts';

export const moment: z.ZodString = z.string().max(64).describe('RFC 3339, milliseconds since 1970, now, or now-15m');

/** Throws an HttpError. */
export function momentOf(name: string, text: string, nowMs: number): number {
  const ms = parseMoment(text, nowMs);
  if (ms !== undefined) return ms;
  const message = `query: ${name} is no time; write 2026-11-21T10:00:00Z, milliseconds since 1970, now, or now-15m`;
  throw new HttpError(400, 'range', message);
}
