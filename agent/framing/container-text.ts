/**
 * What a container wrote, as patterns of filters look at it: the text of the engine's lines, without their JSON, times and tags. Parts
 * that the engine split are one line again, which stands where its first part does. So `^ERROR` fits a line that begins so, a secret is
 * found where the engine split it, and a mask leaves the engine's own form whole.
 */
import { criPartOf, criTextStart } from './cri-lines.ts';
import { dockerPartOf, dockerTextRange } from './docker-lines.ts';
import { jsonPlaces, jsonText } from './json-places.ts';
import { openPart, type PartOf, streamBits, unknownPart } from './part-lines.ts';
import type { ByteRange, PlacedText, RecordDecoder } from '@tributary/shared/text/text-decoder.ts';
import { placesOf, utf8Places, utf8Text } from '@tributary/shared/text/utf8-places.ts';

/** Text of one line of the engine. */
interface Piece {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly isJson: boolean;
}

interface Format {
  readonly partOf: PartOf;
  /** The text of the engine's line `[start, end)`, which has a known form; undefined where it cannot be read. */
  readonly pieceOf: (bytes: Buffer, start: number, end: number) => Piece | undefined;
}

const formats: Readonly<Record<'docker' | 'cri', Format>> = {
  docker: { partOf: dockerPartOf, pieceOf: dockerPiece },
  cri: { partOf: criPartOf, pieceOf: (bytes, start, end) => plainPiece(bytes, criTextStart(bytes, start, end), end) },
};

export function containerDecoder(container: 'docker' | 'cri'): RecordDecoder {
  const format = formats[container];
  return {
    decode: (bytes) => textOf(piecesOf(bytes, format)),
    decodePlaces: (bytes) => placed(bytes, piecesOf(bytes, format)),
    mask: Buffer.from('*'),
  };
}

const newlineByte = 10;

function piecesOf(bytes: Buffer, format: Format): readonly Piece[] {
  const lines: Piece[][] = [];
  /** By stream: the line that goes on. */
  const open = new Map<number, Piece[]>();
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(newlineByte, start);
    const end = newline < 0 ? bytes.length : newline + 1;
    const part = format.partOf(bytes, start, end);
    const stream = part & streamBits;
    const isOpen = (part & openPart) !== 0;
    let line = open.get(stream);
    if (line === undefined) lines.push((line = []));
    // The engine's own newline is no text where the container's line goes on.
    const textEnd = isOpen && newline >= 0 ? newline : end;
    const piece = part === unknownPart ? undefined : format.pieceOf(bytes, start, textEnd);
    line.push(piece ?? plainPiece(bytes, start, end));
    if (isOpen) open.set(stream, line);
    else open.delete(stream);
    start = end;
  }
  return lines.flat();
}

function dockerPiece(bytes: Buffer, start: number, end: number): Piece | undefined {
  const range = dockerTextRange(bytes, start, end);
  if (range === undefined) return undefined;
  const [from, to] = range;
  const text = jsonText(bytes.subarray(from, to));
  return text === undefined ? undefined : { text, start: from, end: to, isJson: true };
}

function plainPiece(bytes: Buffer, start: number, end: number): Piece {
  return { text: utf8Text(bytes.subarray(start, end)), start, end, isJson: false };
}

function textOf(pieces: readonly Piece[]): string {
  return pieces.length === 1 ? (pieces[0]?.text ?? '') : pieces.map(({ text }) => text).join('');
}

function placed(bytes: Buffer, pieces: readonly Piece[]): PlacedText {
  const places = new Map<Piece, Uint32Array>();
  return {
    text: textOf(pieces),
    rangesOf: (start, end) => {
      const ranges: ByteRange[] = [];
      let first = 0;
      for (const piece of pieces) {
        const [from, to] = [Math.max(start - first, 0), Math.min(end - first, piece.text.length)];
        first += piece.text.length;
        if (from >= to) continue;
        const own = places.getOrInsertComputed(piece, () => piecePlaces(bytes, piece));
        const [rangeStart, rangeEnd] = placesOf(own, from, to);
        ranges.push([piece.start + rangeStart, piece.start + rangeEnd]);
      }
      return ranges;
    },
  };
}

/** Relative to where the piece begins. */
function piecePlaces(bytes: Buffer, { text, start, end, isJson }: Piece): Uint32Array {
  const own = bytes.subarray(start, end);
  return isJson ? jsonPlaces(own, text.length) : utf8Places(own, text.length);
}
