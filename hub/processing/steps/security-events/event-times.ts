/** The times that CEF and LEEF allow: milliseconds since 1970, and `MMM dd yyyy HH:mm:ss` with what may be left out of it. */
import { readWhole, type TimePattern, TimePatternError } from '../time/time-pattern.ts';
import { timeReader, type TimeReader } from '../time/time-formats.ts';
import type { TimeZone } from '../time/time-zone.ts';
import { compileUnicodePattern } from '../time/unicode-pattern.ts';

const patterns = ['MMM d yyyy HH:mm:ss.S z', 'MMM d yyyy HH:mm:ss z', 'MMM d yyyy HH:mm:ss.S', 'MMM d yyyy HH:mm:ss'];
const yearless = ['MMM d HH:mm:ss.S z', 'MMM d HH:mm:ss z', 'MMM d HH:mm:ss.S', 'MMM d HH:mm:ss'];
const lengthMax = 64;
/** Formats that events bring along are few; more than that are an attack. */
const ownPatternsMax = 64;

export class EventTimes {
  readonly #zone: TimeZone;
  readonly #readers: readonly TimeReader[];
  readonly #own = new Map<string, TimePattern | undefined>();

  constructor(zone: TimeZone) {
    this.#zone = zone;
    const made = [...patterns, ...yearless].map((pattern) => compileUnicodePattern(pattern, zone));
    this.#readers = [
      timeReader('epoch_ms', zone),
      ...made.map(
        (pattern): TimeReader =>
          (text, receivedMs) =>
            readWhole(pattern, text, receivedMs),
      ),
      timeReader('iso8601', zone),
    ];
  }

  read(text: string, receivedMs: number): number | undefined {
    if (text.length > lengthMax) return undefined;
    for (const read of this.#readers) {
      const found = read(text, receivedMs);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** With a pattern of Java's that the event names. */
  readBy(pattern: string, { text, receivedMs }: { text: string; receivedMs: number }): number | undefined {
    const compiled = text.length > lengthMax || pattern.length > lengthMax ? undefined : this.#patternOf(pattern);
    return compiled === undefined ? undefined : readWhole(compiled, text, receivedMs);
  }

  #patternOf(pattern: string): TimePattern | undefined {
    if (this.#own.has(pattern)) return this.#own.get(pattern);
    // Only kept so as not to be compiled anew: what a document holds does not come from it.
    if (this.#own.size >= ownPatternsMax) this.#own.clear();
    const compiled = compiledOrNone(pattern, this.#zone);
    this.#own.set(pattern, compiled);
    return compiled;
  }
}

function compiledOrNone(pattern: string, zone: TimeZone): TimePattern | undefined {
  try {
    return compileUnicodePattern(pattern, zone);
  } catch (error) {
    if (error instanceof TimePatternError) return undefined;
    throw error;
  }
}
