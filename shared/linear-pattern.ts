/**
 * Patterns that users write, and that can never hang a thread. A pattern is taken only when V8's linear engine could run it: it has
 * neither look-ahead nor back-references.
 *
 * V8's usual engine is faster, and goes over to the linear one when it backtracks too much. But it does not count all of its steps: in
 * `a.*b` none of those of the loop, so that a megabyte of `a` would take it minutes. So it runs a pattern with a loop that may be gone
 * through in vain only on short text, and the linear engine on long.
 *
 * The syntax is JavaScript's, with two additions: `(?i)` at the beginning ignores the case of the letters a to z (the linear engine does
 * not know the flag `i`), and repetitions of more than 16 times, which it refuses, are written out for it.
 */
import { setFlagsFromString } from 'node:v8';
import { assert } from './assert.ts';

setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
// The flag `l`: run by the linear engine, and refused where that cannot be.
setFlagsFromString('--enable-experimental-regexp-engine');
// A text of the length below never needs more where a pattern is used as it is meant.
setFlagsFromString('--regexp-backtracks-before-fallback=10000');

/** A pattern that cannot be used; the message is for the person who wrote it. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
  readonly code = 'PATTERN';
}

const unicodeClassProblem = String.raw`has a class such as \p{L}, which is not known here: name its characters, as in [A-Za-zÀ-ÿ]`;
const patternLengthMax = 4096;
const repeatMax = 1000;
/** What the linear engine repeats at most, repetitions within repetitions multiplied. */
const repeatAtOnce = 16;
const depthMax = 100;
/** Atoms of a pattern with all its repetitions written out: the linear engine's time for a character grows with it. */
const atomsMax = 10_000;
/** Longer text is not for V8's usual engine, unless the pattern has no loop that may be gone through in vain. */
const fastCharactersMax = 4096;

/**
 * What a pattern with a look-behind and repetitions looks at in a text, in all: behind each match it begins anew and looks to the end, so
 * that a long text with many would take hours.
 */
const lookedCharactersMax = 16 * 1024 * 1024;
/** It looks through any text so many times. */
const looksMin = 4;

export interface PatternMatch {
  readonly index: number;
  readonly text: string;
  /** The rest of a text in which there was no looking for more. */
  readonly isUnseen: boolean;
}

export class LinearPattern {
  readonly #written: WrittenPattern;
  readonly #fast: RegExp;
  readonly #linear: RegExp;

  /** Throws a PatternError. `lengthMax` is for what a program puts together of patterns; what people write needs no other. */
  constructor(source: string, lengthMax = patternLengthMax) {
    const written = writtenPattern(source, lengthMax);
    // Neither does the linear engine know the flag `g` together with a look-behind, nor does the usual one go over to it then.
    const flag = isGlobal(written) ? 'g' : '';
    this.#written = written;
    this.#fast = compile(written.text, flag);
    this.#linear = written.loops ? compile(written.text, `${flag}l`) : this.#fast;
  }

  /** Of its named groups, in their order. */
  get groupNames(): readonly string[] {
    return Object.keys(compile(`${this.#written.text}|`, '').exec('')?.groups ?? {});
  }

  test(text: string): boolean {
    const engine = this.#engineFor(text);
    engine.lastIndex = 0;
    return engine.test(text);
  }

  /** The first match with its groups. A group that is repeated more than 16 times counts as several. */
  exec(text: string): RegExpExecArray | undefined {
    const engine = this.#engineFor(text);
    engine.lastIndex = 0;
    return engine.exec(text) ?? undefined;
  }

  /**
   * All matches, from the first on; none lies within another. In a pattern with a look-behind and repetitions, `^` may fit just behind a
   * match, too; of a text in which that takes too long the rest comes at the end, unseen.
   */
  *matches(text: string): Generator<PatternMatch> {
    const engine = this.#engineFor(text);
    const { behind } = this.#written;
    let from = 0;
    // Of a pattern that is not global: where the text begins that it is given.
    let start = 0;
    let looked = 0;
    const lookedMax = Math.max(lookedCharactersMax, looksMin * text.length);
    while (from <= text.length) {
      if (!engine.global) looked += text.length - start;
      if (looked > lookedMax) {
        yield { index: from, text: text.slice(from), isUnseen: true };
        return;
      }
      engine.lastIndex = from;
      const match = engine.exec(start === 0 ? text : text.slice(start));
      if (match === null) return;
      const { 0: found } = match;
      const index = start + match.index;
      if (index < from) start = index + 1;
      else {
        from = index + Math.max(found.length, 1);
        if (!engine.global) start = Math.max(start, from - behind);
        yield { index, text: found, isUnseen: false };
      }
    }
  }

