/** What happens to files that are renamed and deleted, while the input runs and while it does not. */
import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { appendFile, mkdir, open, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { breakReads } from '../testing/break-reads.ts';
import { eventually, InputUnderTest } from '../testing/input-under-test.ts';
import { parseFileToken } from './token.ts';

suite('a file is renamed', () => {
  test('while it is written: the old handle is read to its end, then the new file', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\n');
    unit.start();
    await unit.expect('a.log', 'one\n');
    const writer = await open(unit.path('a.log'), 'a');
    await rename(unit.path('a.log'), unit.path('a.log.1'));
    await writeFile(unit.path('a.log'), 'three\n');
    await writer.write('two\n');
    await writer.close();
    await eventually('both are read', () => unit.sink.text(unit.path('a.log')) === 'one\ntwo\nthree\n');
    assert.deepEqual(unit.eventsOf('fileRotated'), [['fileRotated', unit.path('a.log')]]);
    assert.equal(unit.sink.of(unit.path('a.log')).length, 2);
    assert.equal(parseFileToken(unit.sink.of(unit.path('a.log'))[0]?.identity.token ?? '').at, unit.path('a.log.1'));
  });

  test('to a name that a glob matches: the same stream goes on under that name', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\n');
    unit.start({ paths: [unit.path('a.log*')] });
    await unit.expect('a.log', 'one\n');
    await rename(unit.path('a.log'), unit.path('a.log.1'));
    await writeFile(unit.path('a.log'), 'two\n');
    await unit.expect('a.log', 'two\n');
    await unit.expect('a.log.1', 'one\n');
    await appendFile(unit.path('a.log.1'), 'late\n');
    await unit.expect('a.log.1', 'one\nlate\n');
    assert.equal(unit.sink.recorded.size, 2);
  });

  test('through a chain of names', async () => {
    for (const paths of ['a.log', 'a.log*']) {
      await using unit = await InputUnderTest.make();
      unit.start({ paths: [unit.path(paths)] });
      const written: string[] = [];
      for (let round = 0; round < 6; round += 1) {
        await writeFile(unit.path('a.log'), `begin ${round}\n`);
        await eventually('the new file is found', () => unit.sink.recorded.size === round + 1);
        await appendFile(unit.path('a.log'), `end ${round}\n`);
        written.push(`begin ${round}\nend ${round}\n`);
        for (let at = round; at > 0; at -= 1) await rename(unit.path(`a.log.${at}`), unit.path(`a.log.${at + 1}`));
        await rename(unit.path('a.log'), unit.path('a.log.1'));
      }
      const texts = (): string[] => [...unit.sink.recorded.values()].map((stream) => stream.bytes.toString());
      await eventually('all are read', () => texts().join('') === written.join(''));
      assert.deepEqual(texts(), written);
    }
  });

  test('through a chain of names while its folder is listed, and no handle leads to it', async () => {
    await using unit = await InputUnderTest.make();
    const files = Array.from({ length: 40 }, (_, at) => at);
    const name = (at: number): string => unit.path(`a.log.${at}`);
    for (const at of files) await writeFile(name(at), `begin ${at}\n`);
    unit.start({ paths: [unit.path('a.log*')], open_files_max: 1, scan_interval: 5 });
    await unit.drained();
    const rounds = 10;
    for (let round = 0; round < rounds; round += 1) {
      for (const at of files.toReversed()) await rename(name(at + round), name(at + round + 1));
    }
    for (const at of files) await appendFile(name(at + rounds), `end ${at}\n`);
    const texts = (): string[] => [...unit.sink.recorded.values()].map((stream) => stream.bytes.toString()).toSorted();
    const expected = files.map((at) => `begin ${at}\nend ${at}\n`).toSorted();
    await eventually('all are read', () => texts().join('').length >= expected.join('').length).catch(() => undefined);
    assert.deepEqual(texts(), expected);
  });

  test('to a name that no glob matches, while its disk fails: it is read on when that works again', async (t) => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\n');
    // No hint of the system leads there.
    unit.start({ watch: 'poll' });
    await unit.expect('a.log', 'one\n');
    await rename(unit.path('a.log'), unit.path('a.rotated'));
    await unit.expectEvent('fileRotated');
    const broken = await breakReads(t, unit.path('a.rotated'));
    await appendFile(unit.path('a.rotated'), 'two\n');
    await unit.expectEvent('sourceFailed');
    broken.mock.restore();
    await unit.expect('a.log', 'one\ntwo\n');
  });

  test('to a name that no glob matches, more than may be held open: each last line is sent', async () => {
    await using unit = await InputUnderTest.make();
    const names = ['a', 'b', 'c', 'd'];
    unit.start({ rotated_files_max: 1, idle_flush: 1000 });
    for (const name of names) await writeFile(unit.path(`${name}.log`), 'one\ntwo');
    // On a busy machine the last lines are sent by now.
    const isRead = (name: string): boolean => unit.sink.text(unit.path(`${name}.log`)).startsWith('one\n');
    await eventually('all are read', () => names.every(isRead));
    for (const name of names) await rename(unit.path(`${name}.log`), unit.path(`${name}.rotated`));
    for (const name of names) await unit.expect(`${name}.log`, 'one\ntwo');
  });

  test('into another folder, and read to its end there', async () => {
    await using unit = await InputUnderTest.make();
    await mkdir(unit.path('old'));
    await writeFile(unit.path('a.log'), 'one\n');
    unit.start();
    await unit.expect('a.log', 'one\n');
    await rename(unit.path('a.log'), unit.path('old/a.log.1'));
    await unit.expectEvent('fileRotated');
    await unit.stop();
    await appendFile(unit.path('old/a.log.1'), 'two\n');
    unit.start();
    await unit.expect('a.log', 'one\ntwo\n');
    assert.equal(unit.sink.recorded.size, 1);
  });

  test('and closed when it was quiet; when it grows later it is found again', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\n');
    unit.start({ rotated_wait: 10 });
    await unit.expect('a.log', 'one\n');
    await rename(unit.path('a.log'), unit.path('a.log.1'));
    await unit.expectEvent('fileFinished');
    await rename(unit.path('a.log.1'), unit.path('a.log.2'));
    await appendFile(unit.path('a.log.2'), 'two\n');
    await unit.expect('a.log', 'one\ntwo\n');
    assert.equal([...unit.sink.recorded.values()][0]?.ended, false);
    await unlink(unit.path('a.log.2'));
    await eventually('the stream ends', () => [...unit.sink.recorded.values()][0]?.ended === true);
    assert.deepEqual(unit.input.sources(), []);
  });

  test('with an unfinished last line, which is sent as its end', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\ntwo');
    unit.start({ idle_flush: 50 });
    await unit.expect('a.log', 'one\n');
    await rename(unit.path('a.log'), unit.path('a.log.1'));
    await unit.expectEvent('fileRotated');
    await unit.expect('a.log', 'one\ntwo');
  });
});

