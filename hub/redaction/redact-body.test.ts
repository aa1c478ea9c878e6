import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import { BodyError, redactBody, type RedactedSegment, redactorsOf } from './redact-body.ts';
import { rawRedaction } from './redactions.ts';

const redaction = rawRedaction([
  { presets: ['card'], patterns: [], action: 'mask' },
  { presets: [], patterns: ['^user=\\w+'], action: 'mask' },
]);
assert(redaction !== undefined);
const redactors = redactorsOf(redaction);
const card = '4111111111111111';
const stars = '*'.repeat(16);

function segment(bytes: Buffer, more: Partial<RedactedSegment> = {}): RedactedSegment {
  return { bytes: bytes.length, lengths: [], encoding: 'utf-8', ...more };
}

function redacted(parts: readonly [Buffer, Partial<RedactedSegment>?][]): Buffer {
  const inflated = Buffer.concat(parts.map(([bytes]) => bytes));
  const body = zstdCompressSync(inflated);
  const segments = parts.map(([bytes, more]) => segment(bytes, more));
  const made = redactBody({ body, inflatedBytes: inflated.length, segments }, redactors);
  if (made === undefined) return inflated;
  assert.equal(made.checksum, checksumOf(made.body));
  const result = zstdDecompressSync(made.body);
  assert.equal(result.length, inflated.length);
  return result;
}

test('each line is looked at as one, in every segment', () => {
  const result = redacted([[Buffer.from(`user=a ${card}\nuser=b\n user=c`)], [Buffer.from('user=d')]]);
  assert.equal(result.toString(), `****** ${stars}\n******\n user=c******`);
});

test('where records have lengths, these tell where one begins', () => {
  const result = redacted([[Buffer.from(`user=a\nuser=buser=c4111${card.slice(4)}`), { lengths: [13, 6, 4, 12] }]]);
  assert.equal(result.toString(), `******\nuser=b******${card}`, 'no record has a card of its own');
});

test('UTF-16 of both kinds, with and without lengths', () => {
  const little = Buffer.from(`user=x\npay ${card}\n`, 'utf16le');
  const expected = `******\npay ${stars}\n`;
  assert.equal(redacted([[little, { encoding: 'utf-16le' }]]).toString('utf16le'), expected);
  const big = Buffer.from(little).swap16();
  const lengths = [14, big.length - 14];
  const result = redacted([[big, { encoding: 'utf-16be', lengths }]]);
  assert.equal(result.swap16().toString('utf16le'), expected);
});

test('a body in which nothing is found stays as it is', () => {
  const inflated = Buffer.from('nothing\n');
  const given = { body: zstdCompressSync(inflated), inflatedBytes: inflated.length, segments: [segment(inflated)] };
  assert.equal(redactBody(given, redactors), undefined);
});

test('a body in which nothing can be looked for is told', () => {
  const inflated = Buffer.from(`${card}\n`);
  const body = zstdCompressSync(inflated);
  const whole = { body, inflatedBytes: inflated.length, segments: [segment(inflated)] };
  for (const wrong of [
    { ...whole, body: body.subarray(0, body.length - 3) },
    { ...whole, body: Buffer.from('no zstd') },
    { ...whole, inflatedBytes: inflated.length - 1 },
    { ...whole, inflatedBytes: inflated.length + 1 },
    { ...whole, segments: [segment(inflated, { bytes: 3 })] },
    { ...whole, segments: [segment(inflated, { lengths: [3] })] },
    { ...whole, segments: [segment(inflated, { lengths: [30] })] },
  ]) {
    assert.throws(() => redactBody(wrong, redactors), BodyError);
  }
});
