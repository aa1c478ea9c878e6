/** Files that are not any more what was read of them: none is mistaken for what it was. */
import assert from 'node:assert/strict';
import { appendFileSync, unlinkSync } from 'node:fs';
import { appendFile, copyFile, open, rename, stat, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { markOf } from '@tributary/protocol/mark.ts';
import type { SourceIdentity } from '@tributary/protocol/messages.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { eventually, InputUnderTest } from '../testing/input-under-test.ts';
import { fingerprintOf } from './identity.ts';

function endedOf(unit: InputUnderTest): readonly boolean[] {
  return [...unit.sink.recorded.values()].map((stream) => stream.ended);
}

suite('a running input sees a file', () => {
  test('truncated: its stream ends, a new one begins, and an event says from where', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\ntwo\n');
    unit.start();
    await unit.expect('a.log', 'one\ntwo\n');
    await truncate(unit.path('a.log'), 0);
    await unit.expectEvent('fileTruncated');
    await appendFile(unit.path('a.log'), 'three\n');
    await unit.expect('a.log', 'one\ntwo\nthree\n');
    assert.deepEqual(unit.eventsOf('fileTruncated'), [['fileTruncated', unit.path('a.log'), 8]]);
    assert.deepEqual(endedOf(unit), [true, false]);
  });

  test('copied and truncated, several times', async () => {
    await using unit = await InputUnderTest.make();
    unit.start();
    const writer = await open(unit.path('a.log'), 'a');
    let expected = '';
    for (let round = 0; round < 4; round += 1) {
      await writer.write(`round ${round}\n`);
      expected += `round ${round}\n`;
      await unit.expect('a.log', expected);
      await copyFile(unit.path('a.log'), unit.path(`a.log.${round}`));
      await writer.truncate(0);
      await eventually('the truncation is seen', () => unit.eventsOf('fileTruncated').length === round + 1);
    }
    await writer.close();
  });

  test('written anew with as many bytes, of which the last are the same', async () => {
    await using unit = await InputUnderTest.make();
    const end = `${'the same end '.repeat(20)}\n`;
    await writeFile(unit.path('a.log'), `one\n${end}`);
    unit.start();
    await unit.expect('a.log', `one\n${end}`);
    await writeFile(unit.path('a.log'), `two\n${end}`);
    await unit.expect('a.log', `one\n${end}two\n${end}`);
  });

  test('written anew and longer, between two looks', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\ntwo\n');
    unit.start();
    await unit.expect('a.log', 'one\ntwo\n');
    await writeFile(unit.path('a.log'), 'one\nother content that is longer\n');
    await unit.expect('a.log', 'one\ntwo\none\nother content that is longer\n');
    assert.equal(unit.eventsOf('fileTruncated').length + unit.eventsOf('fileReplaced').length, 1);
    assert.deepEqual(unit.eventsOf('lost'), [], 'what is longer now is the new content');
  });

  test('written anew with the same length', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\ntwo\n');
    unit.start();
    await unit.expect('a.log', 'one\ntwo\n');
    await writeFile(unit.path('a.log'), 'six\nten\n');
    await unit.expect('a.log', 'one\ntwo\nsix\nten\n');
  });

  test('that only begins differently, at the same length and with the same end', async () => {
    await using unit = await InputUnderTest.make();
    const end = `${'same '.repeat(20)}\n`;
    await writeFile(unit.path('a.log'), `one\n${end}`);
    unit.start();
    await unit.expect('a.log', `one\n${end}`);
    await unit.stop();
    await writeFile(unit.path('a.log'), `two\n${end}`);
    unit.start();
    await unit.expect('a.log', `one\n${end}two\n${end}`);
  });

  test('with a hole where it was truncated under a writer that does not append', async () => {
    await using unit = await InputUnderTest.make();
    const writer = await open(unit.path('a.log'), 'w');
    await writer.write('one\ntwo\n', 0);
    unit.start();
    await unit.expect('a.log', 'one\ntwo\n');
    await truncate(unit.path('a.log'), 0);
    await writer.write('three\n', 8);
    await writer.close();
    await unit.expect('a.log', `one\ntwo\n${'\0'.repeat(8)}three\n`);
  });

  test('touched: nothing is read again', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\n');
    unit.start();
    await unit.expect('a.log', 'one\n');
    await utimes(unit.path('a.log'), new Date(), new Date());
    await writeFile(unit.path('b.log'), 'later\n');
    await unit.expect('b.log', 'later\n');
    await unit.drained();
    assert.equal(unit.sink.text(unit.path('a.log')), 'one\n');
  });

  test('replaced by one with the same first bytes', async () => {
    await using unit = await InputUnderTest.make();
    const header = `#fields: ${'x'.repeat(2000)}\n`;
    await writeFile(unit.path('a.log'), `${header}one\n`, { flush: true });
    unit.start({ max_line_bytes: 4096 });
    await unit.expect('a.log', `${header}one\n`);
    await writeFile(unit.path('a.new'), `${header}two\n`);
    await rename(unit.path('a.new'), unit.path('a.log'));
    await unit.expect('a.log', `${header}one\n${header}two\n`);
  });
});

