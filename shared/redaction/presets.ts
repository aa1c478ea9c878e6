/**
 * What is commonly to be hidden in text, and where it is. Each is found in linear time, whatever the text: by patterns that are, or by one
 * walk from each place that a value may begin at, no longer than the value may be.
 */
import { isIPv6 } from 'node:net';
import { LinearPattern } from '../linear-pattern.ts';

/** `[start, end)` in a text. */
export type Place = readonly [start: number, end: number];

export interface Finder {
  /** Bytes of which one must be there for anything to be found, as UTF-8 and its like have them. */
  readonly neededBytes?: readonly number[] | undefined;
  /** In the order of the text. */
  readonly find: (text: string) => readonly Place[];
}

export const presetNames = [
  'card',
  'iban',
  'email',
  'ipv4',
  'ipv6',
  'token',
  'jwt',
  'authorization',
  'aws_key',
  'private_key',
  'password',
] as const;

export type PresetName = (typeof presetNames)[number];

/** All of what matches, or the parts of it that `meant` tells, with the character behind it. Where nobody looked all is hidden. */
export function patternFinder(
  pattern: LinearPattern,
  meant?: (match: string, behind: string) => readonly Place[],
): Finder['find'] {
  return (text) => {
    const places: Place[] = [];
    for (const { index, text: match, isUnseen } of pattern.matches(text)) {
      const end = index + match.length;
      if (meant === undefined || isUnseen) places.push([index, end]);
      else for (const [start, stop] of meant(match, text[end] ?? '')) places.push([index + start, index + stop]);
    }
    return places;
  };
}

