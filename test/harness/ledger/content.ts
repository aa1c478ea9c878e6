import type { Random } from '../random.ts';

/**
 * Lines of a written file. Each begins with where it belongs, `s=<stream> g=<generation> n=<line> `, so that a reader that knows
 * nothing else can tell what is missing, doubled or out of place; what follows is hard on parsers. No line has a `\n` within it.
 */
export function makeLine(place: { stream: number; generation: number; line: number }, random: Random): Buffer {
  const label = Buffer.from(`s=${place.stream} g=${place.generation} n=${place.line} `);
  return Buffer.concat([label, payload(random), Buffer.from(random.chance(0.1) ? '\r\n' : '\n')]);
}

function payload(random: Random): Buffer {
  const dice = random.below(1000);
  if (dice < 3) return Buffer.from(words(random, random.between(1000, 12_000)));
  if (dice < 60) return Buffer.alloc(0);
  if (dice < 160) return hostileBytes(random, random.between(1, 200));
  if (dice < 300) return Buffer.from(`"${words(random, 5)}","${words(random, 3)}",,"""${random.next()}"`);
  return Buffer.from(words(random, random.between(3, 40)));
}

function words(random: Random, count: number): string {
  const result: string[] = [];
  for (let index = 0; index < count; index += 1) result.push(random.next().toString(36));
  return result.join(' ');
}

/** Every byte but the line feed: NUL, carriage returns, quotes and what no UTF-8 decoder takes. */
function hostileBytes(random: Random, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let index = 0; index < length; index += 1) {
    const byte = random.below(256);
    bytes[index] = byte === 0x0a ? 0x0d : byte;
  }
  return bytes;
}
