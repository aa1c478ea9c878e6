import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeMemory } from './free-memory.ts';

test('memory of its own is given back, once or twice', () => {
  const bytes = new Uint8Array(1000);
  freeMemory(bytes);
  assert.equal(bytes.length, 0);
  freeMemory(bytes);
});

test('spare room behind is part of it when it is named', () => {
  const bytes = new Uint8Array(new ArrayBuffer(1064), 0, 1000);
  freeMemory(bytes);
  assert.equal(bytes.length, 1000);
  freeMemory(bytes, 64);
  assert.equal(bytes.length, 0);
});

test("a part of others' memory stays, also where it is Node's pool, which cannot be detached", () => {
  const whole = new Uint8Array(1000);
  freeMemory(whole.subarray(0, 500));
  assert.equal(whole.length, 1000);
  for (let count = 0; count < 100; count += 1) {
    const pooled = Buffer.from('x'.repeat(2000));
    freeMemory(pooled);
    assert.equal(pooled.length, 2000);
  }
});
