/**
 * One JSON object, or an array of objects and strings, each a record. An object keeps its bytes as they were written; a string becomes
 * the text that it stands for. Each ends with a newline as a line does, so that what prints records prints these one a line too. All of it is
 * checked before anything is stored.
 */
import { isUtf8 } from 'node:buffer';
import { setImmediate as others } from 'node:timers/promises';
import type { RecordBlock } from '../../record-block.ts';
import { HttpError } from '../http-error.ts';
import { recordBytesMax, recordsPerPushMax } from '../limits.ts';
import { endOfValue, JsonScanError, skipSpace } from './json-scanner.ts';
import { type NoteRecords, recordTooLarge, tooManyRecords } from './lines.ts';

const quote = 0x22;
const openArray = 0x5b;
const closeArray = 0x5d;
const openObject = 0x7b;
const comma = 0x2c;
const newline = 0x0a;
/** Between elements, after so many bytes, the hub's other connections have their turn. */
const bytesAtATime = 1 << 20;

/** Element 1 is the first of the array. `bytes` belongs to the result from here on. Rejects with an HttpError. */
export async function jsonRecordsOf(bytes: Buffer, note: NoteRecords): Promise<RecordBlock> {
  if (!isUtf8(bytes)) throw malformed('it is not UTF-8');
  const begin = skipSpace(bytes, 0);
  if (bytes[begin] === openArray) return elementsOf(bytes, begin, note);
  if (bytes[begin] !== openObject) throw malformed('it is neither an object nor an array of objects and strings');
  const end = endOf(bytes, begin, 'the object');
  const record = Buffer.concat([bytes.subarray(begin, end), Buffer.of(newline)]);
  return nothingBehind(bytes, end, { bytes: record, lengths: [record.length] });
}

/** Records move to the front of the body's own memory: none is longer than what it was written as with the comma or bracket behind it. */
async function elementsOf(bytes: Buffer, begin: number, note: NoteRecords): Promise<RecordBlock> {
  const lengths: number[] = [];
  let noted = 0;
  let kept = 0;
  let element = 0;
  let turnEnds = begin + bytesAtATime;
  let at = skipSpace(bytes, begin + 1);
  if (bytes[at] === closeArray) return nothingBehind(bytes, at + 1, { bytes: bytes.subarray(0, 0), lengths });
  for (;;) {
    element += 1;
    if (element > recordsPerPushMax) throw tooManyRecords();
    const end = endOf(bytes, at, `element ${element}`);
    const length = keep(bytes, { from: at, to: end, at: kept, element });
    if (length > 0) lengths.push(length);
    kept += length;
    at = skipSpace(bytes, end);
    if (bytes[at] !== comma) break;
    at = skipSpace(bytes, at + 1);
    if (at > turnEnds) {
      note(lengths.length - noted);
      noted = lengths.length;
      await others();
      turnEnds = at + bytesAtATime;
    }
  }
  note(lengths.length - noted);
  if (bytes[at] !== closeArray) throw malformed(`the array does not go on behind element ${element}`);
  return nothingBehind(bytes, at + 1, { bytes: bytes.subarray(0, kept), lengths });
}

function nothingBehind(bytes: Buffer, end: number, records: RecordBlock): RecordBlock {
  if (skipSpace(bytes, end) === bytes.length) return records;
  throw malformed('something stands behind it (several values, a line each, are application/x-ndjson)');
}

interface Element {
  readonly from: number;
  readonly to: number;
  /** Where its record goes. */
  readonly at: number;
  readonly element: number;
}

/** Length of the record with its newline; 0 where it is blank. */
function keep(bytes: Buffer, { from, to, at, element }: Element): number {
  switch (bytes[from]) {
    case openObject:
      bytes.copyWithin(at, from, to);
      bytes[at + to - from] = newline;
      return to - from + 1;
    case quote: {
      const text = String(JSON.parse(bytes.toString('utf8', from, to)));
      if (/^\r?\n?$/.test(text)) return 0;
      return bytes.write(text.endsWith('\n') ? text : `${text}\n`, at, to - from, 'utf8');
    }
    default:
      throw malformed(`element ${element} is neither an object nor a string`);
  }
}

function endOf(bytes: Buffer, from: number, which: string): number {
  try {
    const end = endOfValue(bytes, from);
    // With its newline.
    if (end - from >= recordBytesMax) throw recordTooLarge(which);
    return end;
  } catch (error) {
    if (error instanceof JsonScanError) throw malformed(`${which} is no JSON from byte ${error.offset} on`);
    throw error;
  }
}

function malformed(reason: string): HttpError {
  return new HttpError(400, 'malformed', `nothing was stored: the body is no JSON that can be taken: ${reason}`);
}
