import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trimHeap } from './heap.ts';

test(
  'the C library gives memory back as often as it is asked to, and nothing is said about it',
  { skip: process.platform !== 'linux' },
  () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    trimHeap();
    trimHeap();
    process.off('warning', onWarning);
    assert.deepEqual(warnings, []);
  },
);
