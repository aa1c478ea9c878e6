import { spawn } from 'node:child_process';

/** Each line, with its newline, `s=<digit> n=<numberDigits digits> …`. */
export const lineBytes = 400;
export const numberOffset = 's=0 n='.length;
export const numberDigits = 10;

export interface Tally {
  readonly lost: number;
  readonly doubled: number;
}

/** Which lines are in these archive objects, by `zstd -dc` and the text alone: `written[s]` lines of each stream were. */
export async function tallyLines(objects: readonly string[], written: readonly number[]): Promise<Tally> {
  const seen = written.map((lines) => new Uint8Array(lines));
  for (const object of objects) await tallyObject(object, seen);
  let lost = 0;
  let doubled = 0;
  for (const lines of seen) {
    for (const times of lines) {
      if (times === 0) lost += 1;
      else doubled += times - 1;
    }
  }
  return { lost, doubled };
}

/** The raw column is always quoted, and a line begins with it. */
const begin = Buffer.from('"s=');
const headBytes = begin.length + numberOffset + numberDigits;

async function tallyObject(object: string, seen: readonly Uint8Array[]): Promise<void> {
  const child = spawn('zstd', ['-dc', '-q', object], { stdio: ['ignore', 'pipe', 'inherit'] });
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of child.stdout) {
    if (!Buffer.isBuffer(piece)) throw new TypeError('bytes come from a pipe');
    const bytes = Buffer.concat([rest, piece]);
    const end = bytes.length - headBytes;
    let at = bytes.indexOf(begin);
    for (; at >= 0 && at <= end; at = bytes.indexOf(begin, at + headBytes)) {
      const stream = seen[(bytes[at + begin.length] ?? 0) - 0x30];
      const number = Number(bytes.toString('latin1', at + 1 + numberOffset, at + 1 + numberOffset + numberDigits));
      if (stream !== undefined) stream[number] = Math.min(255, (stream[number] ?? 0) + 1);
    }
    // A line that begins at the end of this piece is found in the next one; one that was counted is not.
    rest = at < 0 ? bytes.subarray(Math.max(0, bytes.length - begin.length + 1)) : bytes.subarray(at);
  }
}
