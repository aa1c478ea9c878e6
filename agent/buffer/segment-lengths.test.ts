import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutboxBatch } from '@tributary/protocol/session/outbox.ts';
import { lengthsInMemoryMax } from './limits.ts';
import { SegmentLengths } from './segment-lengths.ts';

/** A batch of two segments, the first of which has so many records with lengths. */
function batch(id: number, records: number): OutboxBatch {
  const segment = { streamId: 's', from: 0, to: 1, fromMark: '', toMark: '', records: 1, bytes: 1, cuts: [], drops: [] };
  const lengths = Array.from({ length: records }, () => id);
  const sizes = { records, inflatedBytes: 1, bodyBytes: 1, checksum: 0 };
  const segments = [
    { ...segment, lengths },
    { ...segment, lengths: [] },
  ];
  return { id, channel: 'a/b', segments, ...sizes, envelope: { createdMs: 0, hops: [], trims: [] } };
}

test('lengths of the newest batches are kept, those of others are read when they are asked for', () => {
  const read: number[] = [];
  const each = lengthsInMemoryMax / 4;
  const lengths = new SegmentLengths((batchId) => {
    read.push(batchId);
    return batch(batchId, each).segments.map((segment) => segment.lengths);
  });
  const batches = [1, 2, 3, 4, 5, 6].map((id) => lengths.withoutLengths(batch(id, each)));
  for (const id of [6, 5, 4, 3]) assert.equal(batches[id - 1]?.segments[0]?.lengths[0], id);
  assert.deepEqual(read, []);
  const [first] = batches;
  assert.deepEqual([first?.segments[0]?.lengths.length, first?.segments[1]?.lengths.length], [each, 0]);
  assert.deepEqual([first?.segments[0]?.lengths.at(-1), read], [1, [1]], 'read once');
  assert.deepEqual(structuredClone(first), batch(1, each), 'a copy has them');
});

test('what is acked or gone is not kept, and what has no lengths is as it was', () => {
  let reads = 0;
  const lengths = new SegmentLengths(() => {
    reads += 1;
    return [];
  });
  const counted = lengths.withoutLengths(batch(1, 3));
  lengths.forget(1);
  assert.deepEqual([counted.segments[0]?.lengths, reads], [[], 1]);
  const lines = batch(2, 0);
  assert.equal(lengths.withoutLengths(lines), lines);
});
