import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '../queue/queue.ts';
import { batchEntry, lineSegment, streamInfo } from '../testing/records.ts';
import { bundlesOf } from './bundles.ts';
import { bundleBytesMax, bundleEntriesMax, smallBytesMax, smallRecordsMax } from './limits.ts';

const bytes = Buffer.from('a line\n');
const stream = streamInfo(1);

function entry(changes: Partial<Entry> = {}): Entry {
  return batchEntry([{ ...lineSegment(bytes), stream }], bytes, changes);
}

function sizes(entries: readonly Entry[]): number[] {
  const bundles = bundlesOf(entries);
  assert.deepEqual(bundles.flat(), entries, 'all of them, in their order');
  return bundles.map((bundle) => bundle.length);
}

test('small batches that follow each other are worked on together, every other one alone', () => {
  const large = entry({ inflatedBytes: smallBytesMax + 1 });
  const long = entry({ records: smallRecordsMax + 1 });
  assert.deepEqual(sizes([]), []);
  assert.deepEqual(sizes([entry(), entry(), large, entry(), long, long, entry(), entry()]), [2, 1, 1, 1, 1, 2]);
  assert.deepEqual(sizes([entry({ body: new Uint8Array(smallBytesMax + 1) }), entry()]), [1, 1]);
});

test('no more together than a block should hold', () => {
  const half = entry({ inflatedBytes: smallBytesMax });
  assert.deepEqual(sizes(Array.from({ length: bundleBytesMax / smallBytesMax + 1 }, () => half)), [
    bundleBytesMax / smallBytesMax,
    1,
  ]);
  assert.deepEqual(sizes(Array.from({ length: bundleEntriesMax + 3 }, () => entry())), [bundleEntriesMax, 3]);
});
