/**
 * Cuts bytes into records: a line with its terminator `\n`, never decoded. Works on whole chunks, so that neither a string nor a
 * call of a function of ours is spent on a byte. Fits every encoding in which the byte 10 is a newline and nothing else: UTF-8, all
 * of one byte a character, Shift_JIS, the EUC ones, ISO-2022-JP, GBK, GB18030, Big5. For UTF-16 there is wide-lines.ts.
 *
 * A line of more than `recordBytesMax` bytes before its terminator is cut into pieces of exactly `recordBytesMax` bytes and a rest
 * that holds the terminator. Each piece is a record of its own, told by a Cut of cause `too-long`; nothing is dropped. Where a line is
 * cut depends only on where the line begins, never on how its bytes came in chunks: a piece is cut only when one byte more than
 * `recordBytesMax` is there.
 */
import type { Cut } from '@tributary/protocol/messages.ts';
import { type Framed, type FrameLimits, type Framer, noCuts, noLengths, type Tail } from './framer.ts';

const newlineByte = 10;

/** A record is a line. */
export const lineFramer: Framer = {
  frame(bytes: Buffer, limits: FrameLimits, tail: Tail): Framed {
    const framed = frameLines(bytes.length > limits.bytesMax ? bytes.subarray(0, limits.bytesMax) : bytes, limits);
    if (tail === 'hold' || framed.end === bytes.length || framed.records >= limits.recordsMax) return framed;
    if (bytes.length > limits.bytesMax) return framed;
    const cuts = [...framed.cuts, { offset: bytes.length, cause: tail }];
    return { end: bytes.length, records: framed.records + 1, cuts, isLines: true, lengths: noLengths };
  },
  viewBytes: (recordBytesMax) => recordBytesMax + 1,
  quietMs: undefined,
};

/** Finds the whole lines in `bytes`, which begin at the start of a record. */
function frameLines(bytes: Buffer, { recordBytesMax, recordsMax }: FrameLimits): Framed {
  let cuts: Cut[] | undefined;
  let records = 0;
  let start = 0;
  // A window of one byte more than the longest piece, beginning at a record: if it holds a newline, every line up to its last
  // newline is short enough, because each lies inside the window as a whole.
  while (start < bytes.length && records < recordsMax) {
    const window = bytes.subarray(start, start + recordBytesMax + 1);
    const lastNewline = window.lastIndexOf(newlineByte);
    if (lastNewline >= 0) {
      const lines = countLines(window, lastNewline, recordsMax - records);
      records += lines.count;
      start += lines.end;
    } else if (window.length > recordBytesMax) {
      start += recordBytesMax;
      records += 1;
      cuts ??= [];
      cuts.push({ offset: start, cause: 'too-long' });
    } else break;
  }
  return { end: start, records, cuts: cuts ?? noCuts, isLines: true, lengths: noLengths };
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
