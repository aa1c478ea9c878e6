import * as z from 'zod';
import { TimeZone } from './time-zone.ts';

function zoneNamed(name: string, context: z.RefinementCtx): TimeZone {
  const zone = TimeZone.named(name);
  if (zone !== undefined) return zone;
  context.addIssue({ code: 'custom', message: `there is no time zone ${name}; zones are such as Europe/Vienna, UTC, +02:00` });
  return z.NEVER;
}

export const timeZone = z.string().transform(zoneNamed);

/** The zone of times that do not say theirs. */
export const timeZoneOption = z
  .string()
  .default('UTC')
  .transform(zoneNamed)
  .describe('Zone of times that do not say theirs: a name such as Europe/Vienna, or an offset such as +02:00.');
