import { cutText } from '../cut-text.ts';
import type { KnownWords } from '../known-words.ts';

/** Reads a line of words and numbers from left to right. What does not fit is remembered, and asked for once at the end. */

const zero = 48;
const plus = 43;
const dash = 45;

export class LineCursor {
  text = '';
  at = 0;
  /** The character behind the last number; NaN at the end of the line. */
  stop = NaN;
  /** The last number had a plus before it. */
  hasPlus = false;
  hasFailed = false;

  begin(text: string, at: number): void {
    this.text = text;
    this.at = at;
    this.stop = NaN;
    this.hasPlus = false;
    this.hasFailed = false;
  }

  /** Minus one for what is below zero, and for a lone dash: neither was reached. Goes on behind the character that follows. */
  number(): number {
    const { text } = this;
    let { at } = this;
    let code = text.charCodeAt(at);
    this.hasPlus = code === plus;
    const isBelowZero = code === dash;
    if (isBelowZero || this.hasPlus) code = text.charCodeAt((at += 1));
    let value = 0;
    const first = at;
    while (code >= zero && code <= zero + 9) {
      value = value * 10 + code - zero;
      code = text.charCodeAt((at += 1));
    }
    if (at - first > 15 || (at === first && !isBelowZero)) this.hasFailed = true;
    this.stop = code;
    this.at = at + 1;
    return isBelowZero ? -1 : value;
  }

  /** Up to the next of this character, and behind it. */
  word(end: string): string {
    const from = this.at;
    const to = this.#endOf(end);
    return to < 0 ? '' : cutText(this.text, from, to);
  }

  /** As `word`, of one that comes in many lines. */
  known(words: KnownWords, end: string): string {
    const from = this.at;
    const to = this.#endOf(end);
    return to < 0 ? '' : words.at(this.text, from, to);
  }

  /** That the last number ended with this character. */
  expectStop(code: number): void {
    if (this.stop !== code) this.hasFailed = true;
  }

  /** Goes on behind it. */
  #endOf(end: string): number {
    const found = this.text.indexOf(end, this.at);
    if (found < 0) this.hasFailed = true;
    else this.at = found + end.length;
    return found;
  }
}