test('a file that is born and renamed away between two looks is read all the same', async () => {
  for (const folder of ['', 'old/']) {
    await using unit = await InputUnderTest.make();
    await mkdir(unit.path('old'));
    await writeFile(unit.path('a.log'), 'one\n');
    unit.start({ paths: [unit.path('a.log')] });
    await unit.expect('a.log', 'one\n');
    // All in one turn of this thread: nobody looks in between.
    renameSync(unit.path('a.log'), unit.path(`${folder}a.log.2`));
    writeFileSync(unit.path('a.log'), 'two\n');
    renameSync(unit.path('a.log'), unit.path(`${folder}a.log.1`));
    writeFileSync(unit.path('a.log'), 'three\n');
    await eventually('all are read', () => unit.sink.text(unit.path('a.log')).length === 14);
    assert.equal(unit.sink.of(unit.path('a.log')).length, 3);
  }
});

suite('while the input is stopped, a file is', () => {
  test('renamed to a name that no glob matches: found and read to its end', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\n');
    unit.start();
    await unit.expect('a.log', 'one\n');
    await unit.stop();
    await appendFile(unit.path('a.log'), 'two\n');
    await rename(unit.path('a.log'), unit.path('a.log.1'));
    await writeFile(unit.path('a.log'), 'three\n');
    unit.start();
    await eventually('all is read', () => unit.sink.text(unit.path('a.log')) === 'one\ntwo\nthree\n');
    assert.equal(unit.sink.recorded.size, 2);
    assert.deepEqual(unit.eventsOf('fileReplaced'), []);
  });

  test('renamed to a name that a glob matches: goes on under that name', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\n');
    unit.start();
    await unit.expect('a.log', 'one\n');
    await unit.stop();
    await appendFile(unit.path('a.log'), 'two\n');
    await rename(unit.path('a.log'), unit.path('b.log'));
    await writeFile(unit.path('a.log'), 'three\n');
    unit.start();
    await unit.expect('b.log', 'one\ntwo\n');
    await unit.expect('a.log', 'three\n');
    assert.equal(unit.sink.recorded.size, 2);
  });

  test('deleted: its stream ends, and an event says what is lost', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\n');
    unit.start();
    await unit.expect('a.log', 'one\n');
    await unit.stop();
    await writeFile(unit.path('a.log.new'), 'x\n');
    await rename(unit.path('a.log.new'), unit.path('a.log'));
    unit.start();
    await unit.expectEvent('fileReplaced');
    await unit.expect('a.log', 'one\nx\n');
    assert.deepEqual(
      [...unit.sink.recorded.values()].map((stream) => stream.ended),
      [true, false],
    );
  });

  test('out of reach with its whole folder: its stream waits and goes on', async () => {
    await using unit = await InputUnderTest.make();
    await mkdir(unit.path('x'));
    await writeFile(unit.path('x/a.log'), 'one\n');
    const paths = [unit.path('x/*.log')];
    unit.start({ paths });
    await unit.expect('x/a.log', 'one\n');
    await unit.stop();
    await rename(unit.path('x'), unit.path('y'));
    unit.start({ paths });
    await unit.expectEvent('sourceFailed');
    await unit.drained();
    await appendFile(unit.path('y/a.log'), 'two\n');
    await rename(unit.path('y'), unit.path('x'));
    await unit.expect('x/a.log', 'one\ntwo\n');
    assert.equal(unit.sink.recorded.size, 1);
    await unit.expectEvent('sourceRecovered');
  });
});