const webToken = String.raw`\beyJ[\w-]+\.[\w-]+\.[\w-]*`;
const credentials = String.raw`\b(?:[Bb]earer|[Bb]asic|BEARER|BASIC)[ \t]+[\w.~+/=-]{8,}`;
const awsKeyId = String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`;

// No look-behind, so that a long text is gone through once: the character before is taken along, or does not matter.
const cards = patternFinder(new LinearPattern(String.raw`(?:^|[^A-Za-z\d])\d(?:[ -]?\d){12,}`), cardNumbers);
const addresses = patternFinder(
  // Also as the lines of web servers have them, and as JSON may.
  new LinearPattern(String.raw`[A-Za-z0-9._%+-]+(?:@|%40|\\u0040)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z][A-Za-z]+`),
);
const numbers = patternFinder(new LinearPattern(String.raw`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`), (text) =>
  text.split('.').every((part) => Number(part) <= 255) ? [[0, text.length]] : [],
);
const tokens = patternFinder(
  new LinearPattern(
    [
      webToken,
      credentials,
      awsKeyId,
      String.raw`\bgh[opsur]_[A-Za-z0-9]{36,}`,
      String.raw`\bglpat-[\w-]{20,}`,
      String.raw`\bxox[abeoprs]-[\w-]{10,}`,
      String.raw`\bsk_live_[A-Za-z0-9]{16,}`,
    ].join('|'),
  ),
  lastWord,
);
const awsKeys = patternFinder(new LinearPattern(awsKeyId));
const awsSecrets = patternFinder(
  new LinearPattern(String.raw`(?i)secret_?(?:access_?)?key(?:\\*["'])?[ \t]?(?:=>?|:)[ \t]?(?:\\*["'])?[\w/+]{40}`),
  (text) => [[text.length - 40, text.length]],
);

/** In JSON, also where it is a text of other JSON, in YAML, in addresses of web pages, in lines of commands. */
const pairs = patternFinder(
  new LinearPattern(
    [
      String.raw`(?i)(?:password|passwd|passphrase|pwd|secret|api[_-]?key|access[_-]?key|(?:access|auth|refresh|id|session)[_-]?token)`,
      String.raw`(?:\\*["'])?[ \t]?[ \t]?(?:=>?|:)[ \t]?[ \t]?`,
      String.raw`(?:"(?:[^"\\]|\\[^])+|'(?:[^'\\]|\\[^])+|\\+"(?:[^"\\]|\\+[^"\\])+|[^\s,;&"'(){}\[\]]+)`,
    ].join(''),
  ),
  (text) => [[/^[\w-]+(?:\\*["'])?[ \t]*(?:=>?|:)[ \t]*(?:\\*["'])?/.exec(text)?.[0].length ?? 0, text.length]],
);
const inAddresses = patternFinder(new LinearPattern(String.raw`:\/\/[^\s\/:@"']*:[^\s\/@"']+@`), (text) => [
  [text.indexOf(':', 3) + 1, text.length - 1],
]);

const finders: Readonly<Record<PresetName, Finder>> = {
  card: { find: cards },
  iban: { find: accountNumbers },
  email: { neededBytes: [0x40, 0x25, 0x5c], find: addresses },
  ipv4: { neededBytes: [0x2e], find: numbers },
  ipv6: { neededBytes: [0x3a], find: longAddresses },
  token: { find: tokens },
  jwt: { neededBytes: [0x2e], find: patternFinder(new LinearPattern(webToken)) },
  authorization: { find: patternFinder(new LinearPattern(credentials), lastWord) },
  aws_key: { find: (text) => [...awsKeys(text), ...awsSecrets(text)] },
  private_key: { find: keyTexts },
  password: { find: (text) => [...pairs(text), ...inAddresses(text)] },
};

export function presetFinder(name: PresetName): Finder {
  return finders[name];
}

/** The word before the credentials stays. */
function lastWord(text: string): readonly Place[] {
  return [[1 + Math.max(text.lastIndexOf(' '), text.lastIndexOf('\t')), text.length]];
}

const cardPrefix = /^(?:3[04-9]|4|5|6|2[2-7])/;

/**
 * The numbers of payment cards within a run of digits: 13 to 19 of them, which begin as an issuer's do and end with the right check digit
 * (ISO/IEC 7812). Other digits may stand beside them, apart by a space or a hyphen.
 */
function cardNumbers(text: string, behind: string): Place[] {
  const groups = [...text.matchAll(/\d+/g)].map(({ 0: digits, index }) => ({ digits, start: index, end: index + digits.length }));
  // A word that begins with digits.
  if (/[A-Za-z]/.test(behind)) groups.pop();
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

/** How long the numbers of bank accounts are in each country (ISO 13616). */
const accountLengths: ReadonlyMap<string, number> = new Map(
  [
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18',
    'FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21',
    'LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24',
    'SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30',
  ]
    .join(' ')
    .split(' ')
    .map((text) => [text.slice(0, 2), Number(text.slice(2))]),
);

function accountNumbers(text: string): Place[] {
  const places: Place[] = [];
  for (const { 0: begin, index } of text.matchAll(/(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}/g)) {
    const length = accountLengths.get(begin.slice(0, 2).toUpperCase());
    const end = length === undefined ? undefined : accountEnd(text, index, length);
    if (end !== undefined) places.push([index, end]);
  }
  return places;
}

/** Where so many letters and digits end, one space or hyphen between two at most; undefined where they are no account number. */
function accountEnd(text: string, from: number, length: number): number | undefined {
  let digits = '';
  let at = from;
  for (; digits.length < length; at += 1) {
    const character = text[at] ?? '';
    const isGap = (character === ' ' || character === '-') && /[A-Za-z0-9]/.test(text[at - 1] ?? '');
    if (isGap) continue;
    if (!/[A-Za-z0-9]/.test(character)) return undefined;
    digits += character;
  }
  if (/[A-Za-z0-9]/.test(text[at] ?? '')) return undefined;
  const turned = `${digits.slice(4)}${digits.slice(0, 4)}`;
  let rest = 0;
  for (const character of turned) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1 ? at : undefined;
}

const longAddressMax = 45;

function longAddresses(text: string): Place[] {
  const places: Place[] = [];
  for (const { 0: run, index } of text.matchAll(/[0-9A-Fa-f:.]+/g)) {
    if (!run.includes(':', run.indexOf(':') + 1) || /\w/.test(text[index - 1] ?? '') || /\w/.test(text[index + run.length] ?? ''))
      continue;
    // A sentence or a port may end with what is no part of it.
    const address = run.replace(/(?<!:):$|\.+$/, '');
    if (address.length <= longAddressMax && address !== '::' && isIPv6(address)) places.push([index, index + address.length]);
  }
  return places;
}

const keyBegin = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const keyEnd = '-----END ';
/** How the lines of a key are written, each of which may be a record of its own. */
const keyLine = /^(?=.{0,75}[a-z])(?=.{0,75}[A-Z])(?=.{0,75}\d)(?:[A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{70}|[A-Za-z0-9+/]{76})\r?$/gm;

/** What stands between the two ends of a key, and lines that look as those of a key do. */
function keyTexts(text: string): Place[] {
  const places: Place[] = [];
  for (const { 0: begin, index } of text.matchAll(keyBegin)) {
    const from = index + begin.length;
    if (from < (places.at(-1)?.[1] ?? 0)) continue;
    const to = text.indexOf(keyEnd, from);
    places.push([from, to < 0 ? text.length : to]);
  }
  for (const { 0: line, index } of text.matchAll(keyLine)) places.push([index, index + line.length]);
  return places;
}
