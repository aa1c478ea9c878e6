import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { type ArchiveObject, backTopic } from '../../queue/queue.ts';
import { booksOf } from '../../status/books.ts';
import { eventually } from '../../testing/eventually.ts';
import { objectEvent } from './index/object-event.ts';
import { ProcessingLine } from '../../testing/processing-line.ts';
import { awkwardLines, hasPython, hasZstd, rawColumnOf, StreamWriter, streamInfo } from '../../testing/records.ts';

const channel = 'acme/app';
const toolsSkip = hasPython && hasZstd ? false : 'needs python3 and zstd';

async function archived(line: ProcessingLine, records: number): Promise<void> {
  await eventually(`${records} records are archived`, () => {
    if (line.archive.sums.records < records) line.queue.requestArchive(channel);
    return line.archive.sums.records === records;
  });
}

suite('archive', () => {
  for (const compression of ['zstd', 'gzip'] as const) {
    test(`the raw column equals what came in, byte for byte (${compression})`, { skip: toolsSkip }, async () => {
      await using line = await ProcessingLine.open({ archive: { compression } });
      const writer = new StreamWriter(line.queue, streamInfo(1));
      const many = Buffer.from(
        Array.from({ length: 40_000 }, (_, index) => `line ${index} "quoted", ${'x'.repeat(index % 90)}\r\n`).join(''),
      );
      await writer.append(many);
      await writer.append(awkwardLines);
      line.startPipelines();
      line.startArchive();
      await eventually('all is processed', () => line.pipelines.counts.batches === 2);
      await archived(line, line.pipelines.counts.records);
      const objects = await line.queue.archiveObjects();
      const paths = objects.map((object) => join(line.archiveFolder, object.name));
      assert.ok(rawColumnOf(paths).equals(Buffer.concat([many, awkwardLines])));
      assert.ok(
        objects.some((object) => object.frames.length > 1),
        'there are several frames',
      );
    });
  }

  test('object, manifest and index row agree, and the stream is known to be archived', async () => {
    await using line = await ProcessingLine.open({ bundleEntriesMax: 1 });
    const writer = new StreamWriter(line.queue, streamInfo(1, { host: 'web7' }));
    const other = new StreamWriter(line.queue, streamInfo(2, { host: 'web8' }));
    await writer.append(Buffer.from('one\ntwo\n'));
    await other.append(Buffer.from('three\n'));
    await writer.append(Buffer.from('four\n'));
    line.startPipelines();
    await eventually('all is processed', () => line.pipelines.counts.batches === 3);
    line.startArchive();
    await archived(line, 4);
    const [object, ...none] = await line.queue.archiveObjects();
    assert.ok(object !== undefined && none.length === 0);
    const { name, first, last, records, rawBytes, hosts, sha256, objectBytes, frames } = object;
    const hour = new Date(object.receivedMsMin).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/');
    assert.equal(name, `${channel}/${hour}/${line.queue.storeId}-0-1-3.csv.zst`);
    assert.deepEqual(
      { first, last, records, rawBytes, hosts },
      { first: 1, last: 3, records: 4, rawBytes: 19, hosts: ['web7', 'web8'] },
    );
    const bytes = readFileSync(join(line.archiveFolder, name));
    assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256);
    assert.equal(bytes.length, objectBytes);
    const manifestName = name.replace('.csv.zst', '.json');
    assert.deepEqual(line.files(), [manifestName, name].toSorted(), 'no temporary file is left');
    const manifest: Record<string, unknown> = JSON.parse(readFileSync(join(line.archiveFolder, manifestName), 'utf8'));
    assert.deepEqual(
      [manifest['name'], manifest['channel'], manifest['store'], manifest['sha256'], manifest['records']],
      [name, channel, line.queue.storeId, sha256, records],
    );
    assert.deepEqual(manifest['plan'], { topic: backTopic(channel), partition: 0, first: 1, last: 3 });
    assert.deepEqual(manifest['frames'], frames);
    const site = writer.info.key.siteId;
    const agent = writer.info.key.agentId;
    assert.deepEqual(manifest['segments'], [
      { site, agent, stream: writer.info.key.streamId, from: 0, to: 13 },
      { site, agent, stream: other.info.key.streamId, from: 0, to: 6 },
    ]);
    const { key, attributes, identity } = writer.info;
    const position = await line.queue.openStream({ key, origin: { siteId: '', agentId: '' }, identity, attributes, start: 0 });
    assert.equal(position.archived, 13);
  });

  test('who asks for it is told of each object, but for those of what is told', async () => {
    const told: unknown[] = [];
    const onObject = (object: ArchiveObject): unknown => told.push(objectEvent(object)?.fields);
    await using line = await ProcessingLine.open({ archive: { onObject } });
    await new StreamWriter(line.queue, streamInfo(1, { host: 'web7' })).append(Buffer.from('one\n'));
    await new StreamWriter(line.queue, streamInfo(2, { type: 'platform' })).append(Buffer.from('{}\n'));
    line.startPipelines();
    line.startArchive();
    await archived(line, 1);
    await eventually('both are archived', () => {
      line.queue.requestArchive('acme/platform');
      return told.length === 2;
    });
    const [object] = await line.queue.archiveObjects();
    assert.deepEqual(told.filter((fields) => fields === undefined).length, 1);
    assert.partialDeepStrictEqual(
      told.find((fields) => fields !== undefined),
      {
        tributary: {
          archive: { object: object?.name, tenant: 'acme', type: 'app', records: 1, hosts: ['web7'], sha256: object?.sha256 },
        },
      },
    );
  });

  test('what was left out is archived as a position, and makes no object of its own', async () => {
    await using line = await ProcessingLine.open();
    line.startPipelines();
    line.startArchive();
    const writer = new StreamWriter(line.queue, streamInfo(1));
    const { key, attributes, identity } = writer.info;
    const archivedTo = async (): Promise<number> =>
      (await line.queue.openStream({ key, origin: { siteId: '', agentId: '' }, identity, attributes, start: 0 })).archived;
    const expectArchived = (position: number): Promise<unknown> =>
      eventually(`all before ${position} is archived`, async () => {
        line.queue.requestArchive(channel);
        return (await archivedTo()) === position;
      });
    await writer.appendDrop(50, 3);
    await expectArchived(50);
    assert.deepEqual([line.files(), await line.queue.archiveObjects()], [[], []]);
    await writer.append(Buffer.from('one\n'), {}, [{ offset: 4, span: 6, records: 1 }]);
    await expectArchived(60);
    assert.deepEqual(
      (await line.queue.archiveObjects()).map(({ first, last, records }) => [first, last, records]),
      [[2, 2, 1]],
    );
  });

  test('enough bytes make objects by themselves, one after the other', async () => {
    await using line = await ProcessingLine.open({ archive: { objectBytes: 10_000 }, bundleEntriesMax: 1 });
    line.startPipelines();
    line.startArchive();
    const writer = new StreamWriter(line.queue, streamInfo(1));
    for (let index = 0; index < 20; index += 1) await writer.append(Buffer.from(`${'x'.repeat(99)}\n`.repeat(50)));
    await eventually('several objects', () => line.archive.sums.objects >= 8);
    await archived(line, 1000);
    const objects = await line.queue.archiveObjects();
    for (const [index, object] of objects.entries()) assert.equal(object.first, (objects[index - 1]?.last ?? 0) + 1);
  });

  test('a folder that cannot be written is told and tried again; the queue holds; another channel goes on', async () => {
    await using line = await ProcessingLine.open({ archive: { rollIntervalMs: 100 } });
    // A file where the channel's folder should be: refused to every user.
    mkdirSync(join(line.archiveFolder, 'acme'));
    const obstacle = join(line.archiveFolder, 'acme/app');
    writeFileSync(obstacle, '');
    line.startPipelines();
    line.startArchive();
    await new StreamWriter(line.queue, streamInfo(1)).append(Buffer.from('waits\n'));
    await eventually('it is told', () => line.archive.counts.failures > 0 && line.logged.some(({ level }) => level === 'error'));
    await new StreamWriter(line.queue, streamInfo(2, { type: 'other' })).append(Buffer.from('goes on\n'));
    await eventually('the other is archived', () => line.archive.sums.recordsOf('acme/other') === 1);
    assert.equal(line.archive.sums.recordsOf(channel), 0);
    rmSync(obstacle);
    await eventually('then it is archived', () => line.archive.sums.recordsOf(channel) === 1);
  });

  test('a block that cannot be read is kept as a dead letter, the others are archived', async () => {
    await using line = await ProcessingLine.open();
    const stream = streamInfo(1);
    await new StreamWriter(line.queue, stream).append(Buffer.from('good\n'));
    line.startPipelines();
    await eventually('it is processed', () => line.pipelines.counts.records === 1);
    const body = Buffer.from('not a block');
    const entry = {
      format: 'block',
      records: 1,
      inflatedBytes: 100,
      segments: [],
      trims: [],
      hops: [],
      checksum: 0,
      createdMs: 1,
      body,
    } as const;
    await line.queue.publish(backTopic(channel), 0, entry);
    line.startArchive();
    await archived(line, 1);
    await eventually('it is told', () => line.archive.counts.rejected === 1);
    const status = await line.queue.status();
    assert.equal(status.deadLetters, 1);
    const [books] = booksOf(status, true);
    assert.partialDeepStrictEqual(books, { processed: 2, archived: 1, rejected: 1, missing: 0 });
  });

  test('leftovers: temporary files go, objects without a row stay and are told', async () => {
    await using line = await ProcessingLine.open();
    await new StreamWriter(line.queue, streamInfo(1)).append(Buffer.from('one\n'));
    line.startPipelines();
    line.startArchive();
    await archived(line, 1);
    const [name = ''] = line.files('.csv.zst');
    const old = new Date(Date.now() - 60_000);
    const put = (path: string, time: Date): void => {
      writeFileSync(join(line.archiveFolder, path), 'x');
      utimesSync(join(line.archiveFolder, path), time, time);
    };
    const orphan = join(dirname(name), 'gone-0-1-2.csv.zst');
    const leftover = join(dirname(name), '.some.csv.zst.tmp');
    const underWay = join(dirname(name), '.other.csv.zst.tmp');
    put(orphan, old);
    put(leftover, old);
    put(underWay, new Date(Date.now() + 60_000));
    await line.archive.sweep(Date.now() - 1000);
    assert.ok(!existsSync(join(line.archiveFolder, leftover)));
    assert.ok(existsSync(join(line.archiveFolder, underWay)) && existsSync(join(line.archiveFolder, orphan)));
    const told = line.logged.filter(({ message }) => message.includes('no row'));
    assert.deepEqual(
      told.map(({ fields }) => fields['first']),
      [orphan],
    );
    await line.archive.sweep(Date.now() - 1000);
    assert.equal(line.logged.filter(({ message }) => message.includes('no row')).length, 1, 'told once');
  });

  test('objects without any index are told at the start', async () => {
    await using line = await ProcessingLine.open();
    const lost = (): unknown[] =>
      line.logged.filter(({ message }) => message.includes('its index is empty')).map(({ fields }) => fields['first']);
    await line.archive.load();
    assert.deepEqual(lost(), []);
    const name = `${channel}/2026/01/02/03/before-0-1-2.csv.zst`;
    mkdirSync(dirname(join(line.archiveFolder, name)), { recursive: true });
    writeFileSync(join(line.archiveFolder, name), 'x');
    await line.archive.load();
    assert.deepEqual(lost(), [name]);
  });

  test('a plan that was stored runs again and gives the same object', async () => {
    await using line = await ProcessingLine.open({ archive: { rollIntervalMs: 100 } });
    const writer = new StreamWriter(line.queue, streamInfo(1));
    await writer.append(Buffer.from('one\n'));
    line.startPipelines();
    await eventually('it is processed', () => line.pipelines.counts.records === 1);
    await line.archive.prepare(channel);
    const group = { topic: backTopic(channel), group: 'archive', partition: 0 };
    const lease = await line.queue.acquire(group, 'somebody before', 1);
    assert.ok(lease !== undefined);
    const name = `${channel}/2026/01/02/03/planned-0-1-1.csv.zst`;
    await line.queue.plan(lease, { topic: group.topic, partition: 0, first: 1, last: 1, name, createdMs: 1 });
    await line.queue.release(lease);
    await writer.append(Buffer.from('two\n'));
    mkdirSync(dirname(join(line.archiveFolder, name)), { recursive: true });
    writeFileSync(join(line.archiveFolder, name), 'half an object, from before');
    line.startArchive();
    await archived(line, 2);
    const objects = await line.queue.archiveObjects();
    assert.deepEqual([objects[0]?.name, objects[0]?.records, objects[1]?.first], [name, 1, 2]);
    const bytes = readFileSync(join(line.archiveFolder, name));
    assert.equal(createHash('sha256').update(bytes).digest('hex'), objects[0]?.sha256);
  });
});
