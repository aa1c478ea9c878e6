/** Lines of a file or of standard input, as bytes, as they come. */
import { createReadStream } from 'node:fs';
import { readFailure } from '@tributary/shared/options/substitute.ts';
import { UsageError } from './exit.ts';

/** A longer one is cut, as an agent cuts it. */
const lineBytesMax = 10 * 1024 * 1024;
const newline = 0x0a;
const groupMax = 256;

/** Groups of whole lines with their ends, each as soon as it is there. Undefined: standard input. */
export async function* inputLines(file: string | undefined): AsyncGenerator<Buffer<ArrayBuffer>[]> {
  const stream = file === undefined || file === '-' ? process.stdin : createReadStream(file);
  let rest: Buffer[] = [];
  let restBytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let lines: Buffer<ArrayBuffer>[] = [];
      let from = 0;
      while (from < chunk.length) {
        const end = chunk.indexOf(newline, from);
        const part = chunk.subarray(from, end === -1 ? chunk.length : end + 1);
        from += part.length;
        rest.push(part);
        restBytes += part.length;
        if (end === -1 && restBytes < lineBytesMax) continue;
        lines.push(Buffer.concat(rest));
        rest = [];
        restBytes = 0;
        if (lines.length < groupMax) continue;
        yield lines;
        lines = [];
      }
      if (lines.length > 0) yield lines;
    }
  } catch (error) {
    throw new UsageError(`${file ?? 'standard input'} cannot be read: ${readFailure(error)}`, { cause: error });
  }
  if (restBytes > 0) yield [Buffer.concat(rest)];
}
