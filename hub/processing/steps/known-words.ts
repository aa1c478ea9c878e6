import { ownText } from '@tributary/shared/own-text.ts';

const places = 256;
const lengthMax = 64;

/**
 * Words that come again and again in lines, such as names of servers: each is one text in all documents, in memory of its own. A word is
 * told where it stands, as to cut it out of its line and look for it in a Map takes three times as long. Of two words that share a place
 * the one that came last is known.
 */
export class KnownWords {
  readonly #words: string[] = Array.from({ length: places }, () => '');

  /** `text.slice(from, to)`. */
  at(text: string, from: number, to: number): string {
    const length = to - from;
    if (length > lengthMax) return ownText(text.slice(from, to));
    let sum = length;
    for (let at = from; at < to; at += 1) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
    const place = (sum ^ (sum >>> 8)) & (places - 1);
    const known = this.#words[place] ?? '';
    if (known.length === length && text.startsWith(known, from)) return known;
    const word = ownText(text.slice(from, to));
    this.#words[place] = word;
    return word;
  }
}
