/** Compressed files that globs name. */
import assert from 'node:assert/strict';
import { appendFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type Clock, systemClock } from '@tributary/shared/clock.ts';
import { eventually, InputUnderTest } from '../testing/input-under-test.ts';

const text = Array.from({ length: 60_000 }, (_, at) => `line ${at} ${'x'.repeat(at % 97)}\n`).join('');

/** Whole, and not in the making. */
async function place(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(path, bytes);
  const past = new Date(Date.now() - 60_000);
  await utimes(path, past, past);
}

for (const [name, compress] of [
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const) {
  suite(`a ${name} file`, () => {
    test('is read as what it holds, once, whatever its name', async () => {
      await using unit = await InputUnderTest.make();
      await place(unit.path('a.log'), compress(text));
      for (let round = 0; round < 2; round += 1) {
        unit.start();
        await unit.drained();
        await unit.expect('a.log', text);
        await unit.stop();
      }
      assert.equal(unit.sink.recorded.size, 1);
      assert.equal(unit.sink.of(unit.path('a.log'))[0]?.records, 60_000);
    });

    test('goes on in the middle after a stop', async () => {
      await using unit = await InputUnderTest.make();
      await place(unit.path('a.log'), compress(text));
      unit.sink.setRoom(false);
      unit.start();
      await eventually('something is pushed', () => unit.sink.pushes > 0);
      await unit.stop();
      const pushed = unit.sink.text(unit.path('a.log')).length;
      assert(pushed > 0 && pushed < text.length);
      unit.sink.setRoom(true);
      unit.start();
      await unit.expect('a.log', text);
      assert.equal(unit.sink.recorded.size, 1);
    });

    test('is read on when it grows', async () => {
      await using unit = await InputUnderTest.make();
      await place(unit.path('a.log'), compress('one\n'));
      unit.start();
      await unit.expect('a.log', 'one\n');
      await appendFile(unit.path('a.log'), compress('two\n'));
      await unit.expect('a.log', 'one\ntwo\n');
      assert.equal(unit.sink.recorded.size, 1);
    });

    test('is not read while it is being written', async () => {
      await using unit = await InputUnderTest.make();
      const bytes = compress(text);
      await writeFile(unit.path('a.log'), bytes.subarray(0, 1000));
      unit.start();
      await unit.drained();
      assert.equal(unit.sink.recorded.size, 0);
      await writeFile(unit.path('a.log'), bytes);
      await unit.expect('a.log', text);
      assert.equal(unit.sink.recorded.size, 1);
    });

    test('from its end on: what it holds is known, and not read', async () => {
      await using unit = await InputUnderTest.make();
      await place(unit.path('a.log'), compress(text));
      unit.start({ start: 'end' });
      await eventually('it is known', () => unit.sink.recorded.size === 1);
      await unit.stop();
      unit.start({ start: 'end' });
      await unit.drained();
      assert.equal(unit.sink.text(unit.path('a.log')), '');
      assert.equal(unit.sink.of(unit.path('a.log'))[0]?.start, text.length);
    });
  });
}

for (const restarted of [false, true]) {
  test(`a rotated file whose compression stalls half way is not read twice${restarted ? ', nor after a restart' : ''}`, async () => {
    await using unit = await InputUnderTest.make();
    const options = { paths: [unit.path('app.log*')], rotated_wait: 50 };
    // Whatever is there was written a while ago.
    const clock: Clock = { ...systemClock, now: () => Date.now() + 60_000 };
    const [plain, compressed] = [unit.path('app.log.1'), unit.path('app.log.1.gz')];
    await place(plain, Buffer.from(text));
    unit.start(options, { clock });
    await unit.expect('app.log.1', text);
    if (restarted) await unit.stop();
    const bytes = gzipSync(text);
    await place(compressed, bytes.subarray(0, bytes.length >> 1));
    if (restarted) unit.start(options, { clock });
    // Found one after the other behind it, so that it was decided about when the last one arrives.
    for (const name of ['app.log.8', 'app.log.9']) {
      await place(unit.path(name), Buffer.from(`${name}\n`));
      await unit.expect(name, `${name}\n`);
    }
    assert.equal(unit.sink.recorded.size, 3);
    await place(compressed, bytes);
    await unlink(plain);
    await eventually('its stream goes on there, or ended', () => unit.sink.of(plain).every(({ ended }) => ended));
    await writeFile(unit.path('app.log'), 'new\n');
    await unit.expect('app.log', 'new\n');
    await unit.drained();
    const all = [...unit.sink.recorded.values()].map((stream) => stream.bytes.toString());
    assert.deepEqual(
      all.map((pushed) => pushed.length),
      [text.length, 10, 10, 4],
    );
  });
}

test('a damaged file is told of, and stops nothing else', async () => {
  await using unit = await InputUnderTest.make();
  const bytes = gzipSync(text);
  bytes.fill(7, bytes.length >> 1, (bytes.length >> 1) + 100);
  await place(unit.path('a.log'), bytes);
  await place(unit.path('b.log'), gzipSync('one\n'));
  unit.start();
  assert.equal((await unit.expectEvent('sourceFailed'))[1], unit.path('a.log'));
  await unit.expect('b.log', 'one\n');
});

test('with compressed: never the bytes are read as they are', async () => {
  await using unit = await InputUnderTest.make();
  const bytes = Buffer.concat([gzipSync('one\n'), Buffer.from('\n')]);
  await place(unit.path('a.log'), bytes);
  unit.start({ compressed: 'never' });
  await unit.expect('a.log', bytes.toString('latin1'));
});

test('a file with the whole content and the inode of a deleted one is another file', async () => {
  await using unit = await InputUnderTest.make();
  const path = unit.path('a.log');
  await writeFile(path, 'one\n');
  // A time of birth is believed where one was seen that is older than the last change.
  for (let stats = await stat(path); stats.birthtimeMs >= stats.ctimeMs; stats = await stat(path)) {
    await sleep(2);
    await writeFile(path, 'one\ntwo\n');
  }
  unit.start();
  await unit.expect('a.log', 'one\ntwo\n');
  await unit.stop();
  const { ino, birthtimeNs } = await stat(path, { bigint: true });
  await unlink(path);
  // Others make files too, so the inode may be theirs by now; then it is just another file, and must be read all the same. The clock of
  // a file system has ticks: what is made within one is born at the same time.
  let candidate = unit.path('candidate-0');
  for (let at = 0; at < 200; at += 1) {
    candidate = unit.path(`candidate-${at}`);
    await writeFile(candidate, 'one\ntwo\n');
    const made = await stat(candidate, { bigint: true });
    if (made.ino === ino && made.birthtimeNs !== birthtimeNs) break;
    if (made.ino === ino) await unlink(candidate);
    await sleep(1);
  }
  await rename(candidate, path);
  unit.start();
  await unit.expect('a.log', 'one\ntwo\none\ntwo\n');
});
