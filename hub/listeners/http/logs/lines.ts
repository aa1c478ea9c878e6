/**
 * Lines of a body are records, each with its terminator: nothing is decoded, checked or copied, and no string is made. Blank lines are no
 * records; where there are any, the others are moved together in the body's own memory.
 */
import { HttpError } from '../http-error.ts';
import { recordBytesMax, recordsPerPushMax } from '../limits.ts';
import type { RecordBlock } from '../../record-block.ts';

const newline = 0x0a;
const carriageReturn = 0x0d;

/** Told how many records more there are, for the memory that each costs beside its bytes. Throws an HttpError when that is too much. */
export type NoteRecords = (records: number) => void;

/** `bytes` belongs to the result from here on. Throws an HttpError that names the line. */
export function linesOf(bytes: Buffer, note: NoteRecords): RecordBlock {
  const lengths: number[] = [];
  let kept = 0;
  let line = 0;
  for (let begin = 0; begin < bytes.length;) {
    const found = bytes.indexOf(newline, begin);
    const end = found === -1 ? bytes.length : found + 1;
    line += 1;
    if (line > recordsPerPushMax) throw tooManyRecords();
    if (end - begin > recordBytesMax) throw recordTooLarge(`line ${line}`);
    if (!isBlank(bytes, begin, end)) {
      if (kept !== begin) bytes.copyWithin(kept, begin, end);
      lengths.push(end - begin);
      kept += end - begin;
    }
    begin = end;
  }
  note(lengths.length);
  return { bytes: bytes.subarray(0, kept), lengths };
}

function isBlank(bytes: Buffer, begin: number, end: number): boolean {
  const length = end - begin;
  if (length > 2) return false;
  const last = bytes[end - 1];
  if (length === 1) return last === newline || last === carriageReturn;
  return last === newline && bytes[begin] === carriageReturn;
}

export function recordTooLarge(which: string): HttpError {
  return new HttpError(413, 'record-too-large', `${which} is longer than ${recordBytesMax} bytes: nothing was stored`);
}

export function tooManyRecords(): HttpError {
  return new HttpError(413, 'too-many-records', `a push has at most ${recordsPerPushMax} records: nothing was stored`);
}