  #engineFor(text: string): RegExp {
    return text.length <= fastCharactersMax ? this.#fast : this.#linear;
  }
}

function isGlobal({ behind, repeats }: WrittenPattern): boolean {
  return behind === 0 || !repeats;
}

interface WrittenPattern {
  /** As both engines take it. */
  readonly text: string;
  /** Whether a repetition of many rounds stands where something must fit behind it. */
  readonly loops: boolean;
  /** Whether any repetition does. */
  readonly repeats: boolean;
  /** How many characters before a match may matter; 0 without a look-behind. */
  readonly behind: number;
}

function writtenPattern(source: string, lengthMax = patternLengthMax): WrittenPattern {
  if (source.length > lengthMax) throw new PatternError(`is longer than ${lengthMax} characters`);
  compile(source.replace(/^\(\?i\)/, ''), '');
  const ignoreCase = source.startsWith('(?i)');
  const written = new Rewriter(ignoreCase ? source.slice(4) : source, ignoreCase).rewrite();
  try {
    compile(written.text, 'l');
    return written;
  } catch (error) {
    const isTooHard = error instanceof PatternError && error.message.includes('linear time');
    if (!isTooHard) throw error;
    throw new PatternError('uses look-ahead or a back-reference, which could take forever', {
      cause: error,
    });
  }
}

/** What is wrong with a pattern; undefined: nothing. */
export function patternProblem(source: string): string | undefined {
  try {
    writtenPattern(source);
    return undefined;
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
}

function compile(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new PatternError(message.replace(/^Invalid regular expression: /, 'is no pattern: '), { cause: error });
  }
}

/** Goes through a pattern that is known to be a valid one. */
class Rewriter {
  readonly #source: string;
  readonly #ignoreCase: boolean;
  #at = 0;
  #depth = 0;
  /** Atoms of the outermost look-behinds; the depth within one. */
  #behind = 0;
  #behindDepth = 0;
  #loops = false;
  #repeats = false;

  constructor(source: string, ignoreCase: boolean) {
    this.#source = source;
    this.#ignoreCase = ignoreCase;
  }

