/**
 * Covers what is to be covered in the body of a batch: it is inflated, its records are looked at one by one, and it is compressed again.
 * Nothing but the bytes of what was found changes, so segments, positions, cuts and lengths of records stay true.
 *
 * Lines that the edge cut because they were too long are looked at as the lines that they are, as far as they are in one batch.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import { inflatedBytesMax } from '@tributary/protocol/limits.ts';
import { RawRedactor, decoderOf } from './redaction-rule.ts';
import type { RawRedaction } from './redactions.ts';

/** A segment as far as its records are to be found. */
export interface RedactedSegment {
  readonly bytes: number;
  /** Of each record; without any, each line is one. */
  readonly lengths: readonly number[];
  readonly encoding: string;
}

export interface BodyToRedact {
  readonly body: Uint8Array;
  readonly inflatedBytes: number;
  readonly segments: readonly RedactedSegment[];
}

/** `undefined` where nothing was found: the body is as it was. */
export type RedactedBody = { readonly body: Uint8Array<ArrayBuffer>; readonly checksum: number } | undefined;

/** A body in which nothing can be looked for, and which is not stored therefore. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly code = 'BODY_UNREADABLE';
}

const windowLogMax = 23;
const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };
const outputBytesMin = 4096;
const newline = 10;

/** One after the other. */
export type Redactors = readonly RawRedactor[];

export function redactorsOf({ rules }: RawRedaction): Redactors {
  return rules.map((rule) => new RawRedactor(rule));
}

/** Throws a BodyError. */
export function redactBody(given: BodyToRedact, redactors: Redactors): RedactedBody {
  const bytes = inflate(given);
  if (redactSegments(bytes, given.segments, redactors) === 0) return undefined;
  const chunkSize = Math.max(bytes.length >> 1, outputBytesMin);
  const body = ownMemory(zstdCompressSync(bytes, { chunkSize, pledgedSrcSize: bytes.length, params }));
  return { body, checksum: checksumOf(body) };
}

/** In place. Returns how many places were covered. Throws a BodyError. */
export function redactSegments(bytes: Buffer, segments: readonly RedactedSegment[], redactors: Redactors): number {
  const declared = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  if (declared !== bytes.length) throw new BodyError(`its segments have ${declared} bytes, and it has ${bytes.length}`);
  let covered = 0;
  let offset = 0;
  for (const segment of segments) {
    covered += redactSegment(bytes.subarray(offset, offset + segment.bytes), segment, redactors);
    offset += segment.bytes;
  }
  return covered;
}

function redactSegment(bytes: Buffer, { lengths, encoding }: RedactedSegment, redactors: Redactors): number {
  const decoder = decoderOf(encoding);
  let covered = 0;
  let from = 0;
  const redactTo = (end: number): void => {
    const record = bytes.subarray(from, end);
    for (const redactor of redactors) covered += redactor.redact(record, decoder);
    from = end;
  };
  for (const length of lengths) redactTo(from + length);
  if (lengths.length > 0 && from !== bytes.length) throw new BodyError('the lengths of its records do not add up');
  // In an encoding of several bytes a unit, a newline's byte says nothing: the segment is looked at as one text.
  if (decoder.mask.length > 1) redactTo(bytes.length);
  for (let end = bytes.indexOf(newline, from); end >= 0; end = bytes.indexOf(newline, from)) redactTo(end + 1);
  if (from < bytes.length) redactTo(bytes.length);
  return covered;
}

function inflate({ body, inflatedBytes }: BodyToRedact): Buffer {
  if (inflatedBytes > inflatedBytesMax) throw new BodyError(`it says that it inflates to ${inflatedBytes} bytes`);
  let bytes: Buffer;
  try {
    bytes = zstdDecompressSync(body, {
      chunkSize: inflatedBytes + 64,
      maxOutputLength: Math.max(inflatedBytes, 1),
      params: { [constants.ZSTD_d_windowLogMax]: windowLogMax },
    });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new BodyError(`it cannot be inflated to its ${inflatedBytes} bytes (${code})`, { cause: error });
  }
  if (bytes.length !== inflatedBytes) throw new BodyError(`it inflates to ${bytes.length} bytes instead of ${inflatedBytes}`);
  return bytes;
}

/** So that it can be moved to another thread. */
function ownMemory(bytes: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const isAlone = bytes.byteOffset === 0 && buffer.byteLength === bytes.byteLength && buffer instanceof ArrayBuffer;
  return isAlone ? new Uint8Array(buffer) : new Uint8Array(bytes);
}
