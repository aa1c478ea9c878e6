/** Ways of spoiling bytes and texts, drawn from a seeded generator so that a run can be had again. */
import type { Random } from '../random.ts';

type Change = (bytes: Buffer, random: Random) => Buffer;

/** Where lengths and counts of formats are, extremes find more than chance does. */
const extremes = [0x00, 0x01, 0x7f, 0x80, 0xff];

const changes: readonly Change[] = [
  (bytes, random) => withByte(bytes, random, random.below(256)),
  (bytes, random) => withByte(bytes, random, random.pick(extremes)),
  (bytes, random) => withByte(bytes, random, (bytes[0] ?? 0) ^ (1 << random.below(8))),
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => bytes.subarray(random.below(bytes.length + 1)),
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), randomBytes(random, random.between(1, 16)), bytes.subarray(at)]);
  },
  (bytes, random) => {
    const from = random.below(bytes.length + 1);
    const part = bytes.subarray(from, from + random.between(1, 64));
    return Buffer.concat([bytes.subarray(0, from), ...Array<Buffer>(random.between(2, 40)).fill(part), bytes.subarray(from)]);
  },
];

/** One to four changes, each at a drawn place. */
export function mutated(bytes: Uint8Array, random: Random): Buffer {
  let result = Buffer.from(bytes);
  for (let left = random.between(1, 4); left > 0; left -= 1) result = Buffer.from(random.pick(changes)(result, random));
  return result;
}

/** Texts that break what is careless: paths, headers, terminals, numbers, lengths. */
const nastyTexts: readonly string[] = [
  '',
  ' ',
  '*',
  '../../../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '/etc/passwd',
  'a/b',
  'a\\b',
  'acme\u0000',
  'acme\r\nX-Injected: yes',
  '%0d%0aX-Injected:%20yes',
  '\u001b[2J\u001b]0;owned\u0007',
  '\n{"log.level":"error","message":"forged"}',
  '\u202egnp.exe',
  '\ud800',
  'é'.repeat(300),
  'x'.repeat(5000),
  'NaN',
  '-1',
  '1e309',
  '18446744073709551616',
  '__proto__',
  'constructor',
  '${7*7}{{7*7}}',
  '${file:/etc/passwd}',
  "' OR 1=1 --",
  '<script>alert(1)</script>',
  'null',
  '[]',
  '{}',
];

export function nastyText(random: Random): string {
  return random.chance(0.2) ? mutated(Buffer.from(random.pick(nastyTexts)), random).toString('latin1') : random.pick(nastyTexts);
}

export function randomBytes(random: Random, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let index = 0; index < length; index += 1) bytes[index] = random.next() & 0xff;
  return bytes;
}

function withByte(bytes: Buffer, random: Random, value: number): Buffer {
  if (bytes.length === 0) return bytes;
  const changed = Buffer.from(bytes);
  changed[random.below(bytes.length)] = value;
  return changed;
}
