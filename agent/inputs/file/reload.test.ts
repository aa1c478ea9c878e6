/** Several runs and several inputs on one sink. */
import assert from 'node:assert/strict';
import { appendFile, open, unlink, writeFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { eventually, InputUnderTest } from '../testing/input-under-test.ts';

suite('another instance', () => {
  test('with other options goes on where the last one stopped', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\n');
    unit.start();
    await unit.expect('a.log', 'one\n');
    await unit.stop();
    await appendFile(unit.path('a.log'), 'two\n');
    await writeFile(unit.path('b.txt'), 'new\n');
    unit.start({ paths: [unit.path('*.log'), unit.path('*.txt')], idle_flush: 1000 });
    await unit.expect('a.log', 'one\ntwo\n');
    await unit.expect('b.txt', 'new\n');
    assert.equal(unit.sink.recorded.size, 2);
  });

  test('with other attributes begins a new stream at the same position', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\n');
    unit.start();
    await unit.expect('a.log', 'one\n');
    await unit.stop();
    await appendFile(unit.path('a.log'), 'two\n');
    unit.start({ labels: { colour: 'red' } });
    await unit.expect('a.log', 'one\ntwo\n');
    const [old, young] = unit.sink.of(unit.path('a.log'));
    assert.deepEqual([old?.ended, young?.start, young?.bytes.toString()], [true, 4, 'two\n']);
    assert.deepEqual(young?.attributes.labels, { site: 'one', colour: 'red' });
  });

  test('that does not match a stream leaves it alone', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\n');
    await writeFile(unit.path('b.log'), 'one\n');
    unit.start();
    await unit.drained();
    await unit.stop();
    await appendFile(unit.path('a.log'), 'two\n');
    await appendFile(unit.path('b.log'), 'two\n');
    unit.start({ exclude: [unit.path('b.log')] });
    await unit.expect('a.log', 'one\ntwo\n');
    await unit.drained();
    await unit.stop();
    assert.equal(unit.sink.text(unit.path('b.log')), 'one\n');
    unit.start();
    await unit.expect('b.log', 'one\ntwo\n');
    assert.equal(unit.sink.recorded.size, 2);
  });
});

suite('two inputs at a time', () => {
  test('with the same attributes read a file once', async () => {
    await using unit = await InputUnderTest.make();
    await using other = await InputUnderTest.make(unit.sink);
    await writeFile(unit.path('a.log'), 'one\n');
    await writeFile(unit.path('b.log'), 'one\n');
    unit.start({ paths: [unit.path('*.log')] });
    other.start({ paths: [unit.path('a.*')] });
    await Promise.all([unit.drained(), other.drained()]);
    await appendFile(unit.path('a.log'), 'two\n');
    await unit.expect('a.log', 'one\ntwo\n');
    assert.equal(unit.sink.recorded.size, 2);
  });

  test('with the same attributes: when one stops, the other goes on with its files where it was', async () => {
    await using unit = await InputUnderTest.make();
    await using other = await InputUnderTest.make(unit.sink);
    await writeFile(unit.path('a.log'), 'one\n');
    unit.start();
    await unit.expect('a.log', 'one\n');
    other.start({ paths: [unit.path('*.log')] });
    await other.drained();
    // The other knew nothing of this file when it began, and not how far the first one is read by now.
    await writeFile(unit.path('b.log'), 'one\n');
    await unit.expect('b.log', 'one\n');
    await appendFile(unit.path('a.log'), 'two\n');
    await unit.expect('a.log', 'one\ntwo\n');
    await unit.stop();
    await appendFile(unit.path('a.log'), 'three\n');
    await appendFile(unit.path('b.log'), 'two\n');
    await unit.expect('a.log', 'one\ntwo\nthree\n');
    await unit.expect('b.log', 'one\ntwo\n');
    assert.equal(unit.sink.recorded.size, 2);
  });

  test('with the same attributes: neither ends what the other reads', async () => {
    await using unit = await InputUnderTest.make();
    await using other = await InputUnderTest.make(unit.sink);
    await writeFile(unit.path('a.log'), 'one\n');
    unit.start();
    await unit.expect('a.log', 'one\n');
    other.start();
    await other.drained();
    const writer = await open(unit.path('a.log'), 'a');
    await unlink(unit.path('a.log'));
    await unit.expectEvent('fileRotated');
    // The other looks for files after this as well.
    await writeFile(unit.path('b.log'), 'one\n');
    await unit.expect('b.log', 'one\n');
    await Promise.all([unit.drained(), other.drained()]);
    await writer.write('two\n');
    await writer.close();
    await unit.expect('a.log', 'one\ntwo\n');
    assert.deepEqual(other.eventsOf('fileReplaced'), []);
  });

  test('with other attributes read it into a stream each, also after a restart', async () => {
    await using unit = await InputUnderTest.make();
    await using other = await InputUnderTest.make(unit.sink);
    const path = unit.path('a.log');
    await writeFile(path, 'one\n');
    const texts = (): readonly string[] =>
      unit.sink.of(path).map((stream) => `${stream.attributes.type} ${String(stream.bytes)}`);
    for (let round = 0; round < 3; round += 1) {
      unit.start();
      other.start({ type: 'other', paths: [unit.path('*')] });
      await Promise.all([unit.drained(), other.drained()]);
      assert.deepEqual(texts().toSorted(), ['app one\n', 'other one\n']);
      await Promise.all([unit.stop(), other.stop()]);
    }
  });
});

test('goes on with the stream that replaces its own', async () => {
  await using unit = await InputUnderTest.make();
  await writeFile(unit.path('a.log'), 'one\n');
  unit.start();
  await unit.expect('a.log', 'one\n');
  const [old] = unit.sink.of(unit.path('a.log'));
  await unit.sink.replace(old?.streamId ?? '');
  await appendFile(unit.path('a.log'), 'two\n');
  await unit.expect('a.log', 'one\ntwo\n');
  assert.equal(unit.sink.of(unit.path('a.log'))[1]?.bytes.toString(), 'two\n');
});

test('waits while the sink has no room', async () => {
  await using unit = await InputUnderTest.make();
  for (let at = 0; at < 20; at += 1) await writeFile(unit.path(`${at}.log`), `${at}\n`);
  unit.sink.setRoom(false);
  unit.start();
  await eventually('something is pushed', () => unit.sink.pushes > 0);
  // A turn per reader may be under way when the first one is told to wait.
  await appendFile(unit.path('0.log'), 'more\n');
  await eventually('all files are found', () => unit.sink.recorded.size === 20);
  assert(unit.sink.pushes <= 2);
  unit.sink.setRoom(true);
  await unit.drained();
  assert(unit.sink.pushes >= 20);
});
