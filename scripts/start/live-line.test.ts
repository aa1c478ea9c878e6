import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveLine, Rate } from './live-line.ts';

test('on a terminal one line is written over, cut to the width, and ended once', () => {
  const written: string[] = [];
  const line = new LiveLine({ isTTY: true, columns: 10, write: (text: string) => written.push(text) });
  line.end();
  line.show('0123456789abc');
  line.show('two');
  line.end();
  line.end();
  assert.deepEqual(written, ['\r\u001B[K012345678', '\r\u001B[Ktwo', '\n']);
});

test('a line that is taken away leaves nothing, once', () => {
  const written: string[] = [];
  const line = new LiveLine({ isTTY: true, columns: 10, write: (text: string) => written.push(text) });
  line.clear();
  line.show('one');
  line.clear();
  line.clear();
  line.end();
  assert.deepEqual(written, ['\r\u001B[Kone', '\r\u001B[K']);
});

test('elsewhere a line comes every few seconds', () => {
  const written: string[] = [];
  let nowMs = 0;
  const line = new LiveLine({ write: (text: string) => written.push(text) }, () => nowMs);
  for (; nowMs <= 12_000; nowMs += 1_000) line.show(`at ${nowMs}`);
  line.end();
  assert.deepEqual(written, ['at 0\n', 'at 5000\n', 'at 10000\n']);
});

test('the rate is that of the last samples', () => {
  const rate = new Rate(3);
  assert.equal(rate.text(), '0 lines/s, 0.00 MB/s');
  rate.sample(0, { lines: 0, bytes: 0 });
  rate.sample(1_000, { lines: 1_500, bytes: 2_000_000 });
  assert.equal(rate.text(), '1,500 lines/s, 2.00 MB/s');
  rate.sample(2_000, { lines: 1_500, bytes: 2_000_000 });
  rate.sample(3_000, { lines: 1_500, bytes: 2_000_000 });
  assert.equal(rate.text(), '0 lines/s, 0.00 MB/s');
});
