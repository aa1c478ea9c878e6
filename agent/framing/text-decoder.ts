/**
 * Bytes of a declared encoding as text that patterns look at, and the way back from a place in the text to a place in the bytes.
 *
 * UTF-8, UTF-16 and all encodings of one byte a character are decoded. The other ones of several bytes, such as Shift_JIS, are looked at
 * as Latin-1, a character a byte: ASCII is found in them all the same.
 */
import { isAscii, isUtf8 } from 'node:buffer';

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
  /** Offset in the bytes of the character at `index` of the text. */
  offsetOf(index: number): number;
}

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
const sameOffset = (index: number): number => index;

function perByte(decode: (bytes: Buffer) => string): RecordDecoder {
  return { decode, decodePlaces: (bytes) => ({ text: decode(bytes), offsetOf: sameOffset }), mask: star };
}

function singleByte(decoder: TextDecoder): RecordDecoder {
  return perByte((bytes) => (isAscii(bytes) ? bytes.toString('latin1') : decoder.decode(bytes)));
}

const utf8: RecordDecoder = {
  decode: (bytes) => bytes.toString('utf8'),
  decodePlaces: (bytes) => {
    const text = bytes.toString('utf8');
    // A character for each byte: whatever the bytes are, the places are the same.
    if (text.length === bytes.length) return { text, offsetOf: sameOffset };
    if (!isUtf8(bytes)) return { text: bytes.toString('latin1'), offsetOf: sameOffset };
    return { text, offsetOf: (index) => Buffer.byteLength(text.slice(0, index)) };
  },
  mask: star,
};

function utf16(mask: Buffer, decode: (bytes: Buffer) => string): RecordDecoder {
  return { decode, decodePlaces: (bytes) => ({ text: decode(bytes), offsetOf: (index) => 2 * index }), mask };
}

function bigEndianText(bytes: Buffer): string {
  return Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)))
    .swap16()
    .toString('utf16le');
}
