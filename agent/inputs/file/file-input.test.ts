import assert from 'node:assert/strict';
import { appendFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { markOf } from '@tributary/protocol/mark.ts';
import { eventually, InputUnderTest } from '../testing/input-under-test.ts';
import { ManualClock } from '../testing/manual-clock.ts';

test('reads what is there and what is appended', async () => {
  await using unit = await InputUnderTest.make();
  await writeFile(unit.path('a.log'), 'one\ntwo\n');
  unit.start();
  await unit.expect('a.log', 'one\ntwo\n');
  await appendFile(unit.path('a.log'), 'three\nhalf a li');
  await unit.expect('a.log', 'one\ntwo\nthree\n');
  await appendFile(unit.path('a.log'), 'ne\n');
  await unit.expect('a.log', 'one\ntwo\nthree\nhalf a line\n');
  const [stream] = unit.sink.of(unit.path('a.log'));
  assert.equal(stream?.records, 4);
  assert.deepEqual(stream.attributes, {
    tenant: 'acme',
    type: 'app',
    host: 'here',
    encoding: 'utf-8',
    counted: false,
    labels: { site: 'one' },
  });
});

test('notices what is appended by hints, long before the next scan', async () => {
  await using unit = await InputUnderTest.make();
  await writeFile(unit.path('a.log'), 'one\n');
  unit.start({ scan_interval: 3_600_000 });
  await unit.expect('a.log', 'one\n');
  await appendFile(unit.path('a.log'), 'two\n');
  await unit.expect('a.log', 'one\ntwo\n');
  await writeFile(unit.path('b.log'), 'new\n');
  await unit.expect('b.log', 'new\n');
});

test('bytes arrive as they are', async () => {
  await using unit = await InputUnderTest.make();
  const text = '\n\n\r\na,"b"\r\n\0\0\n\xff\xfe\xc3\n\n';
  await writeFile(unit.path('a.log'), Buffer.from(text, 'latin1'));
  unit.start();
  await unit.expect('a.log', text);
  assert.equal(unit.sink.of(unit.path('a.log'))[0]?.records, 7);
});

test('a file of several turns arrives whole', async () => {
  await using unit = await InputUnderTest.make();
  const text = Array.from({ length: 60_000 }, (_, at) => `line ${at} ${'x'.repeat(at % 97)}\n`).join('');
  await writeFile(unit.path('a.log'), text);
  unit.start();
  await unit.expect('a.log', text);
  assert(unit.sink.pushes >= 3);
});

test('a million empty lines arrive whole', async () => {
  await using unit = await InputUnderTest.make();
  const text = '\n'.repeat(1_000_000);
  await writeFile(unit.path('a.log'), text);
  unit.start();
  await unit.expect('a.log', text);
  assert.equal(unit.sink.of(unit.path('a.log'))[0]?.records, 1_000_000);
});

suite('lines around the limit', () => {
  const limit = 64;
  for (const length of [limit - 1, limit, limit + 1, 2 * limit, 2 * limit + 1]) {
    test(`${length} bytes where ${limit} are allowed`, async () => {
      await using unit = await InputUnderTest.make();
      const text = `short\n${'x'.repeat(length)}\nshort\n`;
      await writeFile(unit.path('a.log'), text);
      unit.start({ max_line_bytes: limit });
      await unit.expect('a.log', text);
      const pieces = Math.ceil(length / limit);
      const cuts = Array.from({ length: pieces - 1 }, (_, at) => ({ offset: 6 + (at + 1) * limit, cause: 'too-long' }));
      const [stream] = unit.sink.of(unit.path('a.log'));
      assert.deepEqual(stream?.cuts, cuts);
      assert.equal(stream.records, 2 + pieces);
    });
  }

  test('a line that grows beyond the limit byte by byte is cut at the same place', async () => {
    await using unit = await InputUnderTest.make();
    unit.start({ max_line_bytes: limit });
    for (let at = 0; at < 100; at += 1) await appendFile(unit.path('a.log'), 'x');
    await unit.expect('a.log', 'x'.repeat(limit));
    await appendFile(unit.path('a.log'), '\n');
    await unit.expect('a.log', `${'x'.repeat(100)}\n`);
    assert.deepEqual(unit.sink.of(unit.path('a.log'))[0]?.cuts, [{ offset: limit, cause: 'too-long' }]);
  });
});

suite('a last line without a newline', () => {
  /** Lets time pass in small steps while waiting. */
  async function passing(clock: ManualClock, what: string, condition: () => boolean): Promise<void> {
    await eventually(what, () => {
      clock.advance(100);
      return condition();
    });
  }

  test('is held until it was quiet for idle_flush, and goes on at the next position', async () => {
    await using unit = await InputUnderTest.make();
    const clock = new ManualClock();
    const path = unit.path('a.log');
    await writeFile(path, 'one\ntw');
    unit.start({ idle_flush: 5000 }, { clock });
    await eventually('the whole line is pushed', () => unit.sink.text(path) === 'one\n');
    const heldMs = clock.monotonic();
    await passing(clock, 'the held line is pushed', () => unit.sink.text(path) === 'one\ntw');
    assert(clock.monotonic() - heldMs >= 5000, 'not before idle_flush has passed');
    await appendFile(path, 'o\nthree\n');
    await passing(clock, 'the rest is pushed', () => unit.sink.text(path) === 'one\ntwo\nthree\n');
    const [stream] = unit.sink.of(path);
    assert.deepEqual(stream?.cuts, [{ offset: 6, cause: 'idle' }]);
    assert.equal(stream.records, 4);
  });

  test('is not pushed at a stop, and read again as a whole', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'one\ntw');
    unit.start();
    await unit.expect('a.log', 'one\n');
    await unit.stop();
    assert.equal(unit.sink.text(unit.path('a.log')), 'one\n');
    await appendFile(unit.path('a.log'), 'o\n');
    unit.start();
    await unit.expect('a.log', 'one\ntwo\n');
    assert.deepEqual(unit.sink.of(unit.path('a.log'))[0]?.cuts, []);
  });

  test('is the end when a file is read once; the same again adds nothing, more goes on', async () => {
    await using unit = await InputUnderTest.make();
    const path = unit.path('a.log');
    await writeFile(path, 'one\ntwo');
    for (let round = 0; round < 2; round += 1) {
      unit.start({ idle_flush: 50 }, { once: true });
      await unit.drained();
      await unit.stop();
      assert.equal(unit.sink.text(path), 'one\ntwo');
    }
    assert.deepEqual(unit.sink.of(path)[0]?.cuts, [{ offset: 7, cause: 'end' }]);
    await appendFile(path, '\nthree\n');
    unit.start({}, { once: true });
    await unit.drained();
    assert.equal(unit.sink.text(path), 'one\ntwo\nthree\n');
    assert.equal(unit.sink.of(path).length, 1);
  });

  test('is waited for when a file that is being written is read once', async () => {
    await using unit = await InputUnderTest.make();
    const path = unit.path('a.log');
    await writeFile(path, 'one\ntw');
    unit.start({}, { once: true });
    await unit.expect('a.log', 'one\n');
    let isDrained = false;
    const drained = (async (): Promise<void> => {
      await unit.drained();
      isDrained = true;
    })();
    await appendFile(path, 'oo');
    await eventually('the longer line is seen', () => unit.input.sources()[0]?.size === 8);
    assert.equal(isDrained, false, 'the line was there, and it is not known to be the last');
    await appendFile(path, '\nbegun since');
    await drained;
    assert.equal(unit.sink.text(path), 'one\ntwoo\n');
    assert.deepEqual(unit.sink.of(path)[0]?.cuts, []);
  });
});