  rewrite(): WrittenPattern {
    const { text } = this.#sequence();
    assert(this.#at === this.#source.length, 'a valid pattern is gone through to its end');
    // One more, for what `\b` looks at.
    const behind = this.#behind === 0 ? 0 : this.#behind + 1;
    return { text, loops: this.#loops, repeats: this.#repeats, behind };
  }

  /** Up to the end or to the parenthesis that closes the group. */
  #sequence(): Part {
    let text = '';
    let atoms = 0;
    let copies = 1;
    while (this.#at < this.#source.length && this.#source[this.#at] !== ')') {
      const atom = this.#atom();
      const quantifier = this.#take(/[*+?]\??|\{\d+(?:,\d*)?\}\??/y);
      const [least, most] = repetitionsOf(quantifier);
      if (quantifier !== '') this.#noteRepetition(most);
      atoms += atom.atoms * Math.max(least, most ?? 0, 1);
      if (atoms > atomsMax) throw new PatternError('repeats too much in all');
      const written = repeated(atom, quantifier);
      text += written.text;
      copies = Math.max(copies, written.copies);
    }
    return { text, atoms, copies };
  }

  #noteRepetition(most: number | undefined): void {
    if (this.#behindDepth > 0 && most === undefined) throw new PatternError('repeats without an end in a look-behind');
    // Nothing must fit behind this place.
    if (this.#depth === 0 && this.#at === this.#source.length) return;
    this.#repeats = true;
    if (most === undefined || most > repeatAtOnce) this.#loops = true;
  }

  #atom(): Part {
    const group = this.#take(/\((?:\?(?:[:=!]|<[=!]|<[^>]+>))?/y);
    if (group !== '') return this.#group(group);
    return { text: this.#single(), atoms: 1, copies: 1 };
  }

  #single(): string {
    const charClass = this.#take(/\[(?:\\[^]|[^\]\\])*\]/y);
    if (/\\[pP]\{/.test(charClass.replaceAll('\\\\', ''))) throw new PatternError(unicodeClassProblem);
    if (charClass !== '') return this.#ignoreCase ? foldClass(charClass) : charClass;
    // Without the flag `u`, which the linear engine does not know, this would be the letter p.
    if (this.#take(/\\[pP]\{/y) !== '') throw new PatternError(unicodeClassProblem);
    const escaped = this.#take(/\\(?:x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|c[A-Za-z]|\d+|[^])/y);
    if (escaped !== '') return escaped;
    const character = this.#take(/[^]/y);
    return this.#ignoreCase && /[A-Za-z]/.test(character) ? `[${character.toLowerCase()}${character.toUpperCase()}]` : character;
  }

  #group(open: string): Part {
    this.#depth += 1;
    if (this.#depth > depthMax) throw new PatternError(`nests more than ${depthMax} groups`);
    const isBehind = /^\(\?<[=!]/.test(open);
    if (isBehind) this.#behindDepth += 1;
    const inner = this.#sequence();
    if (isBehind) this.#behindDepth -= 1;
    if (isBehind && this.#behindDepth === 0) this.#behind += inner.atoms;
    this.#at += 1;
    this.#depth -= 1;
    return { text: `${open}${inner.text})`, atoms: inner.atoms, copies: inner.copies };
  }

  #take(what: RegExp): string {
    what.lastIndex = this.#at;
    const text = what.exec(this.#source)?.[0] ?? '';
    this.#at += text.length;
    return text;
  }
}

interface Part {
  readonly text: string;
  readonly atoms: number;
  /** How many times the linear engine writes out what is repeated most in it. */
  readonly copies: number;
}

/** The least and the greatest number of times; without a greatest, as often as there is. */
function repetitionsOf(quantifier: string): readonly [least: number, most: number | undefined] {
  const [, least, comma, most] = /^\{(\d+)(,?)(\d*)\}/.exec(quantifier) ?? [];
  if (least === undefined) return [quantifier.startsWith('+') ? 1 : 0, quantifier.startsWith('?') ? 1 : undefined];
  return [Number(least), comma === '' ? Number(least) : most === '' ? undefined : Number(most)];
}

/** The atom with its quantifier; one that repeats it too often for one quantifier is spread over several. */
function repeated(atom: Part, quantifier: string): { readonly text: string; readonly copies: number } {
  const [least, most] = repetitionsOf(quantifier);
  const greatest = Math.max(least, most ?? 0);
  if (greatest > repeatMax) throw new PatternError(`repeats more than ${repeatMax} times`);
  const atOnce = Math.max(1, Math.floor(repeatAtOnce / atom.copies));
  if (greatest <= atOnce) return { text: atom.text + quantifier, copies: atom.copies * Math.max(greatest, 1) };
  const lazy = quantifier.endsWith('?') ? '?' : '';
  // A group that is written several times may have its name only once.
  const copy = atom.text.replaceAll(/\\[^]|\(\?<[^=!>][^>]*>/g, (part) => (part.startsWith('(') ? '(?:' : part));
  let result = '';
  for (let left = least; left > 0; left -= atOnce) result += `${copy}{${Math.min(left, atOnce)}}${lazy}`;
  if (most === undefined) result += `${copy}*${lazy}`;
  else for (let left = most - least; left > 0; left -= atOnce) result += `${copy}{0,${Math.min(left, atOnce)}}${lazy}`;
  return { text: result, copies: atom.copies * atOnce };
}

/** A character class in which the letters a to z count in both cases. */
function foldClass(charClass: string): string {
  const inner = charClass.slice(1, -1);
  let more = '';
  for (const [, escaped, from = '', to = from] of inner.matchAll(
    /(\\(?:x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|c[A-Za-z]|[^]))|([^])(?:-([^\\]))?/g,
  )) {
    if (escaped !== undefined) continue;
    for (let code = from.charCodeAt(0); code <= to.charCodeAt(0); code += 1) {
      const letter = String.fromCharCode(code);
      if (/[a-z]/.test(letter)) more += letter.toUpperCase();
      else if (/[A-Z]/.test(letter)) more += letter.toLowerCase();
    }
  }
  const negation = inner.startsWith('^') ? '^' : '';
  // A hyphen that begins or ends a class is no range, and must not become one.
  return `[${negation}${more}${inner.slice(negation.length).replace(/^-/, String.raw`\-`)}]`;
}
