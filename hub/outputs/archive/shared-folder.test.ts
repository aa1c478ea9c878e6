import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { agreeOnFolder, folderMarker } from './shared-folder.ts';

class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'tributary-archive-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

class Site {
  readonly #values = new Map<string, string>();

  meta(key: string): string | undefined {
    return this.#values.get(key);
  }

  /** Somebody else's may come first. */
  async setMeta(values: Readonly<Record<string, string>>, { unlessSet = false } = {}): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    for (const [key, value] of Object.entries(values)) if (!unlessSet || !this.#values.has(key)) this.#values.set(key, value);
  }
}

suite('the archive folder of several hubs', () => {
  test('is the one of the first hub, however it is mounted', async () => {
    using shared = new Folder();
    const site = new Site();
    await agreeOnFolder(shared.path, site);
    await agreeOnFolder(`${shared.path}/../${shared.path.split('/').at(-1)}`, site);
    assert.deepEqual(readdirSync(shared.path), [folderMarker]);
  });

  test('is refused at a hub that has another one, until that has the sign of the first', async () => {
    using shared = new Folder();
    using own = new Folder();
    const site = new Site();
    await agreeOnFolder(shared.path, site);
    await assert.rejects(
      agreeOnFolder(own.path, site),
      /not the one that the other hubs of this site write to: .*echo [0-9a-f]{32} > /,
    );
    copyFileSync(join(shared.path, folderMarker), join(own.path, folderMarker));
    await agreeOnFolder(own.path, site);
  });

  test('is that of one of them where all start for the first time at once', async () => {
    using one = new Folder();
    using other = new Folder();
    const site = new Site();
    const [first, second] = await Promise.allSettled([agreeOnFolder(one.path, site), agreeOnFolder(other.path, site)]);
    assert.equal(first.status, 'fulfilled');
    assert.equal(second.status, 'rejected');
    assert.match(String(second.reason), /not the one that the other hubs of this site write to/);
  });

  test('is told where its sign is damaged, and that is not replaced', async () => {
    using shared = new Folder();
    writeFileSync(join(shared.path, folderMarker), 'x\n');
    await assert.rejects(agreeOnFolder(shared.path, new Site()), /\.tributary-archive is damaged/);
    await assert.rejects(agreeOnFolder(join(shared.path, 'none'), new Site()), /cannot be used \(ENOENT/);
  });
});
