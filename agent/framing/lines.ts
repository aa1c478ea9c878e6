/**
 * Cuts bytes into records: a line with its terminator `\n`, never decoded. Works on whole chunks, so that neither a string nor a
 * call of a function of ours is spent on a byte.
 *
 * A line of more than `lineBytesMax` bytes before its terminator is cut into pieces of exactly `lineBytesMax` bytes and a rest that
 * holds the terminator. Each piece is a record of its own, told by a Cut of cause `too-long`; nothing is dropped. Where a line is
 * cut depends only on where the line begins, never on how its bytes came in chunks: a piece is cut only when one byte more than
 * `lineBytesMax` is there.
 */
import type { Cut } from '@tributary/protocol/messages.ts';

const newlineByte = 10;

export interface Framed {
  /** Bytes from the start that are whole records; what follows is the beginning of a line whose end is not there yet. */
  readonly end: number;
  readonly records: number;
  readonly cuts: readonly Cut[];
}

const noCuts: readonly Cut[] = [];

/** Finds the whole records in `bytes`, which begin at the start of a record; no more than `recordsMax` of them. */
export function frameLines(bytes: Buffer, { lineBytesMax, recordsMax }: { lineBytesMax: number; recordsMax: number }): Framed {
  let cuts: Cut[] | undefined;
  let records = 0;
  let start = 0;
  // A window of one byte more than the longest piece, beginning at a record: if it holds a newline, every line up to its last
  // newline is short enough, because each lies inside the window as a whole.
  while (start < bytes.length && records < recordsMax) {
    const window = bytes.subarray(start, start + lineBytesMax + 1);
    const lastNewline = window.lastIndexOf(newlineByte);
    if (lastNewline >= 0) {
      const lines = countLines(window, lastNewline, recordsMax - records);
      records += lines.count;
      start += lines.end;
    } else if (window.length > lineBytesMax) {
      start += lineBytesMax;
      records += 1;
      cuts ??= [];
      cuts.push({ offset: start, cause: 'too-long' });
    } else break;
  }
  return { end: start, records, cuts: cuts ?? noCuts };
}

/** Counts the lines up to the newline at `last`, stopping at `countMax`; `end` is just after the last one counted. */
function countLines(bytes: Buffer, last: number, countMax: number): { count: number; end: number } {
  let count = 1;
  let newline = bytes.indexOf(newlineByte);
  while (newline < last && count < countMax) {
    newline = bytes.indexOf(newlineByte, newline + 1);
    count += 1;
  }
  return { count, end: newline + 1 };
}
