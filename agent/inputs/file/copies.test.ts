/** Content that goes on in another file: the copy of a copytruncate, the compressed form of a rotated file. */
import assert from 'node:assert/strict';
import { appendFile, copyFile, mkdir, readFile, rename, stat, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { eventually, InputUnderTest } from '../testing/input-under-test.ts';

const begin = Array.from({ length: 30 }, (_, at) => `line ${at} of the beginning\n`).join('');

/** All that was pushed, in the order of the streams. */
function all(unit: InputUnderTest): string {
  return [...unit.sink.recorded.values()].map((stream) => stream.bytes.toString()).join('');
}

function sortedLines(text: string): readonly string[] {
  return text.split('\n').toSorted();
}

async function expectLines(unit: InputUnderTest, text: string): Promise<void> {
  await eventually('all is pushed', () => all(unit).length >= text.length).catch(() => undefined);
  assert.deepEqual(sortedLines(all(unit)), sortedLines(text));
}

/** Longer ago than it takes to tell a copy in the making. */
async function age(path: string): Promise<void> {
  const past = new Date(Date.now() - 60_000);
  await utimes(path, past, past);
}

async function copyAndTruncate(unit: InputUnderTest, name: string, copy: string): Promise<void> {
  await copyFile(unit.path(name), unit.path(copy));
  await truncate(unit.path(name), 0);
}

async function compress(unit: InputUnderTest, name: string, as: 'gz' | 'zst'): Promise<void> {
  const content = await readFile(unit.path(name));
  await writeFile(unit.path(`${name}.${as}`), as === 'gz' ? gzipSync(content) : zstdCompressSync(content));
  await unlink(unit.path(name));
}

for (const glob of ['a.log', 'a.log*']) {
  suite(`where ${glob} is read`, () => {
    test('the unread rest of a file that was copied and truncated is read from the copy', async () => {
      await using unit = await InputUnderTest.make();
      await writeFile(unit.path('a.log'), begin);
      unit.start({ paths: [unit.path(glob)] });
      await unit.expect('a.log', begin);
      unit.sink.setRoom(false);
      await appendFile(unit.path('a.log'), 'unread one\n');
      await eventually('the sink is full', () => all(unit).endsWith('unread one\n'));
      await appendFile(unit.path('a.log'), 'unread two\nunread three\n');
      await copyAndTruncate(unit, 'a.log', 'a.log.1');
      await appendFile(unit.path('a.log'), 'new\n');
      unit.sink.setRoom(true);
      await expectLines(unit, `${begin}unread one\nunread two\nunread three\nnew\n`);
      assert.deepEqual(unit.eventsOf('lost'), []);
      await unit.drained();
      assert.equal(unit.sink.recorded.size, 2);
    });

    test('copied and truncated again and again, nothing comes twice', async () => {
      await using unit = await InputUnderTest.make();
      unit.start({ paths: [unit.path(glob)] });
      let expected = '';
      for (let round = 0; round < 4; round += 1) {
        const text = begin.replaceAll('beginning', `round ${round}`);
        expected += text;
        await appendFile(unit.path('a.log'), text);
        await eventually('it is pushed', () => all(unit).length >= expected.length);
        for (let at = round; at > 0; at -= 1) await rename(unit.path(`a.log.${at}`), unit.path(`a.log.${at + 1}`));
        await copyAndTruncate(unit, 'a.log', 'a.log.1');
      }
      await appendFile(unit.path('a.log'), 'last\n');
      await expectLines(unit, `${expected}last\n`);
      await unit.drained();
      assert.equal(all(unit).length, expected.length + 5);
    });

    test('copied and truncated while the input is stopped: the rest is read from the copy', async () => {
      await using unit = await InputUnderTest.make();
      await writeFile(unit.path('a.log'), begin);
      unit.start({ paths: [unit.path(glob)] });
      await unit.expect('a.log', begin);
      await unit.stop();
      await appendFile(unit.path('a.log'), 'unread\n');
      await copyAndTruncate(unit, 'a.log', 'a.log.1');
      await appendFile(unit.path('a.log'), 'new\n');
      unit.start({ paths: [unit.path(glob)] });
      await expectLines(unit, `${begin}unread\nnew\n`);
      await unit.drained();
      assert.equal(all(unit).length, begin.length + 11);
    });

    for (const as of ['gz', 'zst'] as const) {
      test(`renamed and compressed (${as}) while the input is stopped: the rest is read from what it became`, async () => {
        await using unit = await InputUnderTest.make();
        await writeFile(unit.path('a.log'), begin);
        unit.start({ paths: [unit.path(glob)] });
        await unit.expect('a.log', begin);
        await unit.stop();
        await appendFile(unit.path('a.log'), 'unread\n');
        await rename(unit.path('a.log'), unit.path('a.log.1'));
        await compress(unit, 'a.log.1', as);
        await age(unit.path(`a.log.1.${as}`));
        await writeFile(unit.path('a.log'), 'new\n');
        unit.start({ paths: [unit.path(glob)] });
        await expectLines(unit, `${begin}unread\nnew\n`);
        await unit.drained();
        assert.equal(all(unit).length, begin.length + 11);
        // Known from now on, under its new identity.
        await unit.stop();
        unit.start({ paths: [unit.path(glob)] });
        await unit.drained();
        assert.equal(all(unit).length, begin.length + 11);
      });
    }

    test('renamed, compressed and deleted while it is read: nothing comes twice, and the compressed file is known', async () => {
      await using unit = await InputUnderTest.make();
      unit.start({ paths: [unit.path(glob)], rotated_wait: 10 });
      let expected = '';
      for (let round = 0; round < 3; round += 1) {
        const text = begin.replaceAll('beginning', `round ${round}`);
        expected += text;
        await writeFile(unit.path('a.log'), text);
        await eventually('it is pushed', () => all(unit).length >= expected.length);
        for (let at = round; at > 0; at -= 1) await rename(unit.path(`a.log.${at}.gz`), unit.path(`a.log.${at + 1}.gz`));
        await rename(unit.path('a.log'), unit.path('a.log.1'));
        await compress(unit, 'a.log.1', 'gz');
      }
      await unit.stop();
      unit.start({ paths: [unit.path(glob)], rotated_wait: 10 });
      await writeFile(unit.path('a.log'), 'last\n');
      await expectLines(unit, `${expected}last\n`);
    });
  });
}

/** A rotation, or two, while no agent runs: what was born and rotated away in between was never seen by anybody. */
suite('files that were born and rotated away while the input is stopped are read, where only a.log is named', () => {
  const second = begin.replaceAll('beginning', 'second');
  const older = begin.replaceAll('beginning', 'time before');

  async function stopped(unit: InputUnderTest): Promise<void> {
    await writeFile(unit.path('a.log.0'), older);
    await age(unit.path('a.log.0'));
    await writeFile(unit.path('a.log'), begin);
    unit.start({ paths: [unit.path('a.log')] });
    await unit.expect('a.log', begin);
    await unit.stop();
    await appendFile(unit.path('a.log'), 'unread\n');
    await nextTick(unit);
  }

  async function again(unit: InputUnderTest): Promise<void> {
    await writeFile(unit.path('a.log'), 'new\n');
    for (let round = 0; round < 2; round += 1) {
      unit.start({ paths: [unit.path('a.log')] });
      await expectLines(unit, `${begin}unread\n${second}new\n`);
      await unit.drained();
      await unit.stop();
    }
  }

  test('renamed', async () => {
    await using unit = await InputUnderTest.make();
    await stopped(unit);
    await rename(unit.path('a.log'), unit.path('a.log.2'));
    await writeFile(unit.path('a.log'), second);
    await rename(unit.path('a.log'), unit.path('a.log.1'));
    await again(unit);
  });

  test('renamed into another folder, and compressed', async () => {
    await using unit = await InputUnderTest.make();
    await stopped(unit);
    await mkdir(unit.path('old'));
    await rename(unit.path('a.log'), unit.path('old/a.log.2'));
    await writeFile(unit.path('a.log'), second);
    await rename(unit.path('a.log'), unit.path('old/a.log.1'));
    await compress(unit, 'old/a.log.1', 'gz');
    await again(unit);
  });

  test('copied and truncated', async () => {
    await using unit = await InputUnderTest.make();
    await stopped(unit);
    await copyAndTruncate(unit, 'a.log', 'a.log.2');
    await nextTick(unit);
    await appendFile(unit.path('a.log'), second);
    await copyAndTruncate(unit, 'a.log', 'a.log.1');
    await again(unit);
  });
});

/** The file system's clock has moved on, so that what is written from now on is younger. */
async function nextTick(unit: InputUnderTest): Promise<void> {
  await writeFile(unit.path('tick'), '');
  const { mtimeNs } = await stat(unit.path('tick'), { bigint: true });
  await eventually('a tick is over', async () => {
    await writeFile(unit.path('tick'), '');
    return (await stat(unit.path('tick'), { bigint: true })).mtimeNs > mtimeNs + 1_000_000n;
  });
}

test('what was seen of a truncated file and is in no copy is counted as lost', async () => {
  await using unit = await InputUnderTest.make();
  await writeFile(unit.path('a.log'), begin);
  unit.start();
  await unit.expect('a.log', begin);
  unit.sink.setRoom(false);
  await appendFile(unit.path('a.log'), 'one\n');
  await unit.expect('a.log', `${begin}one\n`);
  await appendFile(unit.path('a.log'), '0123456789\n');
  await eventually('it is seen', () => unit.input.sources()[0]?.size === begin.length + 15);
  await truncate(unit.path('a.log'), 0);
  unit.sink.setRoom(true);
  assert.deepEqual(await unit.expectEvent('lost'), ['lost', unit.path('a.log'), { cause: 'truncated', bytes: 11 }]);
});

test('what is written to a truncated file before its new stream is open is not what was lost', async () => {
  await using unit = await InputUnderTest.make();
  await writeFile(unit.path('a.log'), begin);
  unit.start();
  await unit.expect('a.log', begin);
  const size = (): number => unit.input.sources()[0]?.size ?? 0;
  const open = unit.sink.openStream.bind(unit.sink);
  unit.sink.openStream = async (stream) => {
    await appendFile(unit.path('a.log'), 'new '.repeat(5000));
    await eventually('the new content is seen', () => size() >= 20_000);
    return await open(stream);
  };
  unit.sink.setRoom(false);
  await appendFile(unit.path('a.log'), 'one\n');
  await unit.expect('a.log', `${begin}one\n`);
  await appendFile(unit.path('a.log'), '0123456789\n');
  await eventually('it is seen', () => size() === begin.length + 15);
  await truncate(unit.path('a.log'), 0);
  unit.sink.setRoom(true);
  assert.deepEqual(await unit.expectEvent('lost'), ['lost', unit.path('a.log'), { cause: 'truncated', bytes: 11 }]);
});

test('of deleted files beyond the limit of kept ones, what was not read is counted as lost', async () => {
  await using unit = await InputUnderTest.make();
  for (const name of ['a.log', 'b.log', 'c.log']) await writeFile(unit.path(name), begin);
  unit.start({ rotated_files_max: 1 });
  await unit.drained();
  unit.sink.setRoom(false);
  await appendFile(unit.path('c.log'), 'one\n');
  await eventually('the sink is full', () => unit.sink.text(unit.path('c.log')).endsWith('one\n'));
  for (const name of ['a.log', 'b.log']) {
    await appendFile(unit.path(name), '0123456789\n');
    await unlink(unit.path(name));
    await eventually('it is missed', () => unit.eventsOf('fileRotated').some(([, path]) => path === unit.path(name)));
  }
  assert.deepEqual(await unit.expectEvent('lost'), ['lost', unit.path('a.log'), { cause: 'file-gone', bytes: 11 }]);
  assert.equal((await unit.expectEvent('sourceFailed'))[1], 'rotated files');
  unit.sink.setRoom(true);
  await unit.expect('b.log', `${begin}0123456789\n`);
  assert.equal(unit.eventsOf('lost').length, 1);
});

test('a deleted file is held until all of it is acknowledged', async (t) => {
  await using unit = await InputUnderTest.make();
  await writeFile(unit.path('a.log'), begin);
  unit.start({ rotated_wait: 10 });
  await unit.expect('a.log', begin);
  const [stream] = unit.sink.of(unit.path('a.log'));
  let asked = 0;
  t.mock.method(unit.sink, 'ackedTo', () => {
    asked += 1;
    return 5;
  });
  await unlink(unit.path('a.log'));
  await eventually('it was to be let go of twice', () => asked >= 2);
  assert.equal(stream?.ended, false);
  t.mock.restoreAll();
  await eventually('the stream ends', () => stream.ended);
});

test('files of equal content and of names that no rotation gives are all read', async () => {
  await using unit = await InputUnderTest.make();
  for (const name of ['app-1.log', 'app-2.log', 'web.log', 'other.log']) await writeFile(unit.path(name), begin);
  unit.start();
  await unit.drained();
  assert.equal(all(unit), begin.repeat(4));
});

test('an old rotated file that was there before its log is read, though it begins alike', async () => {
  await using unit = await InputUnderTest.make();
  await writeFile(unit.path('a.log.1'), `${begin}the old end\n`);
  await age(unit.path('a.log.1'));
  await writeFile(unit.path('a.log'), begin);
  unit.start({ paths: [unit.path('a.log*')] });
  await expectLines(unit, `${begin}the old end\n${begin}`);
});

test('an old rotated file is not taken for what a truncated one held', async () => {
  await using unit = await InputUnderTest.make();
  await writeFile(unit.path('a.log.1'), `${begin}the old end\n`);
  await writeFile(unit.path('a.log'), begin);
  unit.start();
  await unit.expect('a.log', begin);
  await truncate(unit.path('a.log'), 0);
  await unit.expectEvent('fileTruncated');
  await appendFile(unit.path('a.log'), 'new\n');
  await unit.expect('a.log', `${begin}new\n`);
});

test('a copy that differs behind what was read is a file of its own', async () => {
  await using unit = await InputUnderTest.make();
  await writeFile(unit.path('a.log'), begin);
  unit.start({ paths: [unit.path('a.log*')] });
  await unit.expect('a.log', begin);
  await writeFile(unit.path('a.log.1'), `${begin.slice(0, -10)} other\n`);
  await age(unit.path('a.log.1'));
  await expectLines(unit, `${begin}${begin.slice(0, -10)} other\n`);
});

test('a backup that stays beside its log is not read, and what it becomes later is', async () => {
  await using unit = await InputUnderTest.make();
  await writeFile(unit.path('a.log'), begin);
  unit.start({ paths: [unit.path('a.log*')] });
  await unit.expect('a.log', begin);
  await copyFile(unit.path('a.log'), unit.path('a.log.1'));
  await writeFile(unit.path('b'), '');
  await appendFile(unit.path('a.log'), 'more\n');
  await unit.expect('a.log', `${begin}more\n`);
  assert.equal(unit.sink.recorded.size, 1);
});
