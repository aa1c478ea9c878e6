/** Blocks are taken out of a file, and the process dies at any of the steps. */
import assert from 'node:assert/strict';
import { access, appendFile, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import type { StreamState } from '../input.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import {
  canCollapse,
  collapseFront,
  type Cut,
  cuttableBytes,
  type FileSpace,
  gatesOf,
  type HeldSource,
  parseToken,
  partPath,
  settleCut,
  systemFileSpace,
} from './collapse.ts';
import { fingerprintOf } from './identity.ts';

const blockBytes = 4096;
const cutBytes = 3 * blockBytes;
const folder = await mkdtemp(join(tmpdir(), 'tributary-collapse-'));
const skip = (await canCollapseHere()) ? false : 'the file system of the temporary folder cannot collapse';
const death = new Error('the process dies here');

/** Lines that tell where they are, and lines that are all alike: content alone does not tell whether blocks are gone. */
const contents = {
  'numbered lines': Array.from({ length: 2000 }, (_, line) => `line ${line}\n`).join(''),
  'equal lines': 'fifteen letters\n'.repeat(1000),
};

suite('blocks at the beginning of a file are taken out', { skip }, () => {
  after(async () => await rm(folder, { recursive: true }));

  for (const [name, content] of Object.entries(contents)) {
    test(`${name}: what is left is where the base says`, async () => {
      const unit = await Unit.make(content, 2);
      assert.equal(await unit.collapse(), true);
      await unit.expect({ isCut: true });
    });

    for (const stores of [1, 2, 3, 4, 5]) {
      test(`${name}: the process dies after ${stores} identities were stored`, async () => {
        const unit = await Unit.make(content, 2);
        unit.sink.storesBeforeDeath = stores;
        await assert.rejects(unit.collapse(), death);
        unit.sink.storesBeforeDeath = Number.POSITIVE_INFINITY;
        await appendFile(unit.path, 'written while nobody reads\n');
        unit.content += 'written while nobody reads\n';
        await unit.settle();
        await unit.expect({ isCut: stores >= 2 });
      });
    }

    for (const step of ['punch', 'collapse'] as const) {
      for (const when of ['before', 'after'] as const) {
        test(`${name}: the process dies ${when} the ${step}`, async () => {
          const unit = await Unit.make(content, 1);
          await assert.rejects(unit.collapse(dyingAt(step, when)), death);
          await unit.settle();
          await unit.expect({ isCut: step === 'collapse' || when === 'after' });
        });
      }
    }
  }

  for (const [name, content] of Object.entries(contents)) {
    test(`${name}: the process dies after the punch, and the next one at each step of what it then does`, async () => {
      for (const [step, when] of [
        ['punch', 'before'],
        ['punch', 'after'],
        ['collapse', 'before'],
        ['collapse', 'after'],
      ] as const) {
        const unit = await Unit.make(content, 2);
        await assert.rejects(unit.collapse(dyingAt('punch', 'after')), death);
        await assert.rejects(unit.settle(dyingAt(step, when)), death);
        await unit.settle();
        await unit.expect({ isCut: true });
      }
    });
  }

  test('what would begin with zeros is left alone', async () => {
    const unit = await Unit.make('\0'.repeat(cutBytes + blockBytes) + contents['numbered lines'], 1);
    assert.equal(await unit.collapse(), false);
    await unit.expect({ isCut: false, copyIsPart: true });
  });

  test('a file system that refuses the range after all has a hole instead', async () => {
    const unit = await Unit.make(contents['numbered lines'], 1);
    const refuse = (): never => {
      throw Object.assign(new Error('not in this unit'), { code: 'EINVAL' });
    };
    assert.equal(await unit.collapse({ ...systemFileSpace, collapse: refuse }), true);
    const bytes = await readFile(unit.path, 'latin1');
    assert.equal(bytes, '\0'.repeat(cutBytes) + unit.content.slice(cutBytes));
    assert.equal(unit.sources[0]?.identity.base, 0);
    assert.equal(unit.sources[0].identity.token, '/where/it/was');
    await access(unit.cut.copy);
  });

  test('an identity that tells of no cut is left as it is', async () => {
    const unit = await Unit.make(contents['numbered lines'], 1);
    await unit.settle();
    await unit.expect({ isCut: false, copyIsPart: true });
  });
});

test('only whole blocks are cut, of what every stream has behind it with its mark', () => {
  const state = (position: number, base: number): StreamState => ({
    streamId: 'one',
    identity: { ...noIdentity, base },
    attributes: anyAttributes,
    start: 0,
    position,
    mark: '',
    ended: false,
  });
  const at = (ackedTo: number, position = ackedTo, base = 0) => ({ stream: state(position, base), ackedTo });
  assert.equal(cuttableBytes([at(4096 * 3)], 4096), 4096 * 2);
  assert.equal(cuttableBytes([at(4096 * 3 + 64)], 4096), 4096 * 3);
  assert.equal(cuttableBytes([at(4096 * 9), at(4096 * 5 + 100)], 4096), 4096 * 5);
  assert.equal(cuttableBytes([at(4096 * 9 + 64, 4096 * 2 + 64)], 4096), 4096 * 2);
  assert.equal(cuttableBytes([at(4096 * 9 + 64, 4096 * 9 + 64, 4096 * 8)], 4096), 4096);
  assert.equal(cuttableBytes([at(10)], 4096), 0);
});

