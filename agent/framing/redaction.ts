/**
 * Masks parts of records, byte for byte: positions stay byte offsets, and a line its length. A mask is `*` in the record's encoding; the
 * end of a line is never masked.
 */
import { compilePattern } from '@tributary/shared/linear-pattern.ts';
import type { FilterOptions } from './framing-options.ts';
import type { RecordDecoder } from './text-decoder.ts';

export interface Redaction {
  /** Masks in place; true when something was. */
  mask(record: Buffer): boolean;
}

type RedactOptions = NonNullable<FilterOptions['redact']>;

/** `[start, end)` of a match's text. */
type Place = readonly [start: number, end: number];

interface Rule {
  readonly pattern: RegExp;
  /** Which part of a match is masked; undefined: all of it. */
  readonly meant?: ((text: string) => Place | undefined) | undefined;
}

const presets: Readonly<Record<RedactOptions['presets'][number], Rule>> = {
  card: { pattern: compilePattern(String.raw`\b\d(?:[ -]?\d){12,}\b`, 'g'), meant: cardNumber },
  email: {
    pattern: compilePattern(String.raw`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z][A-Za-z]+`, 'g'),
  },
  token: {
    pattern: compilePattern(
      [
        String.raw`\beyJ[\w-]+\.[\w-]+\.[\w-]*`,
        String.raw`(?<=(?:[Bb]earer|[Bb]asic|BEARER|BASIC)\s+)[\w.~+/=-]{8,}`,
        String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`,
        String.raw`\bgh[opsur]_[A-Za-z0-9]{36,}`,
        String.raw`\bglpat-[\w-]{20,}`,
        String.raw`\bxox[abeoprs]-[\w-]{10,}`,
        String.raw`\bsk_live_[A-Za-z0-9]{16,}`,
      ].join('|'),
      'g',
    ),
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
  const placed = decoder.decodePlaces(record);
  let isChanged = false;
  for (const { pattern, meant } of rules) {
    for (const { 0: found, index } of placed.text.matchAll(pattern)) {
      const [start, end] = meant === undefined ? [0, found.length] : (meant(found) ?? [0, 0]);
      // Lines stay lines.
      for (const { 0: part, index: at } of found.slice(start, end).matchAll(/[^\r\n]+/g)) {
        const begin = index + start + at;
        record.subarray(placed.offsetOf(begin), placed.offsetOf(begin + part.length)).fill(decoder.mask);
        isChanged = true;
      }
    }
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