suite('the fingerprint', () => {
  test('grows with a small file, and is durable', async () => {
    await using unit = await InputUnderTest.make();
    const path = unit.path('a.log');
    await writeFile(path, '');
    unit.start();
    const lengths = new Set<number>();
    for (let at = 0; at < 20; at += 1) {
      await appendFile(path, `${'x'.repeat(99)}\n`);
      await eventually('it is read', () => unit.sink.text(path).length === (at + 1) * 100);
      lengths.add(unit.sink.of(path)[0]?.identity.fingerprintLength ?? -1);
    }
    assert(lengths.has(100) && lengths.has(1000));
    assert.equal(unit.sink.of(path)[0]?.identity.fingerprintLength, 1024);
  });
});

suite('start: end', () => {
  test('skips what is there at the first start, but no line that is being written', async () => {
    await using unit = await InputUnderTest.make();
    const path = unit.path('a.log');
    await writeFile(path, 'old\nolder\nhalf');
    unit.start({ start: 'end' });
    await eventually('it waits', () => unit.input.sources()[0]?.state === 'waiting');
    await appendFile(path, ' a line\nnew\n');
    await unit.expect('a.log', 'half a line\nnew\n');
    const [stream] = unit.sink.of(path);
    assert.equal(stream?.start, 10);
    assert.equal(stream.mark, markOf(Buffer.from('old\nolder\nhalf a line\nnew\n')));
  });

  test('reads files that are born later from their beginning, also while it is stopped', async () => {
    await using unit = await InputUnderTest.make();
    await writeFile(unit.path('a.log'), 'old\n');
    unit.start({ start: 'end' });
    await unit.drained();
    await writeFile(unit.path('b.log'), 'born\n');
    await unit.expect('b.log', 'born\n');
    await unit.stop();
    await writeFile(unit.path('c.log'), 'while stopped\n');
    await appendFile(unit.path('a.log'), 'new\n');
    unit.start({ start: 'end' });
    await unit.expect('c.log', 'while stopped\n');
    await unit.expect('a.log', 'new\n');
  });
});

