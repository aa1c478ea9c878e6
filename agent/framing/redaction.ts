/**
 * Masks parts of records, byte for byte: positions stay byte offsets, and a line its length. A mask is `*` in the record's encoding; the
 * end of a line is never masked.
 */
import { compilePattern } from '@tributary/shared/linear-pattern.ts';
import type { FilterOptions } from './framing-options.ts';
import type { PlacedText, RecordDecoder } from './text-decoder.ts';

export interface Redaction {
  /** Masks in place; true when something was. */
  mask(record: Buffer): boolean;
}

type RedactOptions = NonNullable<FilterOptions['redact']>;

/** `[start, end)` of a match's text. */
type Place = readonly [start: number, end: number];

interface Rule {
  readonly pattern: RegExp;
  /** A byte without which nothing matches. */
  readonly neededByte?: number | undefined;
  /** Which part of a match is masked; undefined: all of it. */
  readonly meant?: ((text: string) => Place | undefined) | undefined;
}

const presets: Readonly<Record<RedactOptions['presets'][number], Rule>> = {
  card: { pattern: compilePattern(String.raw`\b\d(?:[ -]?\d){12,}\b`, 'g'), meant: cardNumber },
  email: {
    neededByte: 0x40,
    pattern: compilePattern(String.raw`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z][A-Za-z]+`, 'g'),
  },
  token: {
    pattern: compilePattern(
      [
        String.raw`\beyJ[\w-]+\.[\w-]+\.[\w-]*`,
        String.raw`\b(?:[Bb]earer|[Bb]asic|BEARER|BASIC)[ \t]+[\w.~+/=-]{8,}`,
        String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`,
        String.raw`\bgh[opsur]_[A-Za-z0-9]{36,}`,
        String.raw`\bglpat-[\w-]{20,}`,
        String.raw`\bxox[abeoprs]-[\w-]{10,}`,
        String.raw`\bsk_live_[A-Za-z0-9]{16,}`,
      ].join('|'),
      'g',
    ),
    // The word before the credentials stays.
    meant: (text) => [1 + Math.max(text.lastIndexOf(' '), text.lastIndexOf('\t')), text.length],
  },
  ipv4: {
    pattern: compilePattern(String.raw`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`, 'g'),
    meant: (text) => (text.split('.').every((part) => Number(part) <= 255) ? [0, text.length] : undefined),
  },
};

export function createRedaction(options: RedactOptions, decoder: RecordDecoder): Redaction {
  const rules: Rule[] = options.presets.map((name) => presets[name]);
  for (const pattern of options.patterns) rules.push({ pattern: compilePattern(pattern, 'g') });
  return { mask: (record) => maskRecord(record, rules, decoder) };
}

/** All patterns look at the record as it came, so that their order does not matter. */
function maskRecord(record: Buffer, rules: readonly Rule[], decoder: RecordDecoder): boolean {
  const wanted = rules.filter(({ neededByte }) => neededByte === undefined || record.includes(neededByte));
  if (wanted.length === 0) return false;
  const placed = decoder.decodePlaces(record);
  let isChanged = false;
  for (const { pattern, meant } of wanted) {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(placed.text); match !== null; match = pattern.exec(placed.text)) {
      const { 0: found, index } = match;
      const [start, end] = meant === undefined ? [0, found.length] : (meant(found) ?? [0, 0]);
      if (maskText(record, placed, { start: index + start, end: index + end }, decoder.mask)) isChanged = true;
      if (found === '') pattern.lastIndex += 1;
    }
  }
  return isChanged;
}

/** Lines within the text stay lines. */
function maskText(
  record: Buffer,
  placed: PlacedText,
  place: { readonly start: number; readonly end: number },
  mask: Buffer,
): boolean {
  let isChanged = false;
  for (const { 0: part, index } of placed.text.slice(place.start, place.end).matchAll(/[^\r\n]+/g)) {
    const start = place.start + index;
    record.subarray(placed.offsetOf(start), placed.offsetOf(start + part.length)).fill(mask);
    isChanged = true;
  }
  return isChanged;
}

const cardPrefix = /^(?:3[04-9]|4|5|6|2[2-7])/;

/**
 * The number of a payment card within a run of digits: 13 to 19 of them, which begin as an issuer's do and end with the right check digit
 * (ISO/IEC 7812). Other digits may stand beside it, apart by a space or a hyphen.
 */
function cardNumber(text: string): Place | undefined {
  const groups = [...text.matchAll(/\d+/g)].map(({ 0: digits, index }) => ({ start: index, end: index + digits.length }));
  for (const { start } of groups) {
    for (const { end } of groups) {
      const digits = text.slice(start, Math.max(start, end)).replaceAll(/[ -]/g, '');
      if (digits.length >= 13 && digits.length <= 19 && cardPrefix.test(digits) && hasCheckDigit(digits)) return [start, end];
    }
  }
  return undefined;
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
