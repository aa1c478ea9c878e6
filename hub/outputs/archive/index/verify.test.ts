/** An archive that was written for real, and then treated badly: each misdeed shows, and none where there was none. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { ArchiveObject } from '../../../queue/queue.ts';
import { eventually } from '../../../testing/eventually.ts';
import { ProcessingLine } from '../../../testing/processing-line.ts';
import { StreamWriter, streamInfo } from '../../../testing/records.ts';
import { noteCut } from '../chain/chain-cut.ts';
import { FrameCiphers } from '../frame-cipher.ts';
import { manifestName } from '../object-name.ts';
import { FolderStore } from '../store/folder-store.ts';
import { reindexArchive } from './reindex.ts';
import { verifyArchive, type VerifySums } from './verify.ts';

const channel = 'acme/app';

interface Meanwhile {
  /** What the index has at the end. */
  readonly left?: readonly ArchiveObject[];
  readonly open?: (place: string) => FolderStore;
}

suite('archive verify', () => {
  let line: ProcessingLine;
  let objects: readonly ArchiveObject[];
  before(async () => {
    line = await ProcessingLine.open({ bundleEntriesMax: 1 });
    line.startPipelines();
    line.startArchive();
    const writer = new StreamWriter(line.queue, streamInfo(1));
    for (let index = 0; index < 5; index += 1) {
      await writer.append(Buffer.from(`line ${index} ${'x'.repeat(index)}\n`));
      await eventually('an object of its own', () => {
        line.queue.requestArchive(channel);
        return line.archive.sums.objects === index + 1;
      });
    }
    objects = await line.queue.archiveObjects();
  });
  after(() => line[Symbol.asyncDispose]());

  test('finds nothing where nothing was done, and tells the ends of the days', async () => {
    const { problems, sums } = await verified(line.archiveFolder, objects);
    assert.deepEqual(problems, []);
    assert.deepEqual([sums.objects, sums.bytes], [5, objects.reduce((sum, { objectBytes }) => sum + objectBytes, 0)]);
    const [chain] = sums.chains;
    assert.deepEqual([chain?.channel, chain?.partition, chain?.first, chain?.last], [channel, 0, 1, 5]);
    assert.equal(
      chain?.days.reduce((sum, day) => sum + day.objects, 0),
      5,
    );
  });

  test('retention takes from the old end, and the chain begins later', async () => {
    const kept = objects.slice(2);
    const remove = async (place: string, noted: boolean): Promise<void> => {
      if (noted) await noteCut(new FolderStore(place), objects[1] ?? assert.fail());
      for (const { name } of objects.slice(0, 2)) removeObject(place, name);
    };
    const { problems, sums } = await verified(line.archiveFolder, kept, (place) => remove(place, true));
    assert.deepEqual(problems, []);
    assert.equal(sums.chains[0]?.first, 3);
    const other = await verified(line.archiveFolder, kept, (place) => remove(place, false));
    assert.match(other.problems.join(), /^missing .*: 2 objects before it are missing, and retention took none of them$/);
  });

  test('what housekeeping removes meanwhile is not missing, at whatever point it is met', async () => {
    const gone = objects.slice(0, 2).map(({ name }) => name);
    const left = objects.slice(2);
    const cut = async (place: string): Promise<void> => await noteCut(new FolderStore(place), objects[1] ?? assert.fail());
    const points: readonly ((place: string, name: string) => void)[] = [
      (place, name) => removeObject(place, name),
      (place, name) => rmSync(join(place, name)),
      (place, name) => rmSync(join(place, manifestName(name))),
      // As what was removed between the list and the look reads.
      (place, name) => writeFileSync(join(place, manifestName(name)), ''),
    ];
    for (const remove of points) {
      const change = async (place: string): Promise<void> => {
        await cut(place);
        for (const name of gone) remove(place, name);
      };
      assert.deepEqual((await verified(line.archiveFolder, objects, change, { left })).problems, []);
      assert.deepEqual(
        kinds((await verified(line.archiveFolder, objects, change)).problems).map(
          (told) => told.split('/').at(-1)?.split('.')[0],
        ),
        gone.map((name) => name.split('/').at(-1)?.split('.')[0]),
        'the same is told where the rows stay',
      );
    }
  });

  test('an object that vanishes between the list and the look goes by its row', async () => {
    const [name] = objects.slice(0, 1).map((object) => object.name);
    const left = objects.slice(1);
    const vanishing = (place: string): FolderStore => {
      const store = new FolderStore(place);
      const checksum = store.checksum.bind(store);
      store.checksum = async (asked) => (asked === name ? undefined : await checksum(asked));
      return store;
    };
    const none = (): void => undefined;
    assert.deepEqual((await verified(line.archiveFolder, objects, none, { left, open: vanishing })).problems, []);
    assert.deepEqual(kinds((await verified(line.archiveFolder, objects, none, { open: vanishing })).problems), [
      `missing ${name}`,
    ]);
  });

  test('an object that is just being written has its manifest a moment before its row', async () => {
    const newest = objects[4] ?? assert.fail();
    let isWritten = false;
    const listing = (place: string): FolderStore => {
      const store = new FolderStore(place);
      const list = store.list.bind(store);
      store.list = async function* (folder) {
        for await (const file of list(folder)) if (isWritten || file.name !== newest.name) yield file;
        isWritten = true;
      };
      return store;
    };
    const { problems } = await verified(line.archiveFolder, objects.slice(0, 4), () => undefined, { open: listing });
    assert.deepEqual(problems, []);
  });

  test('a retention that was broken off left some of what it took: no gap', async () => {
    const left = [0, 2, 4].flatMap((index) => objects[index] ?? []);
    const { problems } = await verified(line.archiveFolder, left, async (place) => {
      await noteCut(new FolderStore(place), objects[3] ?? assert.fail());
      for (const index of [1, 3]) removeObject(place, objects[index]?.name ?? '');
    });
    assert.deepEqual(problems, []);
  });

  test('bytes that were changed, cut off or are gone', async () => {
    const { problems } = await verified(line.archiveFolder, objects, (place) => {
      const path = join(place, nameOf(0));
      const bytes = readFileSync(path);
      bytes[9] = (bytes[9] ?? 0) ^ 1;
      writeFileSync(path, bytes);
      writeFileSync(join(place, nameOf(1)), readFileSync(join(place, nameOf(1))).subarray(1));
      rmSync(join(place, nameOf(2)));
    });
    assert.deepEqual(kinds(problems), [`damaged ${nameOf(0)}`, `damaged ${nameOf(1)}`, `missing ${nameOf(2)}`]);
  });

  test('an object taken out of the middle with its manifest and its row', async () => {
    const left = objects.filter((_, index) => index !== 2);
    const { problems } = await verified(line.archiveFolder, left, (place) => removeObject(place, nameOf(2)));
    assert.deepEqual(kinds(problems), [`missing ${nameOf(3)}`]);
    assert.match(problems[0] ?? '', /1 object is missing between .* the chain has a gap/);
  });

  test('the newest taken away with all that names them', async () => {
    const { problems } = await verified(line.archiveFolder, objects.slice(0, 3), (place) => {
      for (const { name } of objects.slice(3)) removeObject(place, name);
    });
    assert.deepEqual(kinds(problems), [`missing ${nameOf(4)}`]);
    assert.match(problems[0] ?? '', /the newest 2 objects are missing/);
  });

  test('a manifest that was altered, and an object that another one took the place of', async () => {
    const { problems } = await verified(line.archiveFolder, objects, (place) => {
      const manifest = join(place, manifestName(nameOf(1)));
      writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"records": 1', '"records": 2'));
    });
    assert.deepEqual(kinds(problems), [`altered ${nameOf(1)}`, `altered ${nameOf(1)}`]);
    assert.match(problems.join(), /differ in records.*its link does not fit/);
  });

  test('a whole manifest put in place of another, as consistent as it is in itself', async () => {
    const row = objects[1] ?? assert.fail();
    const { problems } = await verified(line.archiveFolder, objects, (place) => {
      const forged = readFileSync(join(place, manifestName(nameOf(1))), 'utf8').replace(/,\n "chain": \{[^}]*\}/, '');
      assert.doesNotMatch(forged, /"chain"/);
      writeFileSync(join(place, manifestName(row.name)), forged);
    });
    assert.deepEqual(kinds(problems), [`altered ${nameOf(1)}`, `missing ${nameOf(2)}`]);
  });

  test('what is not in the index is told, unless it was written just now, and reindex puts it there', async () => {
    const left = objects.slice(0, 3);
    const whole = await verified(line.archiveFolder, left);
    assert.deepEqual(kinds(whole.problems), [`unknown ${nameOf(3)}`, `unknown ${nameOf(4)}`]);
    const copy = copied(line.archiveFolder);
    rmSync(join(copy, channel, '.chain-0.json'));
    renameSync(join(copy, nameOf(4)), join(copy, nameOf(4).replace('.csv', '-kept-0123456789ab.csv')));
    const added: ArchiveObject[] = [];
    const problems: string[] = [];
    const sums = await reindexArchive({
      store: new FolderStore(copy),
      choice: {},
      known: new Set(left.map(({ name }) => name)),
      add: async (rows) => added.push(...rows),
      onProblem: (object, text) => problems.push(`${object}: ${text}`),
      onProgress: () => undefined,
    });
    assert.deepEqual(added, [objects[3]]);
    assert.deepEqual(problems, [`${nameOf(4)}: its manifest is there, and it is not`]);
    assert.deepEqual(sums, { objects: 4, known: 3, added: 1, chains: 1, kept: 1, problems: 1 });
    assert.deepEqual(
      JSON.parse(readFileSync(join(copy, channel, '.chain-0.json'), 'utf8')),
      JSON.parse(readFileSync(join(line.archiveFolder, channel, '.chain-0.json'), 'utf8')),
    );
    rmSync(copy, { recursive: true });
  });

  test('reindex waits for the manifest of an object that is just being written, and tells where there is none', async () => {
    const copy = copied(line.archiveFolder);
    const [written, lost] = [manifestName(nameOf(3)), manifestName(nameOf(4))];
    renameSync(join(copy, written), join(copy, 'later'));
    rmSync(join(copy, lost));
    const problems: string[] = [];
    await reindexArchive({
      store: new FolderStore(copy),
      choice: {},
      known: new Set(objects.slice(0, 3).map(({ name }) => name)),
      add: undefined,
      onProblem: (object, text) => problems.push(`${object}: ${text}`),
      // Once all that is there was looked at.
      onProgress: () => {
        if (existsSync(join(copy, 'later'))) renameSync(join(copy, 'later'), join(copy, written));
      },
    });
    assert.deepEqual(problems, [`${nameOf(4)}: it has no manifest: nothing tells what it holds`]);
    rmSync(copy, { recursive: true });
  });

  function nameOf(index: number): string {
    return objects[index]?.name ?? '';
  }

  /** In a copy. */
  async function verified(
    folder: string,
    rows: readonly ArchiveObject[],
    change: (place: string) => void | Promise<void> = () => undefined,
    { left = rows, open }: Meanwhile = {},
  ): Promise<{ readonly problems: string[]; readonly sums: Readonly<VerifySums> }> {
    const place = copied(folder);
    await change(place);
    const problems: string[] = [];
    const sums = await verifyArchive({
      store: open?.(place) ?? new FolderStore(place),
      namesNow: async () => new Set(left.map(({ name }) => name)),
      ciphers: new FrameCiphers(undefined),
      objects: rows,
      query: {},
      quick: false,
      beforeMs: Date.now(),
      onProblem: ({ kind, object, text }) => problems.push(`${kind} ${object}: ${text}`),
      onProgress: () => undefined,
    });
    rmSync(place, { recursive: true });
    return { problems: problems.toSorted(), sums };
  }

  function copied(folder: string): string {
    const place = join(line.folder, 'copy');
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const from = join(entry.parentPath, entry.name);
      const to = join(place, from.slice(folder.length + 1));
      new FolderStore(place).draft(to.slice(place.length + 1));
      copyFileSync(from, to);
      utimesSync(to, 0, 0);
    }
    return place;
  }
});

function removeObject(place: string, name: string): void {
  rmSync(join(place, name));
  rmSync(join(place, manifestName(name)));
}

function kinds(problems: readonly string[]): string[] {
  return problems.map((problem) => problem.slice(0, problem.indexOf(':')));
}
