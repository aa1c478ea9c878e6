import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { siteSign, signFor } from './site-sign.ts';
import { FolderStore } from './store/folder-store.ts';

const [first, second, third] = ['1'.repeat(32), '2'.repeat(32), '3'.repeat(32)];

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'tributary-sign-'));
  context.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('an archive is that of the site that comes first, and another one is told what to do', async (context) => {
  const store = new FolderStore(folder(context));
  const [here, there] = [folder(context), folder(context)];
  await signFor(store, { siteId: first, dataDir: here });
  await signFor(store, { siteId: first, dataDir: folder(context) });
  assert.equal(readFileSync(join(store.place, siteSign), 'utf8'), `${first}\n`);
  const asOther = (): Promise<void> => signFor(store, { siteId: second, dataDir: there });
  await assert.rejects(asOther(), {
    name: 'OutputError',
    message: /that of another site .*1{32}.*a prefix of its own.*archive reindex/,
  });
  await assert.rejects(asOther(), /write 2{32} into \.tributary-site there/);
  writeFileSync(join(store.place, siteSign), `${second}\n`);
  await asOther();
});

test('a hub whose store was lost, and its site with it, goes on in its archive', async (context) => {
  const store = new FolderStore(folder(context));
  const dataDir = folder(context);
  await signFor(store, { siteId: first, dataDir });
  await signFor(store, { siteId: third, dataDir });
  await signFor(store, { siteId: third, dataDir });
  await assert.rejects(signFor(store, { siteId: third, dataDir: folder(context) }), /another site/);
});

test('of two sites that come first at a time one has it', async (context) => {
  const store = new FolderStore(folder(context));
  const both = [first, second].map((siteId) => signFor(store, { siteId, dataDir: folder(context) }));
  const states = (await Promise.allSettled(both)).map(({ status }) => status);
  assert.deepEqual(states.toSorted(), ['fulfilled', 'rejected']);
});

test('a sign that is damaged is told, and not replaced', async (context) => {
  const store = new FolderStore(folder(context));
  writeFileSync(join(store.place, siteSign), 'x\n');
  await assert.rejects(signFor(store, { siteId: first, dataDir: folder(context) }), /\.tributary-site in .* is damaged/);
  assert.equal(readFileSync(join(store.place, siteSign), 'utf8'), 'x\n');
});
