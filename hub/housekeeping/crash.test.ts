/**
 * `kill -9` in the middle of a run: whatever was half gone is gone after the next one, nothing that is young enough is touched, and no row is
 * without its object.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FolderStore } from '../outputs/archive/store/folder-store.ts';
import { openSqliteFixture } from '../queue/sqlite/sqlite-fixture.ts';

const house = fileURLToPath(new URL('./crash-house.ts', import.meta.url));

test('who is killed in the middle of a removal leaves it to the next run', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-house-'));
  try {
    for (const point of ['object-removed:5', 'after-remove:9']) {
      assert.equal(await endOf(folder, `hub.housekeeping.${point}`), 'SIGKILL', point);
    }
    assert.equal(await endOf(folder, ''), 0);
    await using fixture = await openSqliteFixture({}, folder);
    const rows = (await fixture.queue.archiveObjects()).map(({ name }) => name);
    const young = Array.from({ length: 10 }, (_, index) => `acme/nginx/2026/01/01/00/${index + 21}`);
    assert.deepEqual(
      rows,
      young.map((name) => `${name}.csv.zst`),
    );
    const files = (await Array.fromAsync(new FolderStore(join(folder, 'archive')).list(''))).map(({ name }) => name);
    assert.deepEqual(files.toSorted(), young.flatMap((name) => [`${name}.csv.zst`, `${name}.json`]).toSorted());
    assert.partialDeepStrictEqual((await fixture.queue.status()).archived, [{ objects: 10, records: 1500, removed: 3000 }]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** The signal or code that it ended with. */
async function endOf(folder: string, point: string): Promise<unknown> {
  const child = spawn(process.execPath, [house, folder], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...(point !== '' && { TRIBUTARY_CRASH_POINT: point }) },
  });
  const [code, signal] = await once(child, 'exit');
  return signal ?? code;
}
