/**
 * A journal entry as a record: one JSON object on one line, shaped like that of `journalctl --output=json --all`.
 *
 * - A value that is valid UTF-8 is a string, any other an array of its bytes as numbers: nothing is replaced or guessed.
 * - A field that an entry has several times is an array of its values.
 * - `__CURSOR` is the last field, so that the mark of a position, which is made of the last 64 bytes, belongs to this entry alone.
 * - What was cut is told in `_TRIBUTARY_CUT`: an object of the fields' names with the bytes they had. No program can write such a field
 *   into a journal, for names with an underscore are the journal's own.
 */
import { isUtf8 } from 'node:buffer';
import { markOf } from '@tributary/protocol/mark.ts';
import type { Mark } from '@tributary/protocol/messages.ts';
import type { JournalEntry, JournalField } from './export-parser.ts';
import { entryBytesMax } from './limits.ts';

export interface JournalRecord {
  /** With its newline. */
  readonly bytes: Buffer;
  readonly cursor: string;
  /** Bytes of values that are not in the record. */
  readonly cutBytes: number;
}

/** The mark that a position behind the entry of this cursor has. */
export function markOfCursor(cursor: string): Mark {
  return markOf(Buffer.from(endOf(cursor)));
}

export function cursorOf(entry: JournalEntry): string {
  return entry.find(({ name }) => name === cursorField)?.value.toString('latin1') ?? '';
}

const cursorField = '__CURSOR';
const cutField = '_TRIBUTARY_CUT';

export function recordOf(entry: JournalEntry): JournalRecord {
  const values = new Map<string, string[]>();
  const cut: Record<string, number> = {};
  let cursor = '';
  let length = 0;
  let cutBytes = 0;
  for (const field of entry) {
    if (field.name === cursorField) {
      cursor = field.value.toString('latin1');
      continue;
    }
    const { text, kept } = jsonOf(field);
    const textBytes = Buffer.byteLength(text) + field.name.length;
    const fits = length + textBytes <= entryBytesMax;
    if (kept < field.bytes || !fits) {
      cut[field.name] = field.bytes;
      cutBytes += field.bytes - (fits ? kept : 0);
    }
    if (!fits) continue;
    length += textBytes;
    values.getOrInsertComputed(field.name, () => []).push(text);
  }
  const parts: string[] = [];
  for (const [name, texts] of values) parts.push(`${JSON.stringify(name)}:${oneOrMany(texts)}`);
  if (cutBytes > 0) parts.push(`${JSON.stringify(cutField)}:${JSON.stringify(cut)}`);
  const separator = parts.length === 0 ? '' : ',';
  return { bytes: Buffer.from(`{${parts.join(',')}${separator}${endOf(cursor)}`), cursor, cutBytes };
}

/** Longer than the 64 bytes that a mark is made of. */
function endOf(cursor: string): string {
  return `${JSON.stringify(cursorField)}:${JSON.stringify(cursor)}}\n`;
}

function oneOrMany(texts: readonly string[]): string {
  return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(',')}]`;
}

function jsonOf({ value, bytes }: JournalField): { readonly text: string; readonly kept: number } {
  const whole = value.length < bytes ? withoutHalfCharacter(value) : value;
  if (isUtf8(whole)) return { text: JSON.stringify(whole.toString()), kept: whole.length };
  return { text: `[${value.join(',')}]`, kept: value.length };
}

/** A cut may be within a character of up to four bytes. */
function withoutHalfCharacter(value: Buffer): Buffer {
  for (let back = 1; back <= Math.min(4, value.length); back += 1) {
    const byte = value[value.length - back] ?? 0;
    if (byte < 0x80) return value;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? value.subarray(0, value.length - back) : value;
  }
  return value;
}
