import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FolderTree } from './folder-tree.ts';

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-tree-'));
  try {
    for (const name of ['a/x.log', 'a/y.txt', 'a/.hidden.log', 'a/b/x.log', 'a/b/c/x.log', '.h/x.log', 'd[1]/x.log', 'e/x.log']) {
      await mkdir(join(folder, name, '..'), { recursive: true });
      await writeFile(join(folder, name), name);
    }
    await symlink(join(folder, 'a'), join(folder, 'link'));
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('finds what globs match, and no more', async () => {
  await inFolder(async (folder) => {
    for (const [glob, expected] of [
      ['*/x.log', ['a/x.log', 'd[1]/x.log', 'e/x.log', 'link/x.log']],
      ['a/*.log', ['a/x.log']],
      ['a/.*.log', ['a/.hidden.log']],
      ['a/**/*.log', ['a/b/c/x.log', 'a/b/x.log', 'a/x.log']],
      ['**/x.log', ['a/b/c/x.log', 'a/b/x.log', 'a/x.log', 'd[1]/x.log', 'e/x.log']],
      ['a/**', ['a/b/c/x.log', 'a/b/x.log', 'a/x.log', 'a/y.txt']],
      ['{a/b,e}/x.log', ['a/b/x.log', 'e/x.log']],
      ['{a,e}/[xy].{log,txt}', ['a/x.log', 'a/y.txt', 'e/x.log']],
      ['*/*/x.log', ['a/b/x.log', 'link/b/x.log']],
      ['d[[]1]/*.log', ['d[1]/x.log']],
      ['nothing/*.log', []],
    ] as const) {
      const tree = new FolderTree([join(folder, glob)]);
      await tree.walk();
      assert.deepEqual(
        [...tree.paths()].toSorted(),
        expected.map((name) => join(folder, name)),
        glob,
      );
    }
  });
});

test('lists a folder again only when it changed', async () => {
  await inFolder(async (folder) => {
    const past = new Date(Date.now() - 60_000);
    for (const name of ['a', 'd[1]', 'e', '.']) await utimes(join(folder, name), past, past);
    const tree = new FolderTree([join(folder, '*/x.log')]);
    assert.equal((await tree.walk()).fresh.length, 5);
    const second = await tree.walk();
    assert.deepEqual([second.fresh.length, second.hasChanged], [0, false]);
    await rm(join(folder, 'e/x.log'));
    const third = await tree.walk();
    assert.deepEqual([third.fresh.length, third.hasChanged, tree.has(join(folder, 'e/x.log'))], [1, true, false]);
    await rm(join(folder, 'a'), { recursive: true });
    assert.equal((await tree.walk()).hasChanged, true);
    assert.equal(tree.has(join(folder, 'a/x.log')), false);
  });
});