test('files with equal first bytes are two files', async () => {
  await using unit = await InputUnderTest.make();
  const header = `${'h'.repeat(1000)}\n${'h'.repeat(1000)}\n`;
  await writeFile(unit.path('a.log'), `${header}a\n`);
  await writeFile(unit.path('b.log'), `${header}a\n`);
  unit.start();
  await unit.expect('a.log', `${header}a\n`);
  await unit.expect('b.log', `${header}a\n`);
  await unit.stop();
  await rename(unit.path('a.log'), unit.path('c.log'));
  await rename(unit.path('b.log'), unit.path('a.log'));
  await rename(unit.path('c.log'), unit.path('b.log'));
  await appendFile(unit.path('a.log'), 'was b\n');
  await appendFile(unit.path('b.log'), 'was a\n');
  unit.start();
  await unit.expect('a.log', `${header}a\nwas b\n`);
  await unit.expect('b.log', `${header}a\nwas a\n`);
  assert.equal(unit.sink.recorded.size, 2);
});

suite('after a stop, a file with device and inode of a known stream', () => {
  /** A stream as an earlier process left it, for the file that is at this path now. */
  async function withState(
    unit: InputUnderTest,
    state: { content: string; position: number; identity?: Partial<SourceIdentity> },
  ): Promise<void> {
    const stats = await stat(unit.path('a.log'), { bigint: true });
    const content = Buffer.from(state.content);
    const attributes = { tenant: 'acme', type: 'app', host: 'here', encoding: 'utf-8', counted: false, labels: { site: 'one' } };
    const identity = {
      path: unit.path('a.log'),
      device: String(stats.dev),
      inode: String(stats.ino),
      ...fingerprintOf(content.subarray(0, state.position)),
      token: '',
      base: 0,
      ...state.identity,
    };
    const bytes = content.subarray(0, state.position);
    const counts = { start: 0, position: bytes.length, records: 1, texts: [], cuts: [], drops: [], overflow: undefined };
    const kept = { identity, attributes, ...counts, bytes, mark: markOf(bytes), ended: false };
    unit.sink.restore([{ streamId: '0'.repeat(32), ...kept }]);
  }

  const content = 'one\ntwo\nthree\n';

  test('and its content goes on', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), content);
    await withState(unit, { content, position: 4 });
    unit.start();
    await unit.expect('a.log', content);
    assert.deepEqual(endedOf(unit), [false]);
  });

  for (const [what, other] of [
    ['shorter content is another file', 'x\n'],
    ['other content is another file', 'six\nten\neleven\n'],
    ['the same first bytes and another mark is another file', 'one\nxxx\nthree\n'],
  ] as const) {
    test(`and ${what}`, async () => {
      await using unit = await InputUnderTest.make();
      await writeFile(unit.path('a.log'), other);
      await withState(unit, { content, position: 8, identity: fingerprintOf(Buffer.from('one\n')) });
      unit.start();
      await unit.expect('a.log', `one\ntwo\n${other}`);
      assert.deepEqual(endedOf(unit), [true, false]);
      assert.equal(unit.eventsOf('fileTruncated').length + unit.eventsOf('fileReplaced').length, 1);
    });
  }

  test('at another path is another file when its content does not go on', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'unlike\nwhat was\nthere\n');
    await withState(unit, { content, position: 8, identity: { path: unit.path('gone.log') } });
    unit.start();
    await unit.expect('a.log', 'unlike\nwhat was\nthere\n');
    assert.deepEqual(endedOf(unit), [true, false]);
  });

  test('on a device of another number is the same file if all the rest fits', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), content);
    await withState(unit, { content, position: 8, identity: { device: '999999' } });
    unit.start();
    await unit.expect('a.log', content);
    assert.notEqual(unit.sink.of(unit.path('a.log'))[0]?.identity.device, '999999');
  });
});

test('an inode that is used again at once is noticed while running', async () => {
  await using unit = await InputUnderTest.make();
  unit.start({ rotated_wait: 10, open_files_max: 1 });
  let expected = '';
  for (let round = 0; round < 5; round += 1) {
    await writeFile(unit.path('a.log'), `round ${round}\n`);
    expected += `round ${round}\n`;
    await unit.expect('a.log', expected);
    await unlink(unit.path('a.log'));
  }
});

test('what is written to a file that was quiet for minutes, and deleted at once, is read by its handle', async () => {
  await using unit = await InputUnderTest.make();
  const clock = new ManualClock();
  const path = unit.path('a.log');
  await writeFile(path, 'one\n');
  unit.start({ scan_interval: 1000 }, { clock });
  await eventually('it is read', () => unit.sink.text(path) === 'one\n');
  for (let second = 0; second < 200; second += 1) {
    await eventually('it sleeps until its next scan', () => clock.sleeping > 0);
    clock.advance(1000);
  }
  appendFileSync(path, 'two\n');
  unlinkSync(path);
  await eventually('the rest is read', () => {
    clock.advance(100);
    return unit.sink.text(path) === 'one\ntwo\n';
  });
});