suite('an open file is deleted', () => {
  test('it is read to its end, then its stream ends', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\n');
    unit.start({ rotated_wait: 20, idle_flush: 20 });
    await unit.expect('a.log', 'one\n');
    const writer = await open(unit.path('a.log'), 'a');
    await unlink(unit.path('a.log'));
    await writer.write('two\nthree');
    await writer.close();
    await unit.expect('a.log', 'one\ntwo\nthree');
    assert.deepEqual((await unit.expectEvent('fileFinished'))[2], 13);
    const [stream] = unit.sink.of(unit.path('a.log'));
    await eventually('the stream ends', () => stream?.ended === true);
    assert.deepEqual(stream?.cuts, [{ offset: 13, cause: 'end' }]);
    assert.deepEqual(unit.input.sources(), []);
  });

  test('with its whole folder, which comes back with another file', async () => {
    await using unit = await InputUnderTest.make();
    const paths = [unit.path('x/*.log')];
    await mkdir(unit.path('x'));
    await writeFile(unit.path('x/a.log'), 'one\n');
    unit.start({ paths });
    await unit.expect('x/a.log', 'one\n');
    await rm(unit.path('x'), { recursive: true });
    await unit.expectEvent('sourceFailed');
    await mkdir(unit.path('x'));
    await writeFile(unit.path('x/a.log'), 'two\n');
    await unit.expect('x/a.log', 'one\ntwo\n');
    await unit.expectEvent('sourceRecovered');
    assert.equal(unit.eventsOf('sourceFailed').length, 1);
    // The watch is on the new folder: hints come again.
    await appendFile(unit.path('x/a.log'), 'three\n');
    await unit.expect('x/a.log', 'one\ntwo\nthree\n');
  });
});
