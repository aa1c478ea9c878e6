/**
 * Tells whether a row's raw column matches, and cheaply whether a whole frame cannot.
 *
 * - Literal: bytes. The frame is searched for the literal as CSV writes it (quotes doubled); a hit counts when it lies in a raw column.
 * - Literal ignoring case: letters A–Z only while the literal is ASCII (then frames are sifted the same way), else by Unicode.
 * - In a frame with rows that are not UTF-8 every row is looked at: such a row is decoded, and the pattern is looked for in the text.
 * - Regular expression (JavaScript's, without flags but `i`): on the record without its line terminator, decoded as UTF-8, so that
 *   a `.` is a character; bytes that are not UTF-8 read as U+FFFD. A `linear` one is without look-ahead and back-references, and knows the case of
 *   the letters a to z only.
 */
import { setFlagsFromString } from 'node:v8';
import { isAscii } from 'node:buffer';
import { LinearPattern } from '@tributary/shared/linear-pattern.ts';
import { mayHoldEncodings, RowDecoders } from '../encoding-flag.ts';
import { type FrameRows, rawOf } from './frame-rows.ts';
import type { Pattern } from './query.ts';

/** A regular expression that cannot be compiled; the message is for the person who typed it. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
  readonly code = 'PATTERN';
}

export interface FrameMatcher {
  /** Called before the others, for each frame. */
  begin(frame: Buffer): void;
  /** First place at or after `from` where something that matches may begin; -1: nothing matches from there on. */
  nextHit(from: number): number;
  matches(rows: FrameRows): boolean;
}

/**
 * Patterns that would backtrack without end go over to V8's linear engine. Takes effect for what is compiled afterwards, so it is
 * called at the start of every thread that compiles patterns.
 */
export function limitBacktracking(): void {
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
}

/** Undefined pattern: everything matches. Throws a PatternError. */
export function createMatcher(pattern: Pattern | undefined): FrameMatcher {
  if (pattern === undefined || pattern.text === '') return everything;
  return new DecodingMatcher(createByteMatcher(pattern), textTest(pattern));
}

function createByteMatcher(pattern: Pattern): FrameMatcher {
  if (pattern.kind === 'regex')
    return new RegexMatcher(compile(pattern.text, pattern.ignoreCase ? 'i' : ''), undefined, 'without line end');
  if (pattern.kind === 'linear') return new RegexMatcher(linearPattern(pattern), undefined, 'without line end');
  if (!pattern.ignoreCase) return new LiteralMatcher(pattern.text);
  const escaped = escapeRegex(pattern.text);
  if (!isAscii(Buffer.from(pattern.text))) return new RegexMatcher(compile(escaped, 'iu'), undefined, 'whole');
  return new RegexMatcher(compile(escaped, 'i'), compile(escaped.replaceAll('"', '""'), 'gi'), 'whole');
}

const everything: FrameMatcher = { begin: () => undefined, nextHit: (from) => from, matches: () => true };

/** Whether a record's text matches: what the matchers of bytes do, for a text that had to be decoded. */
function textTest(pattern: Pattern): (record: string) => boolean {
  const { kind, text, ignoreCase } = pattern;
  if (kind === 'linear') return lineTest(linearPattern(pattern));
  if (kind === 'literal' && !ignoreCase) return (record) => record.includes(text);
  const regex = compile(kind === 'literal' ? escapeRegex(text) : text, ignoreCase ? (kind === 'literal' ? 'iu' : 'i') : '');
  if (kind === 'literal') return (record) => regex.test(record);
  return lineTest(regex);
}

function lineTest(regex: Tester): (record: string) => boolean {
  return (record) => regex.test(record.replace(/\r?\n$/, ''));
}

/** Throws a PatternError. */
function linearPattern({ text, ignoreCase }: Pattern): LinearPattern {
  return new LinearPattern(ignoreCase ? `(?i)${text}` : text);
}

