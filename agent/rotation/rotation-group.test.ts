/** Rotation by rename, and what becomes of rotated files. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, open, readFile, rename, stat, symlink, utimes } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { partPath } from '../inputs/file/collapse.ts';
import { withToken } from '../inputs/file/token.ts';
import { eventually } from '../inputs/testing/input-under-test.ts';
import { lookMs } from './limits.ts';
import { RotationUnderTest } from './testing/rotation-under-test.ts';

const first = 'app.log-20261121T181500Z';
const text = 'one\ntwo\n';

suite('rotation by rename', () => {
  test('a file of max_size that an input reads gets another name', async () => {
    await using unit = await RotationUnderTest.make();
    const group = unit.group({ max_size: 8 });
    await unit.write('app.log', 'one\ntwo');
    await unit.read('app.log', 'one\n');
    await group.tick();
    assert.deepEqual(await unit.names(), ['app.log']);
    await unit.append('app.log', '\n');
    await group.tick();
    assert.deepEqual(await unit.names(), [first]);
    assert.deepEqual(unit.events, [['rotationDone', 'app.log', { rotatedTo: unit.path(first), bytes: 8, method: 'rename' }]]);
  });

  test('by age since it was begun or rotated last', async () => {
    await using unit = await RotationUnderTest.make();
    await unit.write('app.log', text);
    const { birthtimeMs } = await stat(unit.path('app.log'));
    unit.clock.advance(birthtimeMs - unit.clock.now());
    const group = unit.group({ max_age: 60_000, unread: 'rotate' });
    await group.tick();
    assert.deepEqual(await unit.names(), ['app.log']);
    unit.clock.advance(60_001);
    await group.tick();
    assert.equal((await unit.names()).length, 1);
    await unit.write('app.log', text);
    unit.clock.advance(59_000);
    await group.tick();
    assert.equal((await unit.names()).length, 2);
  });

  test('by age after the clock was set back, too', async () => {
    await using unit = await RotationUnderTest.make();
    // Their times lie years ahead, that of the file itself a little.
    await unit.write('app.log-20361121T181500Z', text);
    await unit.write('app.log', text);
    const group = unit.group({ max_age: 60_000, unread: 'rotate' });
    await group.tick();
    unit.clock.advance(59_000);
    await group.tick();
    assert.equal((await unit.names()).length, 2);
    unit.clock.advance(1000);
    await group.tick();
    assert.deepEqual(await unit.names(), ['app.log-20361121T181500Z', 'app.log-20361121T181501Z']);
  });

  test('on request, whatever its size; what is empty or unread stays', async () => {
    await using unit = await RotationUnderTest.make();
    const group = unit.group({ paths: [unit.path('*.log')], max_size: 1e9 });
    await unit.write('app.log', text);
    await unit.write('empty.log', '');
    await unit.write('unread.log', text);
    await unit.read('app.log', text);
    const { rotated, waiting } = await group.rotateNow();
    assert.deepEqual(rotated, [{ path: unit.path('app.log'), to: unit.path(first), bytes: 8 }]);
    assert.deepEqual(
      waiting.map(({ path, reason }) => `${path.replace(unit.folder, '')}: ${reason}`),
      ['/empty.log: nothing to rotate yet', '/unread.log: no input reads the file (`unread: rotate` rotates it all the same)'],
    );
    await group.rotateNow();
    assert.deepEqual(
      unit.events.map(([name, path]) => `${name} ${path}`),
      ['rotationDone app.log', 'rotationBlocked unread.log'],
    );
    assert.equal(group.status().blocked.length, 1);
  });

  test('the schedule rotates all files, once', async () => {
    await using unit = await RotationUnderTest.make();
    const group = unit.group({ schedule: '0 0 * * *' });
    await unit.write('app.log', text);
    await unit.read('app.log', text);
    await group.tick();
    assert.deepEqual(await unit.names(), ['app.log']);
    group.schedule();
    await group.tick();
    assert.deepEqual(await unit.names(), [first]);
    await unit.write('app.log', text);
    await unit.read('app.log', text);
    await group.tick();
    assert.equal((await unit.names()).length, 2);
  });

  test('a new file is made with mode and owner of the rotated one, unless the writer was faster', async () => {
    await using unit = await RotationUnderTest.make();
    const group = unit.group({ max_size: 1, create: {}, unread: 'rotate' });
    await using handle = await open(unit.path('app.log'), 'ax', 0o640);
    await handle.chmod(0o640);
    await handle.write(text);
    await group.rotateNow();
    const made = await stat(unit.path('app.log'));
    assert.equal(made.size, 0);
    assert.equal(made.mode & 0o777, 0o640);
  });

  test('a new file that cannot be made is told of, and the writer is told all the same', async () => {
    await using unit = await RotationUnderTest.make();
    const command = ['/bin/sh', '-c', `echo >> ${unit.path('told')}`];
    // No system knows such a user.
    const group = unit.group({ unread: 'rotate', command, create: { mode: '0640', owner: 2 ** 32 } });
    await unit.write('app.log', text);
    const { rotated } = await group.rotateNow();
    assert.equal(rotated.length, 1);
    assert.equal(await readFile(unit.path('told'), 'latin1'), '\n');
    assert.deepEqual(
      unit.events.map(([name]) => name),
      ['rotationDone', 'rotationFailed'],
    );
    await group.tick();
    assert.equal(group.status().blocked.length, 1);
  });

  test('no file that is there is written over, whoever rotated it', async () => {
    await using unit = await RotationUnderTest.make();
    const group = unit.group({ unread: 'rotate' });
    await unit.write('app.log', text);
    await group.tick();
    // Of another group that rotates the same file, after this one looked.
    for (const name of [first, 'app.log-20261121T181501Z.gz']) await unit.write(name, 'of another');
    group.schedule();
    await group.tick();
    assert.deepEqual(await unit.names(), [first, 'app.log-20261121T181501Z.gz', 'app.log-20261121T181502Z']);
    assert.equal(await readFile(unit.path(first), 'latin1'), 'of another');
  });

  test('what a link leads to is rotated, where it is', async () => {
    await using unit = await RotationUnderTest.make();
    await mkdir(unit.path('real'));
    await unit.write('real/target.log', text);
    await symlink(unit.path('real/target.log'), unit.path('app.log'));
    await unit.group({ unread: 'rotate' }).rotateNow();
    assert.deepEqual(await unit.names(), ['app.log', 'real']);
    assert.equal(await readFile(unit.path('real/target.log-20261121T181500Z'), 'latin1'), text);
  });

  test('a writer that cannot be told is told of, and tried again', async () => {
    await using unit = await RotationUnderTest.make();
    const group = unit.group({
      unread: 'rotate',
      command: ['/bin/sh', '-c', `echo >> ${unit.path('told')}; echo no >&2; exit 1`],
    });
    await unit.write('app.log', text);
    await group.rotateNow();
    await group.tick();
    assert.equal(await readFile(unit.path('told'), 'latin1'), '\n\n');
    const failed = unit.events.filter(([name]) => name === 'rotationFailed');
    assert.equal(failed.length, 1);
    assert.match(String(failed[0]?.[2]), /the command \/bin\/sh failed: no/);
  });

  test('a command that hangs does not hold up the end of the agent', async () => {
    await using unit = await RotationUnderTest.make();
    const command = ['/bin/sh', '-c', `echo >> ${unit.path('told')}; exec sleep 60`];
    const group = unit.group({ unread: 'rotate', command });
    await unit.write('app.log', text);
    const rotation = group.rotateNow();
    await eventually('the command runs', async () => (await unit.names()).includes('told'));
    unit.stop();
    await rotation;
    assert.deepEqual(
      unit.events.map(([name]) => name),
      ['rotationDone'],
    );
  });

  test('a signal goes to the process of the pid file', async () => {
    await using unit = await RotationUnderTest.make();
    const heard = Promise.withResolvers<void>();
    process.once('SIGWINCH', () => heard.resolve());
    await unit.write('app.pid', `${process.pid}\n`);
    await unit.write('app.log', text);
    await unit.group({ unread: 'rotate', signal: { pid_file: unit.path('app.pid'), name: 'SIGWINCH' } }).rotateNow();
    await heard.promise;
    assert.deepEqual(
      unit.events.map(([name]) => name),
      ['rotationDone'],
    );
  });

  for (const isWriter of [false, true]) {
    test(`a process that began after the pid file was written ${isWriter ? 'is told if it has the log open' : 'gets no signal'}`, async (t) => {
      if (process.platform !== 'linux') {
        t.skip('only Linux tells when a process began');
        return;
      }
      await using unit = await RotationUnderTest.make();
      await unit.write('app.log', text);
      using log = isWriter ? openLog(unit.path('app.log')) : undefined;
      const child = spawn('/bin/sleep', ['60'], { stdio: ['ignore', log?.fd ?? 'ignore', 'ignore'] });
      const ended = once(child, 'exit');
      try {
        await unit.write('app.pid', `${child.pid}\n`);
        await utimes(unit.path('app.pid'), 1e9, 1e9);
        const group = unit.group({ unread: 'rotate', signal: { pid_file: unit.path('app.pid'), name: 'SIGHUP' } });
        await group.rotateNow();
        if (isWriter) assert.deepEqual(await ended, [null, 'SIGHUP']);
        else assert.match(String(unit.events.at(-1)?.[2]), /is stale: process \d+ began after it was written/);
        assert.equal(child.signalCode, isWriter ? 'SIGHUP' : null);
      } finally {
        child.kill('SIGKILL');
        await ended;
      }
    });
  }

  test('a pid file that names a group of processes is refused', async () => {
    await using unit = await RotationUnderTest.make();
    await unit.write('app.pid', '-1\n');
    await unit.write('app.log', text);
    await unit.group({ unread: 'rotate', signal: { pid_file: unit.path('app.pid'), name: 'SIGWINCH' } }).rotateNow();
    assert.match(String(unit.events.at(-1)?.[2]), /holds no process id/);
  });

  test('after a start the writer is told again: the signal may not have been sent', async () => {
    await using unit = await RotationUnderTest.make();
    await unit.write(first, text);
    const command = ['/bin/sh', '-c', `echo >> ${unit.path('told')}`];
    await unit.group({ unread: 'rotate', command }).tick();
    assert.equal(await readFile(unit.path('told'), 'latin1'), '\n');
  });
});

suite('rotated files', () => {
  for (const [compress, ending, inflate] of [
    ['zstd', '.zst', zstdDecompressSync],
    ['gzip', '.gz', gunzipSync],
  ] as const) {
    test(`are compressed by ${compress} when all of them is acknowledged and the delay is over`, async () => {
      await using unit = await RotationUnderTest.make();
      const group = unit.group({ compress, compress_after: 60_000 });
      await unit.write(first, text);
      await utimes(unit.path(first), 1e9, 1e9);
      const streamId = await unit.read(first, text, 4);
      await group.tick();
      unit.clock.advance(60_000);
      await group.tick();
      assert.deepEqual(await unit.names(), [first]);
      unit.sink.acked.set(streamId, 8);
      unit.clock.advance(lookMs);
      await group.tick();
      assert.deepEqual(await unit.names(), [first + ending]);
      assert.equal(inflate(await readFile(unit.path(first + ending))).toString(), text);
      assert.equal((await stat(unit.path(first + ending))).mtimeMs, 1e12);
    });
  }

  test('are not compressed while a process has them open for writing', async () => {
    await using unit = await RotationUnderTest.make();
    const group = unit.group({ compress: 'zstd', compress_after: 0 });
    await unit.write(first, text);
    await unit.read(first, text);
    const writer = await open(unit.path(first), 'a');
    await group.tick();
    assert.deepEqual(await unit.names(), [first]);
    assert.deepEqual(unit.events, [['rotationBlocked', first, 'a process has the rotated file open for writing']]);
    await writer.close();
    unit.clock.advance(lookMs);
    await group.tick();
    assert.deepEqual(await unit.names(), [`${first}.zst`]);
    assert.deepEqual(group.status().blocked, []);
  });

  test('are removed beyond the limits of keep, and only those that are acknowledged', async () => {
    await using unit = await RotationUnderTest.make();
    const group = unit.group({ keep: { count: 1 } });
    for (const [second, acked] of [8, 7, 8].entries()) {
      const name = `app.log-2026112${second}T000000Z`;
      await unit.write(name, text);
      await unit.read(name, text, acked);
    }
    await group.tick();
    assert.deepEqual(await unit.names(), ['app.log-20261121T000000Z', 'app.log-20261122T000000Z']);
    const reason = 'the rotated file is to be removed, but not every byte of it is acknowledged by a hub';
    const events = [
      ['rotationRemoved', 'app.log-20261120T000000Z', { bytes: 8, reason: 'count' }],
      ['rotationBlocked', 'app.log-20261121T000000Z', reason],
    ];
    assert.deepEqual(unit.events, events);
    unit.clock.advance(lookMs);
    await group.tick();
    assert.deepEqual(unit.events, events);
  });

  test('that no input read are kept, unless nobody waits for them', async () => {
    for (const unread of ['wait', 'rotate'] as const) {
      await using unit = await RotationUnderTest.make();
      await unit.write(first, text);
      await unit.group({ keep: { count: 0 }, unread }).tick();
      assert.deepEqual(await unit.names(), unread === 'wait' ? [first] : []);
      assert.equal(unit.events[0]?.[0], unread === 'wait' ? 'rotationBlocked' : 'rotationRemoved');
    }
  });

  test('expire with what is not shipped only where the options say so, and the loss is what was not read', async () => {
    await using unit = await RotationUnderTest.make();
    const group = unit.group({ keep: { count: 0 }, expire_unshipped: true });
    await unit.write(first, `${text}three\n`);
    await unit.read(first, text, 4);
    await group.tick();
    assert.deepEqual(await unit.names(), []);
    assert.deepEqual(unit.events, [['rotationExpired', first, { bytes: 14, unshippedBytes: 6, reason: 'count' }]]);
  });

  test('what expires has no name any more when its reader lets go of it: it would be found as a new file', async () => {
    await using unit = await RotationUnderTest.make();
    let wasThere: boolean | undefined;
    unit.openGate(undefined, () => {
      wasThere = existsSync(unit.path(first));
    });
    await unit.write(first, `${text}three\n`);
    await unit.read(first, text, 4);
    await unit.group({ keep: { count: 0 }, expire_unshipped: true }).tick();
    assert.equal(wasThere, false);
    assert.deepEqual(unit.events, [['rotationExpired', first, { bytes: 14, unshippedBytes: 6, reason: 'count' }]]);
  });

  test('an inode that is used again does not make another file an acknowledged one', async () => {
    await using unit = await RotationUnderTest.make();
    await unit.write(first, text);
    await unit.read(first, 'another text of a file that had this inode before\n');
    await unit.group({ keep: { count: 0 } }).tick();
    assert.deepEqual(await unit.names(), [first]);
  });

  test('nor does one that begins alike, and ended with all acknowledged: its birth or the bytes at its end tell', async () => {
    for (const what of ['birth', 'end'] as const) {
      await using unit = await RotationUnderTest.make();
      const head = 'the same head of each log\n'.repeat(50);
      await unit.write(first, `${head}new\n`);
      await utimes(unit.path(first), 1e9, 1e9);
      const streamId = await unit.read(first, what === 'birth' ? `${head}new\n` : `${head}old\nand more\n`);
      const stream = unit.sink.recorded.get(streamId);
      assert(stream !== undefined);
      if (what === 'birth') stream.identity = withToken(stream.identity, { birth: '1' });
      unit.sink.endStream(streamId);
      await unit.group({ keep: { count: 0 } }).tick();
      assert.deepEqual(await unit.names(), [first], what);
    }
  });

  test('what was read into a stream that ended, as its type became another, is waited for too', async () => {
    await using unit = await RotationUnderTest.make();
    const group = unit.group({ keep: { count: 0 } });
    await unit.write(first, text);
    const before = await unit.read(first, 'one\n', 0);
    unit.sink.endStream(before);
    await unit.read(first, text);
    await group.tick();
    assert.deepEqual(await unit.names(), [first]);
    unit.sink.acked.set(before, 4);
    unit.clock.advance(lookMs);
    await group.tick();
    assert.deepEqual(await unit.names(), []);
  });

  test('what a crash left is removed: parts, and a compressed file whose original is still there', async () => {
    await using unit = await RotationUnderTest.make();
    await unit.write(first, text);
    await unit.write(`${first}.zst`, 'compressed before more was written');
    await rename(unit.path(`${first}.zst`), unit.path(`${first}.gz`));
    await unit.write('part', 'half a frame');
    await rename(unit.path('part'), partPath(unit.path(`${first}.zst`)));
    await unit.group({ compress: 'gzip' }).tick();
    assert.deepEqual(await unit.names(), [first]);
  });

  test('files of other rotations and other logs are left alone', async () => {
    await using unit = await RotationUnderTest.make();
    const names = ['app.log.1', 'app.log-20261121', 'other.log-20261121T181500Z'];
    for (const name of names) await unit.write(name, text);
    await unit.group({ keep: { count: 0 }, unread: 'rotate', compress: 'zstd', compress_after: 0 }).tick();
    assert.deepEqual(await unit.names(), names.toSorted());
  });
});

function openLog(path: string): Disposable & { readonly fd: number } {
  const fd = openSync(path, 'a');
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}
