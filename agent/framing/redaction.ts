/**
 * Masks parts of records, byte for byte: positions stay byte offsets, and a line its length. A mask is `*` in the record's encoding; the
 * end of a line is never masked.
 */
import { LinearPattern } from '@tributary/shared/linear-pattern.ts';
import type { FilterOptions } from './framing-options.ts';
import { lineEnd, type PlacedText, type RecordDecoder } from './text-decoder.ts';

export interface Redaction {
  /** Masks in place; true when something was. */
  mask(record: Buffer): boolean;
}

type RedactOptions = NonNullable<FilterOptions['redact']>;

/** `[start, end)` of a match's text. */
type Place = readonly [start: number, end: number];

interface Rule {
  readonly pattern: LinearPattern;
  /** A byte without which nothing matches. */
  readonly neededByte?: number | undefined;
  /** Which parts of a match are masked; undefined: all of it. */
  readonly meant?: ((text: string) => readonly Place[]) | undefined;
}

const presets: Readonly<Record<RedactOptions['presets'][number], Rule>> = {
  card: { pattern: new LinearPattern(String.raw`(?<![A-Za-z\d])\d(?:[ -]?\d){12,}(?:\b|_)`), meant: cardNumbers },
  email: {
    neededByte: 0x40,
    pattern: new LinearPattern(
      String.raw`(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z][A-Za-z]+`,
    ),
  },
  token: {
    pattern: new LinearPattern(
      [
        String.raw`\beyJ[\w-]+\.[\w-]+\.[\w-]*`,
        String.raw`\b(?:[Bb]earer|[Bb]asic|BEARER|BASIC)[ \t]+[\w.~+/=-]{8,}`,
        String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`,
        String.raw`\bgh[opsur]_[A-Za-z0-9]{36,}`,
        String.raw`\bglpat-[\w-]{20,}`,
        String.raw`\bxox[abeoprs]-[\w-]{10,}`,
        String.raw`\bsk_live_[A-Za-z0-9]{16,}`,
      ].join('|'),
    ),
    // The word before the credentials stays.
    meant: (text) => [[1 + Math.max(text.lastIndexOf(' '), text.lastIndexOf('\t')), text.length]],
  },
  ipv4: {
    pattern: new LinearPattern(String.raw`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`),
    meant: (text) => (text.split('.').every((part) => Number(part) <= 255) ? [[0, text.length]] : []),
  },
};

export function createRedaction(options: RedactOptions, decoder: RecordDecoder): Redaction {
  const rules: Rule[] = options.presets.map((name) => presets[name]);
  for (const pattern of options.patterns) rules.push({ pattern: new LinearPattern(pattern) });
  return { mask: (record) => maskRecord(record, rules, decoder) };
}

/** All patterns look at the record as it came, so that their order does not matter. */
function maskRecord(record: Buffer, rules: readonly Rule[], decoder: RecordDecoder): boolean {
  const wanted = rules.filter(({ neededByte }) => neededByte === undefined || record.includes(neededByte));
  if (wanted.length === 0) return false;
  const placed = decoder.decodePlaces(record);
  const text = placed.text.replace(lineEnd, '');
  let isChanged = false;
  for (const { pattern, meant } of wanted) {
    for (const { text: found, index } of pattern.matches(text)) {
      const places: readonly Place[] = meant === undefined ? [[0, found.length]] : meant(found);
      for (const [start, end] of places) {
        if (maskText(record, placed, [index + start, index + end], decoder.mask)) isChanged = true;
      }
    }
  }
  return isChanged;
}

/** Lines within the text stay lines. */
function maskText(record: Buffer, placed: PlacedText, [from, to]: Place, mask: Buffer): boolean {
  let isChanged = false;
  for (const { 0: part, index } of placed.text.slice(from, to).matchAll(/[^\r\n]+/g)) {
    const start = from + index;
    for (const [byteStart, byteEnd] of placed.rangesOf(start, start + part.length)) {
      record.subarray(byteStart, byteEnd).fill(mask);
      isChanged = true;
    }
  }
  return isChanged;
}

const cardPrefix = /^(?:3[04-9]|4|5|6|2[2-7])/;

/**
 * The numbers of payment cards within a run of digits: 13 to 19 of them, which begin as an issuer's do and end with the right check digit
 * (ISO/IEC 7812). Other digits may stand beside them, apart by a space or a hyphen.
 */
function cardNumbers(text: string): Place[] {
  const groups = [...text.matchAll(/\d+/g)].map(({ 0: digits, index }) => ({ digits, start: index, end: index + digits.length }));
  const places: Place[] = [];
  for (const [first, { start }] of groups.entries()) {
    let digits = '';
    // Each group has a digit: no more than 19 of them are looked at.
    for (let at = first; at < groups.length && digits.length < 19; at += 1) {
      const group = groups[at];
      digits += group?.digits ?? '';
      if (digits.length >= 13 && digits.length <= 19 && cardPrefix.test(digits) && hasCheckDigit(digits)) {
        places.push([start, group?.end ?? start]);
      }
    }
  }
  return places;
}

function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? 2 * digit : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
