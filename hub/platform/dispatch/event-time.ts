/** `@timestamp` of a document that somebody else wrote. */
import type { FieldValue } from '../../processing/record/fields.ts';
import { timeReader } from '../../processing/steps/time/time-formats.ts';
import { TimeZone } from '../../processing/steps/time/time-zone.ts';

/** What Elasticsearch reads, and orders: the years 0 to 9999. */
const [msMin, msMax] = [-62_167_219_200_000, 253_402_300_799_999];
/** Left as it is, with all of its digits. */
const usual = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

const readIso = timeReader('iso8601', TimeZone.utc);

export interface EventTime {
  readonly ms: number;
  readonly text: string;
}

/** A text in a form of ISO 8601, or milliseconds since 1970; undefined of anything else. */
export function eventTime(value: FieldValue | undefined, receivedMs: number): EventTime | undefined {
  const ms = typeof value === 'number' ? Math.floor(value) : typeof value === 'string' ? fromText(value, receivedMs) : undefined;
  if (ms === undefined || !(ms >= msMin && ms <= msMax)) return undefined;
  return typeof value === 'string' && usual.test(value) ? { ms, text: value } : timeOf(ms);
}

export function timeOf(ms: number): EventTime {
  return { ms, text: new Date(ms).toISOString() };
}

function fromText(text: string, receivedMs: number): number | undefined {
  return /^\d{11,14}$/.test(text) ? Number(text) : readIso(text, receivedMs);
}
