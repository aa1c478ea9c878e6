import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FolderStore } from './folder-store.ts';

test('what was removed is off the disk when that resolves: its folder is synced', async (context) => {
  const place = mkdtempSync(join(tmpdir(), 'tributary-folder-'));
  const synced: string[] = [];
  const open = fs.open;
  context.mock.method(fs, 'open', async (path: string, flags: string) => {
    const file = await open(path, flags);
    const sync = file.sync.bind(file);
    file.sync = async () => {
      synced.push(`${path} ${existsSync(join(path, 'one.json'))}`);
      await sync();
    };
    return file;
  });
  syncBuiltinESMExports();
  try {
    const store = new FolderStore(place);
    await store.write('acme/app/one.json', '{}');
    await store.remove('acme/app/one.json');
    assert.deepEqual(synced, [`${place}/acme/app false`]);
    await store.remove('acme/other/none.json');
    assert.equal(synced.length, 1, 'a folder that is not there is no reason to fail');
  } finally {
    context.mock.restoreAll();
    syncBuiltinESMExports();
    rmSync(place, { recursive: true });
  }
});

test('a folder without the sign that was made there is not written into: its disk may not be mounted', async () => {
  const place = mkdtempSync(join(tmpdir(), 'tributary-folder-'));
  try {
    const store = new FolderStore(place, '.sign');
    assert.throws(() => store.draft('acme/app/one.csv.zst'), /has no \.sign any more.*mount the disk of the archive/);
    await assert.rejects(store.write('acme/app/one.json', '{}'), /has no \.sign any more/);
    assert.equal(existsSync(join(place, 'acme')), false);
    await new FolderStore(place).write('.sign', 'x\n');
    await store.write('acme/app/one.json', '{}');
    assert.equal(existsSync(join(place, 'acme/app/one.json')), true);
  } finally {
    rmSync(place, { recursive: true });
  }
});
