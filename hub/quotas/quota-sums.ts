/** What came in, and what was left out, of one tenant or one of its types on one day (UTC). Kept as JSON (quota-book.ts). */
import { dayMs } from './limits.ts';

export interface QuotaSums {
  /** Days since 1970. */
  readonly day: number;
  bytes: number;
  droppedBytes: number;
  droppedRecords: number;
  /** Batches and requests. */
  droppedBatches: number;
  /** How often somebody was told to wait. */
  throttled: number;
  /** Of platform events, what did not count: their share is their own. */
  platformBytes: number;
  /** So many bytes an event told of: a part of the limit that the quota had then. */
  toldBytes: number;
  /** The limit at which it was used up; 0: it was not. A quota that was raised beyond it is open again. */
  usedUpBytes: number;
}

export function dayOf(nowMs: number): number {
  return Math.floor(nowMs / dayMs);
}

export function newSums(day: number): QuotaSums {
  const dropped = { droppedBytes: 0, droppedRecords: 0, droppedBatches: 0 };
  return { day, bytes: 0, ...dropped, throttled: 0, platformBytes: 0, toldBytes: 0, usedUpBytes: 0 };
}

/** Undefined for anything that is not of this day, or makes no sense. */
export function sumsOf(stored: string | undefined, day: number): QuotaSums | undefined {
  if (stored === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(stored);
  } catch {
    return undefined;
  }
  return parseSums(value, day);
}

/** The same of what was read already. */
export function parseSums(value: unknown, day: number): QuotaSums | undefined {
  const sums: Record<string, unknown> = { ...newSums(day) };
  for (const name of Object.keys(sums)) {
    const number: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
    if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) return undefined;
    sums[name] = number;
  }
  return isSums(sums) && sums.day === day ? sums : undefined;
}

/** What several hubs have summed up. Marks are the greatest of them: an event that one told, or a quota that one found used up, is so for all. */
export function together(day: number, all: readonly Readonly<QuotaSums>[]): QuotaSums {
  const whole = newSums(day);
  for (const sums of all) {
    whole.bytes += sums.bytes;
    whole.droppedBytes += sums.droppedBytes;
    whole.droppedRecords += sums.droppedRecords;
    whole.droppedBatches += sums.droppedBatches;
    whole.throttled += sums.throttled;
    whole.platformBytes += sums.platformBytes;
    whole.toldBytes = Math.max(whole.toldBytes, sums.toldBytes);
    whole.usedUpBytes = Math.max(whole.usedUpBytes, sums.usedUpBytes);
  }
  return whole;
}

function isSums(value: object): value is QuotaSums {
  return 'day' in value && 'usedUpBytes' in value;
}
