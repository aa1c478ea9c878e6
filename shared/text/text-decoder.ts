/**
 * Bytes of a declared encoding as text that patterns look at, and the way back from a place in the text to a place in the bytes.
 *
 * UTF-8, UTF-16 and all encodings of one byte a character are decoded. The other ones of several bytes, such as Shift_JIS, are looked at
 * as Latin-1, a character a byte: ASCII is found in them all the same. A byte order mark is no part of the text: `^` stands behind it.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { placesOf, utf8Places, utf8Text } from './utf8-places.ts';

export interface RecordDecoder {
  /** For patterns that only tell whether they match: what is no character reads as U+FFFD. */
  decode(bytes: Buffer): string;
  /** For patterns that tell where. */
  decodePlaces(bytes: Buffer): PlacedText;
  /** `*` in this encoding: what masks a character or a part of one. */
  readonly mask: Buffer;
}

export interface PlacedText {
  readonly text: string;
  /** Where the bytes of a part of the text are. What belongs together in the text may be apart in the bytes. */
  rangesOf(start: number, end: number): readonly ByteRange[];
}

export type ByteRange = readonly [start: number, end: number];

/** No part of what patterns look at, so that `$` fits before it. */
export const lineEnd = /\r?\n$/;

export function textDecoder(encoding: string): RecordDecoder {
  const name = new TextDecoder(encoding).encoding;
  if (name === 'utf-8') return utf8;
  if (name === 'utf-16le') return utf16(Buffer.from('*', 'utf16le'), (bytes) => bytes.toString('utf16le'));
  if (name === 'utf-16be') return utf16(Buffer.from([0, 42]), (bytes) => bigEndianText(bytes));
  return severalBytes.has(name) ? perByte((bytes) => bytes.toString('latin1')) : singleByte(new TextDecoder(name));
}

const severalBytes: ReadonlySet<string> = new Set([
  'shift_jis',
  'euc-jp',
  'iso-2022-jp',
  'euc-kr',
  'gbk',
  'gb18030',
  'big5',
  'replacement',
]);
const star = Buffer.from('*');
const byteOrderMark = '\uFEFF';

/** Text of which every unit has as many bytes. */
function evenlyPlaced(text: string, unitBytes: number): PlacedText {
  return { text, rangesOf: (start, end) => [[start * unitBytes, end * unitBytes]] };
}

function perByte(decode: (bytes: Buffer) => string): RecordDecoder {
  return { decode, decodePlaces: (bytes) => evenlyPlaced(decode(bytes), 1), mask: star };
}

function singleByte(decoder: TextDecoder): RecordDecoder {
  return perByte((bytes) => (isAscii(bytes) ? bytes.toString('latin1') : decoder.decode(bytes)));
}

const utf8: RecordDecoder = {
  decode: (bytes) => withoutMark(bytes.toString('utf8')),
  decodePlaces: (bytes) => {
    const decoded = bytes.toString('utf8');
    // A character for each byte: whatever the bytes are, the places are the same.
    if (decoded.length === bytes.length) return evenlyPlaced(decoded, 1);
    const text = isUtf8(bytes) ? decoded : utf8Text(bytes);
    let places: Uint32Array | undefined;
    return placedWithoutMark({
      text,
      rangesOf: (start, end) => {
        places ??= utf8Places(bytes, text.length);
        return [placesOf(places, start, end)];
      },
    });
  },
  mask: star,
};

function utf16(mask: Buffer, decode: (bytes: Buffer) => string): RecordDecoder {
  return {
    decode: (bytes) => withoutMark(decode(bytes)),
    decodePlaces: (bytes) => placedWithoutMark(evenlyPlaced(decode(bytes), 2)),
    mask,
  };
}

function withoutMark(text: string): string {
  return text.startsWith(byteOrderMark) ? text.slice(1) : text;
}

function placedWithoutMark(placed: PlacedText): PlacedText {
  if (!placed.text.startsWith(byteOrderMark)) return placed;
  return { text: placed.text.slice(1), rangesOf: (start, end) => placed.rangesOf(start + 1, end + 1) };
}

function bigEndianText(bytes: Buffer): string {
  return Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)))
    .swap16()
    .toString('utf16le');
}
