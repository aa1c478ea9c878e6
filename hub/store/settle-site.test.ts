import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { openSqliteQueue } from '../queue/sqlite/open-sqlite-queue.ts';
import { settleSite, type SiteClaim } from './settle-site.ts';
import { readSiteFile, siteFilePath } from './site-file.ts';

class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'tributary-site-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

/** A Redis that knows a site or not. */
class Store implements SiteClaim {
  siteId: string | undefined;

  claim(siteId: string): Promise<{ siteId: string; isNew: boolean }> {
    const isNew = this.siteId === undefined;
    this.siteId ??= siteId;
    return Promise.resolve({ siteId: this.siteId, isNew });
  }
}

suite('which site a hub is of', () => {
  test('the first hub draws it, the others join, and each stays what it is', async () => {
    using first = new Folder();
    using second = new Folder();
    const store = new Store();
    const one = await settleSite(first.path, store);
    const two = await settleSite(second.path, store);
    assert.equal(one.siteId, two.siteId);
    assert.notEqual(one.hubId, two.hubId);
    assert.deepEqual(await settleSite(first.path, store), one);
    assert.equal(statSync(siteFilePath(first.path)).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(first.path), ['site.json']);
  });

  test('a store that was emptied is the same site again, and that is told', async () => {
    using folder = new Folder();
    const before = await settleSite(folder.path, new Store());
    const emptied = new Store();
    assert.deepEqual(await settleSite(folder.path, emptied), { ...before, isStoreLost: true });
    assert.equal(emptied.siteId, before.siteId);
    assert.deepEqual(await settleSite(folder.path, emptied), before);
  });

  test('a hub of one site does not come into the store of another', async () => {
    using folder = new Folder();
    using stranger = new Folder();
    const store = new Store();
    await settleSite(folder.path, new Store());
    await settleSite(stranger.path, store);
    await assert.rejects(
      settleSite(folder.path, store),
      /belongs to site [0-9a-f]{32}, but .*says that this hub is of site .*new data_dir/,
    );
  });

  test('a hub that was alone stays who it is', async () => {
    using folder = new Folder();
    const log = createLogger({ level: 'error', sink: () => undefined });
    const alone = { siteId: '', hubId: '' };
    {
      await using queue = await openSqliteQueue({ folder: folder.path, log, limits: { reserveBytes: 65_536 } });
      Object.assign(alone, { siteId: queue.siteId, hubId: queue.hubId });
    }
    assert.deepEqual(await settleSite(folder.path, new Store()), { ...alone, isStoreLost: false });
    assert.deepEqual(await readSiteFile(folder.path), { ...alone, store: 'redis' });
    const other = new Store();
    await other.claim('9'.repeat(32));
    await assert.rejects(settleSite(folder.path, other), /belongs to site 9/);
  });

  test('a damaged file is told and replaced by nothing', async () => {
    using folder = new Folder();
    writeFileSync(siteFilePath(folder.path), '{"version":1');
    await assert.rejects(settleSite(folder.path, new Store()), /site\.json is damaged/);
  });
});
