import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBlock } from '../../../processing/block.ts';
import { documentsOf } from '../../../processing/block-documents.ts';
import { passThrough } from '../../../processing/pass-through.ts';
import type { RowSource } from '../search/frame-rows.ts';
import type { ArchivedLine } from './archived-lines.ts';
import { entriesOfLines } from './line-entries.ts';

const siteId = '51'.repeat(16);

function sourceOf(stream: number, receivedMs: number): RowSource {
  const ids = { agent: 'a6'.repeat(16), stream: stream.toString(16).padStart(32, '0') };
  const labels = stream === 0 ? '' : '{"tier":"web"}';
  return { ...ids, receivedMs, received: new Date(receivedMs).toISOString(), host: `web${stream}`, source: '/var/log/a', labels };
}

interface Step {
  readonly stream: number;
  readonly later: number;
  readonly skipped: number;
  readonly isPartial: boolean;
  readonly raw: string;
}

interface SeenLine {
  readonly stream: string;
  readonly receivedMs: number;
  readonly position: number;
  readonly isPartial: boolean;
  readonly raw: string;
}

function throughBatches(lines: readonly ArchivedLine[]): SeenLine[] {
  const { block, rejected } = passThrough(entriesOfLines(lines, 'acme/app'));
  assert.deepEqual(rejected, []);
  if (block === undefined) return [];
  return [...documentsOf(decodeBlock(block.body, block.inflatedBytes))].map(({ stream, ...document }) => {
    const { receivedMs, position, isPartial, raw } = document;
    assert.deepEqual([stream.key.siteId, stream.attributes.type, stream.path], [siteId, 'app', '/var/log/a']);
    return { stream: stream.key.streamId, receivedMs, position, isPartial, raw: Buffer.from(raw).toString() };
  });
}

test('lines become batches that give the same lines at the same positions, whatever was lost between them', () => {
  const step = fc.record({
    stream: fc.nat(2),
    later: fc.constantFrom(0, 0, 0, 1000),
    skipped: fc.constantFrom(0, 0, 0, 1, 7),
    isPartial: fc.boolean(),
    raw: fc.string({ minLength: 1, maxLength: 5 }),
  });
  const check = (isCounted: boolean, steps: readonly Step[]): void => {
    const ends = [0, 0, 0];
    let receivedMs = 1_700_000_000_000;
    const lines = steps.map(({ stream, later, skipped, isPartial, raw: text }, row): ArchivedLine => {
      receivedMs += later;
      const raw = Buffer.from(text);
      const position = (ends[stream] ?? 0) + skipped;
      ends[stream] = position + (isCounted ? 1 : raw.length);
      return { row, source: sourceOf(stream, receivedMs), siteId, position, isPartial, encoding: '', raw };
    });
    const expected = lines.map(({ source, position, isPartial, raw }) => {
      return { stream: source.stream, receivedMs: source.receivedMs, position, isPartial, raw: raw.toString() };
    });
    assert.deepEqual(throughBatches(lines), expected);
  };
  fc.assert(fc.property(fc.boolean(), fc.array(step, { maxLength: 30 }), check));
});

test('records of a counted stream may be empty, and lines that follow each other are one segment', () => {
  const source = sourceOf(1, 1_700_000_000_000);
  const line = (row: number, position: number, text: string): ArchivedLine => {
    return { row, source, siteId, position, isPartial: false, encoding: 'utf-16le', raw: Buffer.from(text) };
  };
  const counted = [line(0, 5, 'one'), line(1, 6, ''), line(2, 7, 'three')];
  assert.deepEqual(
    throughBatches(counted).map(({ position, raw }) => [position, raw]),
    [
      [5, 'one'],
      [6, ''],
      [7, 'three'],
    ],
  );
  const [entry] = entriesOfLines(counted, 'acme/app');
  assert.deepEqual(
    entry?.segments.map(({ from, to, records, stream }) => [
      from,
      to,
      records,
      stream.attributes.encoding,
      stream.attributes.labels,
    ]),
    [[5, 8, 3, 'utf-16le', { tier: 'web' }]],
  );
});