interface Tester {
  test(text: string): boolean;
}

class DecodingMatcher implements FrameMatcher {
  readonly #byBytes: FrameMatcher;
  readonly #test: (record: string) => boolean;
  readonly #decoders = new RowDecoders({ fatal: false });
  #frame: Buffer = Buffer.alloc(0);
  #isMixed = false;

  constructor(byBytes: FrameMatcher, test: (record: string) => boolean) {
    this.#byBytes = byBytes;
    this.#test = test;
  }

  begin(frame: Buffer): void {
    this.#frame = frame;
    this.#isMixed = mayHoldEncodings(frame);
    this.#byBytes.begin(frame);
  }

  nextHit(from: number): number {
    return this.#isMixed ? from : this.#byBytes.nextHit(from);
  }

  matches(rows: FrameRows): boolean {
    const decoder = this.#isMixed ? this.#decoders.of(rows.place()[2] ?? '') : undefined;
    return decoder === undefined ? this.#byBytes.matches(rows) : this.#test(decoder.decode(rawOf(this.#frame, rows)));
  }
}

class LiteralMatcher implements FrameMatcher {
  readonly #needle: Buffer;
  #frame: Buffer = Buffer.alloc(0);
  /** Next place of the needle at or after what was looked at; -1 when there is none any more. */
  #hit = -1;

  constructor(text: string) {
    this.#needle = Buffer.from(text.replaceAll('"', '""'));
  }

  begin(frame: Buffer): void {
    this.#frame = frame;
    this.#hit = frame.indexOf(this.#needle);
  }

  nextHit(from: number): number {
    if (this.#hit !== -1 && this.#hit < from) this.#hit = this.#frame.indexOf(this.#needle, from);
    return this.#hit;
  }

  matches(rows: FrameRows): boolean {
    const hit = this.nextHit(rows.rawStart);
    return hit !== -1 && hit + this.#needle.length <= rows.rawEnd;
  }
}

class RegexMatcher implements FrameMatcher {
  readonly #regex: Tester;
  readonly #sieve: RegExp | undefined;
  readonly #of: 'whole' | 'without line end';
  #frame: Buffer = Buffer.alloc(0);
  /** The frame as text with a character per byte, for the sieve. */
  #text = '';
  #hit = -1;

  /** `sieve` is a global expression that finds in the frame's bytes whatever `regex` finds in a record. */
  constructor(regex: Tester, sieve: RegExp | undefined, of: 'whole' | 'without line end') {
    this.#of = of;
    this.#regex = regex;
    this.#sieve = sieve;
  }

  begin(frame: Buffer): void {
    this.#frame = frame;
    if (this.#sieve === undefined) return;
    this.#text = frame.toString('latin1');
    this.#hit = this.#find(0);
  }

  nextHit(from: number): number {
    if (this.#sieve === undefined) return from;
    if (this.#hit !== -1 && this.#hit < from) this.#hit = this.#find(from);
    return this.#hit;
  }

  matches(rows: FrameRows): boolean {
    return this.#regex.test(recordText(this.#frame, rows, this.#of));
  }

  #find(from: number): number {
    if (this.#sieve === undefined) return -1;
    this.#sieve.lastIndex = from;
    return this.#sieve.exec(this.#text)?.index ?? -1;
  }
}

/** The record as text. A literal is looked for in all of it, whether or not case counts. */
function recordText(frame: Buffer, rows: FrameRows, of: 'whole' | 'without line end'): string {
  let end = rows.rawEnd;
  if (of === 'without line end' && end > rows.rawStart && frame[end - 1] === 0x0a)
    end -= end - 1 > rows.rawStart && frame[end - 2] === 0x0d ? 2 : 1;
  const text = frame.toString('utf8', rows.rawStart, end);
  return rows.hasQuotes ? text.replaceAll('""', '"') : text;
}

function compile(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    throw new PatternError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function escapeRegex(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
