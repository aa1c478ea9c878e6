import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, chmod, chown, mkdir, readdir, readFile, readlink, symlink, unlink, writeFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { breakReads } from '../testing/break-reads.ts';
import { InputUnderTest } from '../testing/input-under-test.ts';

suite('what cannot be read is told once, tried again, and stops nothing else', () => {
  test('a link that leads to itself, and later to a file', async () => {
    await using unit = await InputUnderTest.make();
    await symlink(unit.path('bad.log'), unit.path('bad.log'));
    await writeFile(unit.path('good.log'), 'one\n');
    unit.start();
    await unit.expect('good.log', 'one\n');
    const [, path, error] = await unit.expectEvent('sourceFailed');
    assert.equal(path, unit.path('bad.log'));
    assert(error instanceof Error && 'code' in error && error.code === 'ELOOP');
    await appendFile(unit.path('good.log'), 'two\n');
    await unit.expect('good.log', 'one\ntwo\n');
    await unlink(unit.path('bad.log'));
    await writeFile(unit.path('bad.log'), 'mended\n');
    await unit.expect('bad.log', 'mended\n');
    await unit.expectEvent('sourceRecovered');
    assert.equal(unit.eventsOf('sourceFailed').length, 1);
  });

  test('a file that is closed to us', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\n', { mode: 0o000 });
    using _ = await asNobody(unit.path('.'), unit.path('a.log'));
    unit.start();
    await unit.expectEvent('sourceFailed');
    await chmod(unit.path('a.log'), 0o600);
    await unit.expect('a.log', 'one\n');
    await unit.expectEvent('sourceRecovered');
  });

  test('a folder, and a FIFO without a writer, that were named', async () => {
    await using unit = await InputUnderTest.make();
    await mkdir(unit.path('folder.log'));
    execFileSync('mkfifo', [unit.path('fifo.log')]);
    await writeFile(unit.path('good.log'), 'one\n');
    unit.start({ paths: ['folder.log', 'fifo.log', 'good.log'].map((name) => unit.path(name)) });
    await unit.expect('good.log', 'one\n');
    await unit.drained();
    const paths = unit.eventsOf('sourceFailed').map((event) => event[1]);
    assert.deepEqual(paths.toSorted(), [unit.path('fifo.log'), unit.path('folder.log')]);
  });

  test('a folder that a glob matched goes without saying, a FIFO is left out', async () => {
    await using unit = await InputUnderTest.make();
    await mkdir(unit.path('folder.log'));
    execFileSync('mkfifo', [unit.path('fifo.log')]);
    await writeFile(unit.path('good.log'), 'one\n');
    unit.start();
    await unit.expect('good.log', 'one\n');
    await unit.drained();
    assert.deepEqual(unit.eventsOf('sourceFailed'), []);
    assert.deepEqual(unit.eventsOf('sourceSkipped'), [['sourceSkipped', unit.path('fifo.log'), 'it is no regular file']]);
  });

  test('a known file that fails when it is looked into: its stream goes on when it works again', async (t) => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\n');
    unit.start();
    await unit.expect('a.log', 'one\n');
    await unit.stop();
    await appendFile(unit.path('a.log'), 'two\n');
    const broken = await breakReads(t, unit.path('a.log'));
    unit.start();
    await unit.expectEvent('sourceFailed');
    broken.mock.restore();
    await unit.expect('a.log', 'one\ntwo\n');
    assert.equal(unit.sink.recorded.size, 1);
  });

  test('a path that is not there yet', async () => {
    await using unit = await InputUnderTest.make();
    unit.start({ paths: [unit.path('later.log'), unit.path('x/*.log')] });
    await unit.drained();
    assert.equal(unit.eventsOf('sourceFailed').length, 2);
    await writeFile(unit.path('later.log'), 'one\n');
    await unit.expect('later.log', 'one\n');
    assert.deepEqual(await unit.expectEvent('sourceRecovered'), ['sourceRecovered', unit.path('later.log')]);
    await mkdir(unit.path('x'));
    await writeFile(unit.path('x/a.log'), 'two\n');
    await unit.expect('x/a.log', 'two\n');
  });
});

/** How many folders this process watches, and what it has open below one. */
async function heldBelow(folder: string): Promise<{ watches: number; files: number }> {
  let watches = 0;
  let files = 0;
  for (const fd of await readdir('/proc/self/fd')) {
    // The descriptor that lists the folder is closed by now.
    const target = await readlink(`/proc/self/fd/${fd}`).catch(() => '');
    if (target.startsWith(folder)) files += 1;
    if (!target.includes('inotify')) continue;
    const info = await readFile(`/proc/self/fdinfo/${fd}`, 'utf8');
    watches += info.split('\n').filter((line) => line.startsWith('inotify ')).length;
  }
  return { watches, files };
}

test('nothing stays open when it has stopped', async () => {
  await using unit = await InputUnderTest.make();
  await writeFile(unit.path('a.log'), 'one\n');
  unit.start();
  await unit.expect('a.log', 'one\n');
  assert.deepEqual(await heldBelow(unit.folder), { watches: 1, files: 1 });
  await unit.stop();
  assert.deepEqual(await heldBelow(unit.folder), { watches: 0, files: 0 });
});

/** Root may read everything, so until it is disposed of this process is somebody else, who owns these paths. */
async function asNobody(...paths: readonly string[]): Promise<Disposable> {
  const nobody = 65_534;
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    for (const path of paths) await chown(path, nobody, nobody);
    process.seteuid?.(nobody);
  }
  return { [Symbol.dispose]: () => (isRoot ? process.seteuid?.(0) : undefined) };
}
