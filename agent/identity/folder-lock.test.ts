import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FolderUnusableError } from '../option-folder.ts';
import { lockFolder } from './folder-lock.ts';

test('a data folder that is a file, or lies below one, is told with what to do', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'tributary-lock-'));
  try {
    const file = join(scratch, 'file');
    writeFileSync(file, '');
    for (const folder of [file, join(file, 'below')]) {
      assert.throws(
        () => lockFolder(folder),
        (error) =>
          error instanceof FolderUnusableError &&
          error.message === `${folder} cannot be used (${file} is not a folder): mend it, or choose another data_dir`,
      );
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
