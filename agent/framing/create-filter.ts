/**
 * The edge filter. For each record: exclude, include, sample, then redact. Patterns see the record as its declared encoding reads,
 * without the line's end; a record of several lines is one text. Of a container engine's log they see what the container wrote.
 */
import type { Cut, Drop } from '@tributary/protocol/messages.ts';
import { LinearPattern } from '@tributary/shared/linear-pattern.ts';
import { containerDecoder } from './container-text.ts';
import type { FilterCounts, Filtered, RecordFilter, RecordsBytes } from './filters.ts';
import { type Framed, noCuts } from './framer.ts';
import type { FilterOptions } from './framing-options.ts';
import { RecordEnds } from './record-ends.ts';
import { type Redaction, createRedaction } from './redaction.ts';
import { keeps, sampleSeed } from './sampling.ts';
import { lineEnd, type RecordDecoder, textDecoder } from '@tributary/shared/text/text-decoder.ts';

/** Undefined: nothing is filtered. */
export function createFilter(
  options: FilterOptions | undefined,
  encoding: string,
  container?: 'docker' | 'cri',
): RecordFilter | undefined {
  if (options === undefined) return undefined;
  const { include, exclude, sample, redact } = options;
  const redacts = redact !== undefined && redact.presets.length + redact.patterns.length > 0;
  if (include.length + exclude.length === 0 && sample === undefined && !redacts) return undefined;
  const decoder = container === undefined ? textDecoder(encoding) : containerDecoder(container);
  return new EdgeFilter({
    decoder,
    include: include.map((pattern) => new LinearPattern(pattern)),
    exclude: exclude.map((pattern) => new LinearPattern(pattern)),
    sample: sample && { keep: sample.keep, match: sample.match === undefined ? undefined : new LinearPattern(sample.match) },
    redaction: redacts ? createRedaction(redact, decoder) : undefined,
  });
}

interface Rules {
  readonly decoder: RecordDecoder;
  readonly include: readonly LinearPattern[];
  readonly exclude: readonly LinearPattern[];
  readonly sample: { readonly keep: number; readonly match: LinearPattern | undefined } | undefined;
  readonly redaction: Redaction | undefined;
}

type Counts = { -readonly [name in keyof FilterCounts]: number };

const noDrops: readonly Drop[] = [];

class EdgeFilter implements RecordFilter {
  readonly #rules: Rules;
  readonly #selects: boolean;
  /** Numbers the records that have no positions, for sampling. */
  #seen = 0;

  constructor(rules: Rules) {
    this.#rules = rules;
    this.#selects = rules.include.length + rules.exclude.length > 0 || rules.sample !== undefined;
  }

  filterRun(bytes: Buffer, framed: Framed, place: { readonly streamId: string; readonly position: number }): Filtered {
    const counts: Counts = { excluded: 0, sampledOut: 0, redacted: 0 };
    const records = new RecordEnds(bytes, framed);
    const seed = sampleSeed(place.streamId);
    const kept = new KeptRecords(bytes, framed.lengths.length > 0);
    while (records.next()) {
      const { start, end } = records;
      const record = bytes.subarray(start, end);
      if (this.#isWanted(record, { seed, position: place.position + start }, counts)) {
        if (this.#rules.redaction?.mask(record) === true) counts.redacted += 1;
        kept.keep(records);
      } else kept.drop(end - start);
    }
    return { ...kept.filtered(), counts };
  }

  filterRecords({ bytes, lengths }: RecordsBytes): RecordsBytes & { readonly counts: FilterCounts } {
    const counts: Counts = { excluded: 0, sampledOut: 0, redacted: 0 };
    const copy = Buffer.from(bytes);
    const lengthsKept: number[] = [];
    let start = 0;
    let keptTo = 0;
    for (const length of lengths) {
      const record = copy.subarray(start, start + length);
      this.#seen += 1;
      if (this.#isWanted(record, { seed: 0, position: this.#seen }, counts)) {
        if (this.#rules.redaction?.mask(record) === true) counts.redacted += 1;
        copy.copyWithin(keptTo, start, start + length);
        keptTo += length;
        lengthsKept.push(length);
      }
      start += length;
    }
    return { bytes: copy.subarray(0, keptTo), lengths: lengthsKept, counts };
  }

  #isWanted(record: Buffer, at: { readonly seed: number; readonly position: number }, counts: Counts): boolean {
    if (!this.#selects) return true;
    const { decoder, include, exclude, sample } = this.#rules;
    const needsText = include.length + exclude.length > 0 || sample?.match !== undefined;
    const text = needsText ? decoder.decode(record).replace(lineEnd, '') : '';
    if (exclude.some((pattern) => pattern.test(text)) || (include.length > 0 && !include.some((pattern) => pattern.test(text)))) {
      counts.excluded += 1;
      return false;
    }
    if (sample === undefined || sample.match?.test(text) === false || keeps(sample.keep, at)) return true;
    counts.sampledOut += 1;
    return false;
  }
}

/** Moves together what is kept of a run, and notes what is not. */
class KeptRecords {
  readonly #bytes: Buffer;
  readonly #hasLengths: boolean;
  readonly #lengths: number[] = [];
  readonly #cuts: Cut[] = [];
  readonly #drops: { offset: number; span: number; records: number }[] = [];
  #records = 0;
  #end = 0;
  /** What is kept up to here is moved; from here to `#from` it is not yet. */
  #movedTo = 0;
  #from = 0;

  constructor(bytes: Buffer, hasLengths: boolean) {
    this.#bytes = bytes;
    this.#hasLengths = hasLengths;
  }

  keep({ start, end, cut }: RecordEnds): void {
    // Neighbours that are kept are moved at once.
    if (this.#from + (this.#end - this.#movedTo) !== start) {
      this.#move();
      this.#from = start;
    }
    this.#records += 1;
    this.#end += end - start;
    if (this.#hasLengths) this.#lengths.push(end - start);
    if (cut !== undefined) this.#cuts.push({ offset: this.#end, cause: cut });
  }

  drop(span: number): void {
    const last = this.#drops.at(-1);
    if (last !== undefined && last.offset === this.#end) {
      last.span += span;
      last.records += 1;
    } else this.#drops.push({ offset: this.#end, span, records: 1 });
  }

  filtered(): Omit<Filtered, 'counts'> {
    this.#move();
    return {
      bytes: this.#bytes.subarray(0, this.#end),
      records: this.#records,
      cuts: this.#cuts.length === 0 ? noCuts : this.#cuts,
      lengths: this.#lengths,
      drops: this.#drops.length === 0 ? noDrops : this.#drops,
    };
  }

  #move(): void {
    const length = this.#end - this.#movedTo;
    if (length > 0 && this.#from !== this.#movedTo) this.#bytes.copyWithin(this.#movedTo, this.#from, this.#from + length);
    this.#movedTo = this.#end;
  }
}
