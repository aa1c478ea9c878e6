import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { openFolderStore } from './folder-store.ts';
import type { ObjectStore } from './object-store.ts';
import { spillName } from './spill-name.ts';
import { orphanAgeMsMin, orphanKeptMs, type Orphans, sweepOrphans } from './sweep-orphans.ts';

const nowMs = Date.parse('2026-03-04T05:06:07Z');

async function namesIn(store: ObjectStore): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of store.list()) names.push(name);
  return names.toSorted();
}

function scratch(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'tb-spill-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

suite('bodies in a folder', () => {
  test('what was put is there, whole, until it is deleted', async () => {
    using folder = scratch();
    const store = await openFolderStore(join(folder.path, 'a/b'));
    const name = spillName(7, nowMs);
    assert.match(name, /^p7\/2026030405\/[0-9a-f]{32}$/);
    const body = Buffer.from([0, 1, 2, 255]);
    await Promise.all([store.put(name, body), store.put(name, body)]);
    assert.deepEqual(await store.get(name), body);
    assert.deepEqual(await namesIn(store), [name]);
    await store.delete(name);
    await store.delete(name);
    assert.equal(await store.get(name), undefined);
    assert.deepEqual(await namesIn(store), []);
    assert.deepEqual(readdirSync(join(folder.path, 'a/b/p7')), [], 'an empty folder goes');
    await store.put(name, body);
    assert.deepEqual(await namesIn(store), [name]);
  });

  test('hubs that open the same folder know it by its id, and another one by another', async () => {
    using folder = scratch();
    const stores = await Promise.all(Array.from({ length: 8 }, () => openFolderStore(folder.path)));
    assert.equal(new Set(stores.map(({ id }) => id)).size, 1);
    const other = await openFolderStore(join(folder.path, 'other'));
    assert.notEqual(other.id, stores[0]?.id);
    assert.match(other.id, /^[0-9a-f]{32}$/);
  });

  test('what cannot be used or written is told in a sentence', async () => {
    using folder = scratch();
    writeFileSync(join(folder.path, 'file'), '');
    await assert.rejects(
      openFolderStore(join(folder.path, 'file/below')),
      /queue\.redis\.spill: .* cannot be used .* all hubs of the site share/,
    );
    const store = await openFolderStore(folder.path);
    await assert.rejects(store.put('file/x', Buffer.from('x')), { name: 'ObjectStoreError', code: 'EEXIST' });
    await assert.rejects(store.put('../x', Buffer.from('x')), { code: 'ASSERTION_FAILED' });
  });

  test('the sweep removes what is old and unknown, and what was half written', async () => {
    using folder = scratch();
    const store = await openFolderStore(folder.path);
    const [known = '', orphan = '', young = ''] = Array.from({ length: 3 }, () => spillName(0, nowMs));
    for (const name of [known, orphan, young]) await store.put(name, Buffer.from('x'));
    const half = join(folder.path, `${orphan}.0123456789abcdef.tmp`);
    writeFileSync(half, 'x');
    const old = new Date(Date.now() - orphanAgeMsMin - 1000);
    for (const path of [join(folder.path, known), join(folder.path, orphan), half]) utimesSync(path, old, old);
    const orphans: Orphans = new Map();
    let isEmptied = false;
    const sweep = (afterMs: number): Promise<number> =>
      sweepOrphans({
        store,
        nowMs: Date.now() + afterMs,
        orphans,
        known: async (names) => new Set(isEmptied ? [] : names.filter((name) => name !== orphan)),
      });
    assert.equal(await sweep(0), 0, 'somebody may have started an empty Redis by mistake');
    isEmptied = true;
    assert.equal(await sweep(60_000), 0);
    isEmptied = false;
    assert.equal(await sweep(orphanKeptMs), 1);
    assert.deepEqual(await namesIn(store), [known, young].toSorted());
    assert.equal(readdirSync(join(folder.path, orphan, '..')).length, 2);
  });
});
