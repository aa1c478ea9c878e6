/** Rotation by copytruncate. That a running input reads on without losing or doubling a byte is shown in test/e2e/rotation.test.ts. */
import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { canCollapse, canPunch, type FileSpace, systemFileSpace } from '../inputs/file/collapse.ts';
import { RotationUnderTest } from './testing/rotation-under-test.ts';

const blockBytes = 4096;
const text = Array.from({ length: 3000 }, (_, line) => `line ${line} of a log\n`).join('');
const first = 'app.log-20261121T181500Z';
const able = await whatIsPossible();
const refuse = (): never => {
  throw Object.assign(new Error('not here'), { code: 'EOPNOTSUPP' });
};
const punchOnly: FileSpace = { ...systemFileSpace, collapse: refuse };
const nothing: FileSpace = { collapse: refuse, punch: refuse };
const whole = Math.floor((text.length - 64) / blockBytes) * blockBytes;

suite('what is acknowledged is collapsed', { skip: able.collapse ? false : 'the file system cannot collapse' }, () => {
  test('in whole blocks, and copied before', async () => {
    await using unit = await RotationUnderTest.make();
    unit.openGate();
    await unit.write('app.log', text);
    const streamId = await unit.read('app.log', text, blockBytes * 2 + 100);
    const group = unit.group({ mode: 'copytruncate', compress: 'zstd' });
    await group.rotateNow();
    assert.deepEqual(await unit.names(), ['app.log', `${first}.zst`]);
    const copied = async (name: string): Promise<string> => zstdDecompressSync(await readFile(unit.path(name))).toString();
    assert.equal(await copied(`${first}.zst`), text.slice(0, blockBytes * 2));
    assert.equal(await readFile(unit.path('app.log'), 'latin1'), text.slice(blockBytes * 2));
    assert.equal(unit.sink.streams()[0]?.identity.base, blockBytes * 2);

    unit.sink.acked.set(streamId, text.length);
    await group.rotateNow();
    const second = 'app.log-20261121T181501Z.zst';
    assert.equal((await copied(`${first}.zst`)) + (await copied(second)), text.slice(0, whole));
    assert.equal(await readFile(unit.path('app.log'), 'latin1'), text.slice(whole));
    const done = unit.events.map(([name, , detail]) => [name, detail]);
    assert.deepEqual(done[1], [
      'rotationDone',
      { rotatedTo: unit.path(second), bytes: whole - blockBytes * 2, method: 'collapse' },
    ]);
    assert.deepEqual((await group.rotateNow()).waiting[0]?.reason, 'nothing to rotate yet');
  });

  test('not while an input is about to read it, and nothing is left of the try', async () => {
    await using unit = await RotationUnderTest.make();
    await unit.write('app.log', text);
    await unit.read('app.log', text);
    await unit.group({ mode: 'copytruncate' }).rotateNow();
    assert.deepEqual(await unit.names(), ['app.log']);
    assert.equal(await readFile(unit.path('app.log'), 'latin1'), text);
    assert.deepEqual(
      unit.events.map(([name]) => name),
      ['rotationBlocked'],
    );
  });

  test('not while an interrupted cut is being brought to an end: the file begins elsewhere afterwards', async () => {
    await using unit = await RotationUnderTest.make();
    unit.openGate();
    await unit.write('app.log', text);
    const streamId = await unit.read('app.log', text);
    const [stream] = unit.sink.streams();
    assert(stream !== undefined);
    const begun = { phase: 'collapse', bytes: blockBytes, blockBytes, copy: unit.path('copy'), before: '' };
    unit.sink.updateIdentity(streamId, { ...stream.identity, token: `cut:${JSON.stringify(begun)}` });
    await unit.group({ mode: 'copytruncate' }).rotateNow();
    assert.deepEqual(await unit.names(), ['app.log']);
    assert.equal(await readFile(unit.path('app.log'), 'latin1'), text);
  });

  test('not what was planned before another cut', async () => {
    await using unit = await RotationUnderTest.make();
    unit.openGate(() => {
      for (const { streamId, identity } of unit.sink.streams()) {
        unit.sink.updateIdentity(streamId, { ...identity, base: identity.base + blockBytes });
      }
    });
    await unit.write('app.log', text);
    await unit.read('app.log', text);
    await unit.group({ mode: 'copytruncate' }).rotateNow();
    assert.deepEqual(await unit.names(), ['app.log']);
    assert.equal(await readFile(unit.path('app.log'), 'latin1'), text);
  });

  test('also of a file that nobody reads, if nobody waits for it', async () => {
    await using unit = await RotationUnderTest.make();
    await unit.write('app.log', text);
    await unit.group({ mode: 'copytruncate', unread: 'rotate' }).rotateNow();
    const end = Math.floor((text.length - 1) / blockBytes) * blockBytes;
    assert.equal(await readFile(unit.path(first), 'latin1'), text.slice(0, end));
    assert.equal(await readFile(unit.path('app.log'), 'latin1'), text.slice(end));
  });
});

