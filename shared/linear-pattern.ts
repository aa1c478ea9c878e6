/**
 * Patterns that users write, and that can never hang a thread. A pattern is taken only when V8's linear engine could run it: it has
 * neither look-ahead nor back-references. It is run by V8's usual engine, which is faster, and goes over to the linear one when it
 * backtracks too much.
 *
 * The syntax is JavaScript's, with two additions: `(?i)` at the beginning ignores the case of the letters a to z (the linear engine does
 * not know the flag `i`), and repetitions of more than 16 times, which it refuses, are written out for it.
 */
import { setFlagsFromString } from 'node:v8';
import { assert } from './assert.ts';

setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
// Only for the flag `l`, which tells whether the linear engine would do.
setFlagsFromString('--enable-experimental-regexp-engine');

/** A pattern that cannot be used; the message is for the person who wrote it. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
  readonly code = 'PATTERN';
}

const patternLengthMax = 4096;
const repeatMax = 1000;
/** What the linear engine repeats at most. */
const repeatAtOnce = 16;
const depthMax = 100;
/** Atoms of a pattern with all its repetitions written out: the linear engine's time for a character grows with it. */
const atomsMax = 10_000;

/** Throws a PatternError. `g`: for those who look for every match. */
export function compilePattern(source: string, flags: '' | 'g' = ''): RegExp {
  if (source.length > patternLengthMax) throw new PatternError(`is longer than ${patternLengthMax} characters`);
  compile(source.replace(/^\(\?i\)/, ''), '');
  const ignoreCase = source.startsWith('(?i)');
  const written = new Rewriter(ignoreCase ? source.slice(4) : source, ignoreCase).rewrite();
  try {
    compile(written, 'l');
  } catch (error) {
    const isTooHard = error instanceof PatternError && error.message.includes('linear time');
    if (!isTooHard) throw error;
    throw new PatternError('uses look-ahead or a back-reference, which could take forever', {
      cause: error,
    });
  }
  return compile(written, flags);
}

/** What is wrong with a pattern; undefined: nothing. */
export function patternProblem(source: string): string | undefined {
  try {
    compilePattern(source);
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

  constructor(source: string, ignoreCase: boolean) {
    this.#source = source;
    this.#ignoreCase = ignoreCase;
  }

  rewrite(): string {
    const { text } = this.#sequence();
    assert(this.#at === this.#source.length, 'a valid pattern is gone through to its end');
    return text;
  }

  /** Up to the end or to the parenthesis that closes the group. */
  #sequence(): Part {
    let text = '';
    let atoms = 0;
    while (this.#at < this.#source.length && this.#source[this.#at] !== ')') {
      const atom = this.#atom();
      const quantifier = this.#take(/[*+?]\??|\{\d+(?:,\d*)?\}\??/y);
      const [least, most] = repetitionsOf(quantifier);
      atoms += atom.atoms * Math.max(least, most ?? 0, 1);
      if (atoms > atomsMax) throw new PatternError('repeats too much in all');
      text += repeated(atom.text, quantifier);
    }
    return { text, atoms };
  }

  #atom(): Part {
    const group = this.#take(/\((?:\?(?:[:=!]|<[=!]|<[^>]+>))?/y);
    if (group !== '') return this.#group(group);
    return { text: this.#single(), atoms: 1 };
  }

  #single(): string {
    const charClass = this.#take(/\[(?:\\[^]|[^\]\\])*\]/y);
    if (charClass !== '') return this.#ignoreCase ? foldClass(charClass) : charClass;
    const escaped = this.#take(/\\(?:x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|c[A-Za-z]|\d+|[^])/y);
    if (escaped !== '') return escaped;
    const character = this.#take(/[^]/y);
    return this.#ignoreCase && /[A-Za-z]/.test(character) ? `[${character.toLowerCase()}${character.toUpperCase()}]` : character;
  }

  #group(open: string): Part {
    this.#depth += 1;
    if (this.#depth > depthMax) throw new PatternError(`nests more than ${depthMax} groups`);
    const inner = this.#sequence();
    this.#at += 1;
    this.#depth -= 1;
    return { text: `${open}${inner.text})`, atoms: inner.atoms };
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
}

/** The least and the greatest number of times; without a greatest, as often as there is. */
function repetitionsOf(quantifier: string): readonly [least: number, most: number | undefined] {
  const [, least, comma, most] = /^\{(\d+)(,?)(\d*)\}/.exec(quantifier) ?? [];
  if (least === undefined) return [quantifier.startsWith('+') ? 1 : 0, quantifier.startsWith('?') ? 1 : undefined];
  return [Number(least), comma === '' ? Number(least) : most === '' ? undefined : Number(most)];
}

/** The atom with its quantifier; one that repeats it too often for one quantifier is spread over several. */
function repeated(atom: string, quantifier: string): string {
  const [least, most] = repetitionsOf(quantifier);
  const greatest = Math.max(least, most ?? 0);
  if (greatest > repeatMax) throw new PatternError(`repeats more than ${repeatMax} times`);
  if (greatest <= repeatAtOnce) return atom + quantifier;
  const lazy = quantifier.endsWith('?') ? '?' : '';
  // A group that is written several times may have its name only once.
  const copy = atom.replaceAll(/\\[^]|\(\?<[^=!>][^>]*>/g, (part) => (part.startsWith('(') ? '(?:' : part));
  let result = '';
  for (let left = least; left > 0; left -= repeatAtOnce) result += `${copy}{${Math.min(left, repeatAtOnce)}}${lazy}`;
  if (most === undefined) return `${result}${copy}*${lazy}`;
  for (let left = most - least; left > 0; left -= repeatAtOnce) result += `${copy}{0,${Math.min(left, repeatAtOnce)}}${lazy}`;
  return result;
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