suite('which files', () => {
  test('those a glob matches and none excludes; each once', async () => {
    await using unit = await InputUnderTest.make();
    await mkdir(unit.path('x/deep'), { recursive: true });
    for (const name of ['a.log', 'b.log', 'b.txt', 'x/c.log', 'x/deep/d.log']) await writeFile(unit.path(name), `${name}\n`);
    unit.start({ paths: [unit.path('**/*.log'), unit.path('a.*'), unit.path('b.txt')], exclude: [unit.path('x/deep/*')] });
    await unit.drained();
    const texts = [...unit.sink.recorded.values()].map((stream) => stream.bytes.toString());
    assert.deepEqual(texts.toSorted(), ['a.log\n', 'b.log\n', 'b.txt\n', 'x/c.log\n']);
  });

  test('a second name of the same file, a link too, is not read again', async () => {
    await using unit = await InputUnderTest.make();
    await mkdir(unit.path('data'));
    await writeFile(unit.path('data/real'), 'one\n');
    await symlink(unit.path('data/real'), unit.path('a.log'));
    await symlink(unit.path('data/real'), unit.path('b.log'));
    unit.start({ scan_interval: 3_600_000 });
    await unit.drained();
    assert.equal(unit.sink.recorded.size, 1);
    // The link's own folder hints at nothing here.
    await appendFile(unit.path('data/real'), 'two\n');
    const path = [...unit.sink.recorded.values()][0]?.identity.path ?? '';
    await eventually('it is read', () => unit.sink.text(path) === 'one\ntwo\n');
  });

  test('a folder that is made later is looked into soon', async () => {
    await using unit = await InputUnderTest.make();
    unit.start({ paths: [unit.path('*/x.log')] });
    await unit.drained();
    await mkdir(unit.path('new'));
    await writeFile(unit.path('new/x.log'), 'one\n');
    await unit.expect('new/x.log', 'one\n');
  });
});

test('status tells what is read, waits and is held', async () => {
  await using unit = await InputUnderTest.make();
  await writeFile(unit.path('a.log'), 'one\ntwo');
  unit.start();
  await eventually('it waits', () => unit.input.sources()[0]?.state === 'waiting');
  const [status] = unit.input.sources();
  assert.deepEqual([status?.path, status?.position, status?.size], [unit.path('a.log'), 4, 7]);
  await unit.stop();
  assert.deepEqual(unit.input.sources(), []);
});
