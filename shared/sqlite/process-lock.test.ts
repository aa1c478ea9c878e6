import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ProcessLock } from './process-lock.ts';

test('one at a time, and needs no room', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-lock-'));
  const file = join(folder, 'lock');
  const first = ProcessLock.take(file);
  assert.ok(first !== undefined);
  assert.equal(ProcessLock.take(file), undefined);
  assert.equal(statSync(file).size, 0);
  first[Symbol.dispose]();
  const second = ProcessLock.take(file);
  assert.ok(second !== undefined);
  second[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});
