/**
 * Joins the records of another framer, the lines, to records of several. What the record is that begins at a place depends only on the
 * bytes from there: nothing is kept between calls, and what is held is gone through again with the next bytes.
 *
 * A record ends before the first line that does not belong to it, which must be seen as a whole for that. It is cut, by a Cut of cause
 * `too-long`, before a line that belongs to it but would make it longer than `recordBytesMax` or `max_lines`, and behind a piece of a
 * line that was cut. When its source was quiet for `timeout`, it is whole as it is.
 */
import { FramedBuilder } from './framed-builder.ts';
import type { Framed, FrameLimits, Framer, Tail } from './framer.ts';
import type { MultilineOptions } from './framing-options.ts';
import { type JoinRule, type JoinState, joinRule } from './join-rule.ts';
import { RecordEnds } from './record-ends.ts';
import type { TextOf } from './record-text.ts';

interface Multiline {
  readonly base: Framer;
  readonly rule: JoinRule;
  readonly linesMax: number;
  readonly textOf: TextOf;
}

export function createMultilineFramer(parts: {
  readonly base: Framer;
  readonly options: MultilineOptions;
  readonly textOf: TextOf;
}): Framer {
  const { base, options, textOf } = parts;
  const multiline = { base, textOf, rule: joinRule(options), linesMax: options.max_lines };
  return {
    frame: (bytes, limits, tail) => new Joining(multiline, { bytes, limits, tail }).framed(),
    viewBytes: (recordBytesMax) => recordBytesMax + 1 + base.viewBytes(recordBytesMax),
    quietMs: options.timeout,
  };
}

/** One call: goes through the lines with the record that is being joined. */
class Joining {
  readonly #multiline: Multiline;
  readonly #bytes: Buffer;
  readonly #limits: FrameLimits;
  readonly #tail: Tail;
  readonly #linesAreLines: boolean;
  readonly #lines: RecordEnds;
  readonly #found: FramedBuilder;
  #count = 0;
  #state: JoinState = '';

  constructor(multiline: Multiline, given: { bytes: Buffer; limits: FrameLimits; tail: Tail }) {
    const { bytes, limits, tail } = given;
    this.#multiline = multiline;
    this.#bytes = bytes;
    this.#limits = limits;
    this.#tail = tail;
    const everyLine = { recordBytesMax: limits.recordBytesMax, recordsMax: Infinity, bytesMax: Infinity };
    const framed = multiline.base.frame(bytes, everyLine, tail);
    this.#linesAreLines = framed.isLines;
    this.#lines = new RecordEnds(bytes, framed);
    this.#found = new FramedBuilder(limits);
  }

  framed(): Framed {
    const { rule } = this.#multiline;
    while (this.#lines.next()) {
      const { end, cut } = this.#lines;
      if (!this.#join()) return this.#found.framed();
      const isOver = cut !== undefined || rule.isComplete(this.#state);
      if (isOver && !this.#finish(end, cut)) return this.#found.framed();
    }
    // Every line was seen, so what was begun is the last of them.
    if (this.#count > 0 && this.#tail !== 'hold') this.#finish(this.#lines.end);
    return this.#found.framed();
  }

  /** Adds the line to the record, or ends that and begins the next one with it; false: no more are wanted. */
  #join(): boolean {
    const { rule, linesMax, textOf } = this.#multiline;
    const { start, end } = this.#lines;
    const text = textOf(this.#bytes, start, end);
    if (this.#count > 0) {
      const next = rule.next(this.#state, text);
      const isTooLong = end - this.#found.end > this.#limits.recordBytesMax + 1 || this.#count >= linesMax;
      if (next !== undefined && !isTooLong) {
        this.#state = next;
        this.#count += 1;
        return true;
      }
      if (!this.#finish(start, next === undefined ? undefined : 'too-long')) return false;
    }
    this.#state = rule.begin(text);
    this.#count = 1;
    return true;
  }

  #finish(end: number, cut?: RecordEnds['cut']): boolean {
    // Only where records have lengths can a cut behind a line's end be told.
    const isLine = this.#linesAreLines && this.#count === 1 && (cut === undefined || cut === this.#lines.cut);
    this.#count = 0;
    return this.#found.add(end, isLine, cut);
  }
}
