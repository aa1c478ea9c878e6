import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BulkQueue } from './bulk-queue.ts';
import type { Range } from './piece.ts';
import { pieceWith } from './pretended-server.ts';

const piece = pieceWith(['a', 'b', 'c', 'd', 'e', 'f']);
const lineBytes = piece.endOf(0);

function range(from: number, to: number): Range {
  return { piece, from, to, doubt: 'none', tries: 0 };
}

function places(ranges: readonly Range[]): (readonly [number, number])[] {
  return ranges.map(({ from, to }) => [from, to]);
}

test('so much is taken as fits, cut between documents, and one at least', () => {
  const queue = new BulkQueue();
  queue.add(range(0, 4), 10);
  queue.add(range(4, 6), 20);
  assert.equal(queue.bytes, 6 * lineBytes);
  assert.equal(queue.oldestMs, 10);
  assert.deepEqual(places(queue.take(lineBytes * 2.5)), [[0, 2]]);
  assert.deepEqual(places(queue.take(1)), [[2, 3]]);
  assert.equal(queue.oldestMs, 10, 'what is left of it is as old');
  assert.deepEqual(places(queue.take(lineBytes * 2)), [
    [3, 4],
    [4, 5],
  ]);
  assert.equal(queue.bytes, lineBytes);
  assert.deepEqual(places(queue.take(lineBytes)), [[5, 6]]);
  assert.deepEqual([queue.bytes, queue.oldestMs, queue.take(1)], [0, undefined, []]);
});

test('what waits for another try comes back first, when its time is there', () => {
  const queue = new BulkQueue();
  queue.add(range(2, 3), 0);
  queue.delay(range(1, 2), 200);
  queue.delay(range(0, 1), 100);
  assert.deepEqual([queue.nextMs, queue.isAnyDelayed], [100, true]);
  queue.awaken(99);
  assert.equal(queue.bytes, lineBytes);
  queue.awaken(100);
  assert.deepEqual(places(queue.take(100 * lineBytes)), [
    [0, 1],
    [2, 3],
  ]);
  assert.equal(queue.nextMs, 200);
  queue.drop((one) => one.piece === piece);
  assert.deepEqual([queue.isAnyDelayed, queue.bytes], [false, 0]);
});