suite('a hole is punched where blocks cannot be collapsed', { skip: able.punch ? false : 'the file system cannot punch' }, () => {
  test('behind the first block, and from there on the next time', async () => {
    await using unit = await RotationUnderTest.make();
    unit.openGate();
    await unit.write('app.log', text);
    const streamId = await unit.read('app.log', text, blockBytes * 3 + 64);
    const group = unit.group({ mode: 'copytruncate' }, punchOnly);
    await group.rotateNow();
    const hole = (to: number): string => text.slice(0, blockBytes) + '\0'.repeat(to - blockBytes) + text.slice(to);
    assert.equal(await readFile(unit.path('app.log'), 'latin1'), hole(blockBytes * 3));
    unit.sink.acked.set(streamId, text.length);
    const before = (await stat(unit.path('app.log'))).blocks;
    await group.rotateNow();
    assert.equal(await readFile(unit.path('app.log'), 'latin1'), hole(whole));
    assert.equal((await stat(unit.path('app.log'))).blocks < before, true);
    const copies = await Promise.all([first, 'app.log-20261121T181501Z'].map((name) => readFile(unit.path(name), 'latin1')));
    assert.equal(copies.join(''), text.slice(0, whole));
    assert.equal(unit.sink.streams()[0]?.identity.base, 0);
  });
});

suite('a file is truncated where nothing else can be done', () => {
  test('when all of it is acknowledged, not before', async () => {
    await using unit = await RotationUnderTest.make();
    unit.openGate();
    await unit.write('app.log', text);
    const streamId = await unit.read('app.log', text, text.length - 1);
    const group = unit.group({ mode: 'copytruncate' }, nothing);
    await group.rotateNow();
    assert.deepEqual(await unit.names(), ['app.log']);
    assert.deepEqual(unit.events, [['rotationBlocked', 'app.log', 'no moment yet in which all of it is acknowledged']]);
    unit.sink.acked.set(streamId, text.length);
    await group.rotateNow();
    assert.equal(await readFile(unit.path('app.log'), 'latin1'), '');
    assert.equal(await readFile(unit.path(first), 'latin1'), text);
  });

  test('what the options ask for and cannot be done is told', async () => {
    await using unit = await RotationUnderTest.make();
    await unit.write('app.log', text);
    await unit.read('app.log', text);
    const { waiting } = await unit.group({ mode: 'copytruncate', cut: 'collapse' }, nothing).rotateNow();
    assert.equal(waiting[0]?.reason, 'the file system cannot collapse the file');
  });
});

async function whatIsPossible(): Promise<{ collapse: boolean; punch: boolean }> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-cut-'));
  try {
    await using handle = await open(join(folder, 'probe'), 'w+');
    return { collapse: canCollapse(handle, systemFileSpace), punch: canPunch(handle, systemFileSpace) };
  } finally {
    await rm(folder, { recursive: true });
  }
}
