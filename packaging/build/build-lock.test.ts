import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockFolder } from './build-lock.ts';

test('a folder is built in by one at a time', () => {
  const folder = mkdtempSync(join(tmpdir(), 'build-lock-'));
  try {
    const first = lockFolder(join(folder, 'dist'));
    assert.throws(() => lockFolder(join(folder, 'dist'), 0), /another build holds .*dist/);
    lockFolder(join(folder, 'other'))[Symbol.dispose]();
    first[Symbol.dispose]();
    lockFolder(join(folder, 'dist'), 0)[Symbol.dispose]();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