test('a file is held once at a time, and by all inputs', async () => {
  const sink = new RecordingSink();
  const gates = gatesOf(sink);
  const told: string[] = [];
  const gate = (name: string) => ({
    hold: async <T>(_: string, work: (source: HeldSource | undefined) => Promise<T>): Promise<T> => {
      told.push(`${name} holds`);
      const result = await work({ streamId: name, identity: noIdentity });
      told.push(`${name} goes on`);
      return result;
    },
    drop: async () => await Promise.resolve({ streamId: name, position: 7 }),
  });
  using owned = new DisposableStack();
  for (const name of ['one', 'two']) owned.use(gates.add(gate(name)));
  const hold = async (name: string): Promise<void> =>
    await gates.hold('file', async (sources) => {
      assert.equal(gates.isHeld('file'), true);
      await Promise.resolve();
      told.push(`${name} works on ${sources.map(({ streamId }) => streamId).join(' and ')}`);
    });
  await Promise.all([hold('first'), hold('second')]);
  const once = (name: string): string[] => [
    'one holds',
    'two holds',
    `${name} works on one and two`,
    'two goes on',
    'one goes on',
  ];
  assert.deepEqual(told, [...once('first'), ...once('second')]);
  assert.equal(gates.isHeld('file'), false);
  assert.equal((await gates.drop('file')).length, 2);
});

const noIdentity = { path: '', device: '', inode: '', fingerprint: '', fingerprintLength: 0, token: '', base: 0 };
const anyAttributes = { tenant: 'acme', type: 'app', host: 'here', encoding: 'utf-8', counted: false, labels: {} };

class DyingSink extends RecordingSink {
  storesBeforeDeath = Number.POSITIVE_INFINITY;

  override async storeIdentity(...args: Parameters<RecordingSink['storeIdentity']>): Promise<void> {
    this.storesBeforeDeath -= 1;
    if (this.storesBeforeDeath < 0) throw death;
    await super.storeIdentity(...args);
  }
}

/** A file with its copy, read to some position by one or two streams. */
class Unit {
  readonly sink = new DyingSink();
  readonly path: string;
  readonly cut: Cut;
  sources: HeldSource[] = [];
  content: string;

  private constructor(path: string, content: string) {
    this.path = path;
    this.content = content;
    this.cut = { bytes: cutBytes, blockBytes, copy: `${path}-copy` };
  }

  static #made = 0;

  static async make(content: string, streams: number): Promise<Unit> {
    Unit.#made += 1;
    const unit = new Unit(join(folder, `${Unit.#made}.log`), content);
    await writeFile(unit.path, content);
    await writeFile(partPath(unit.cut.copy), content.slice(0, cutBytes));
    const { dev, ino } = await stat(unit.path, { bigint: true });
    const head = fingerprintOf(Buffer.from(content.slice(0, 1024)));
    const identity = { ...noIdentity, ...head, path: unit.path, device: `${dev}`, inode: `${ino}`, token: '/where/it/was' };
    for (let index = 0; index < streams; index += 1) {
      const { streamId } = await unit.sink.openStream({ identity, attributes: anyAttributes, start: 0 });
      unit.sources.push({ streamId, identity });
    }
    return unit;
  }

  async collapse(space: FileSpace = systemFileSpace): Promise<boolean> {
    await using handle = await open(this.path, 'r+');
    return await collapseFront({ sink: this.sink, handle, sources: this.sources, cut: this.cut, space });
  }

  /** As the inputs of the next process do, one stream after the other. */
  async settle(space: FileSpace = systemFileSpace): Promise<void> {
    for (const source of this.sources) {
      const stream = this.sink.streams().find(({ streamId }) => streamId === source.streamId);
      assert(stream !== undefined);
      source.identity = await settleCut({ sink: this.sink, stream, path: this.path, space });
    }
  }

  async expect({ isCut, copyIsPart = false }: { isCut: boolean; copyIsPart?: boolean }): Promise<void> {
    const base = isCut ? cutBytes : 0;
    assert.equal(await readFile(this.path, 'latin1'), this.content.slice(base));
    for (const { streamId, identity } of this.sources) {
      assert.deepEqual(identity, this.sink.streams().find((state) => state.streamId === streamId)?.identity);
      assert.equal(identity.base, base);
      assert.equal(identity.token, '/where/it/was');
      assert.equal(parseToken(identity.token), undefined);
      assert.equal(identity.fingerprint, fingerprintOf(Buffer.from(this.content.slice(base, base + 1024))).fingerprint);
    }
    if (isCut) assert.equal(await readFile(this.cut.copy, 'latin1'), this.content.slice(0, cutBytes));
    else if (copyIsPart) await assert.rejects(access(this.cut.copy));
  }
}

function dyingAt(step: keyof FileSpace, when: 'before' | 'after'): FileSpace {
  return {
    ...systemFileSpace,
    [step]: (fd: number, range: { offset: number; length: number }) => {
      if (when === 'after') systemFileSpace[step](fd, range);
      throw death;
    },
  };
}

async function canCollapseHere(): Promise<boolean> {
  await using handle = await open(join(folder, 'probe'), 'w+');
  return canCollapse(handle, systemFileSpace);
}
