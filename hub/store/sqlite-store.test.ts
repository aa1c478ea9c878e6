import assert from 'node:assert/strict';
import { mkdtempDisposableSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { hubOptions } from '../options.ts';
import { databaseFile } from '../queue/sqlite/database-file.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { writeSiteFile } from './site-file.ts';

const logger = createLogger({ level: 'error', sink: () => undefined });

async function idsOf(folder: string): Promise<{ siteId: string; hubId: string; isLost: boolean }> {
  const options = hubOptions.parse({ data_dir: folder });
  const parts = { options, logger, clock: systemClock, crashPoint: undefined, onFailed: () => undefined };
  await using store = await openSqliteStore(parts);
  return { siteId: store.siteId, hubId: store.hubId, isLost: store.isLost };
}

suite('the embedded store', () => {
  test('that was lost is the same site and hub again, as certificates name them, and that is told once', async () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), 'tributary-store-'));
    const before = await idsOf(folder.path);
    assert.equal(before.isLost, false);
    for (const ending of ['', '-wal', '-shm']) rmSync(`${databaseFile(folder.path)}${ending}`, { force: true });
    assert.deepEqual(await idsOf(folder.path), { ...before, isLost: true });
    assert.deepEqual(await idsOf(folder.path), before);
  });

  test('of another site than the folder says is refused', async () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), 'tributary-store-'));
    const { hubId } = await idsOf(folder.path);
    await writeSiteFile(folder.path, { siteId: '9'.repeat(32), hubId, store: 'sqlite' });
    await assert.rejects(idsOf(folder.path), /is of hub .* of site .*, but .*site\.json is of hub .* of site 9+: restore both/);
  });

  test('of a hub that had a Redis is that hub, and no lost one', async () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), 'tributary-store-'));
    const own = { siteId: '8'.repeat(32), hubId: '7'.repeat(32) };
    await writeSiteFile(folder.path, { ...own, store: 'redis' });
    assert.deepEqual(await idsOf(folder.path), { ...own, isLost: false });
  });
});
