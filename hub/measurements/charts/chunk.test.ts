import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, type Columns, decodeChunk, encodeChunk, merged, unknownCode, unknownColumn, valueOf } from './chunk.ts';

function column(...values: readonly (number | undefined)[]): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(values, (value) => (value === undefined ? unknownCode : codeOf(value)));
}

function valuesOf(columns: Columns | undefined, name: string): number[] {
  return Array.from(columns?.get(name) ?? [], valueOf);
}

test('a value is kept to 0.2 %, small whole numbers exactly, and nothing is never a number', () => {
  for (let value = 0; value <= 512; value += 1) assert.equal(valueOf(codeOf(value)), value);
  for (const value of [0.001, 0.37, 99.9, 12_345, 6.02e23, 3.4e38]) {
    assert.ok(Math.abs(valueOf(codeOf(value)) - value) <= value * 0.002, `${value}`);
  }
  assert.equal(valueOf(codeOf(-5)), 0);
  assert.ok(codeOf(Number.POSITIVE_INFINITY) < unknownCode && Number.isFinite(valueOf(codeOf(1e300))));
  assert.ok(Number.isNaN(valueOf(unknownCode)));
});

test('a chunk comes back as it was, with series of any name', () => {
  const columns: Columns = new Map([
    ['cpu', column(0, 50, undefined, 100)],
    ['received/shop/wéb', column(7, undefined, 1e9, 0)],
  ]);
  const decoded = decodeChunk(encodeChunk(columns, 4));
  assert.deepEqual([...(decoded?.keys() ?? [])], ['cpu', 'received/shop/wéb']);
  assert.deepEqual(decoded, columns);
  assert.deepEqual(valuesOf(decoded, 'cpu'), [0, 50, Number.NaN, 100]);
});

test('what is damaged or of another version is no chunk', () => {
  const chunk = encodeChunk(new Map([['cpu', column(1, 2)]]), 2);
  assert.equal(decodeChunk(chunk.subarray(0, chunk.length - 3)), undefined);
  assert.equal(decodeChunk(Buffer.concat([Buffer.from([9]), chunk.subarray(1)])), undefined);
  assert.equal(decodeChunk(Buffer.alloc(0)), undefined);
});

test('what is known takes the place of what was, and nothing else does', () => {
  const under: Columns = new Map([
    ['cpu', column(1, 2, undefined)],
    ['load1', column(5, 5, 5)],
  ]);
  const both = merged(under, new Map([['cpu', column(undefined, 9, 9)]]));
  assert.deepEqual(valuesOf(both, 'cpu'), [1, 9, 9]);
  assert.deepEqual(valuesOf(both, 'load1'), [5, 5, 5]);
  assert.deepEqual(valuesOf(under, 'cpu'), [1, 2, Number.NaN]);
});

test('what stays as it is takes hardly any room', () => {
  const steps = 180;
  const columns: Columns = new Map(
    ['memory', 'disk', 'swap', 'lag'].map((name, index) => [name, unknownColumn(steps).fill(codeOf(index * 10))]),
  );
  assert.ok(encodeChunk(columns, steps).length < 60);
});
