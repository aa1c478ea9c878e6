import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { booksOf } from '../status/books.ts';
import type { Queue } from '../queue/queue.ts';
import { eventually } from '../testing/eventually.ts';
import { ProcessingLine } from '../testing/processing-line.ts';
import { hasPython, hasZstd, rawColumnOf } from '../testing/records.ts';
import { ListenerStreams, listenerAgentId } from './listener-stream.ts';
import { blockOf, fittingBlocks } from './record-block.ts';

const target = { tenant: 'acme', type: 'app', host: 'web1', source: 'push' };

const nothingEarlier = {
  async *streamsOf(): AsyncGenerator<never> {},
  closeStream: async () => undefined,
};

function streamsOf(line: ProcessingLine, listener = 'push'): ListenerStreams {
  const { queue } = line;
  return new ListenerStreams({ queue, siteId: queue.siteId, hubId: queue.hubId, listener, now: () => 1 });
}

test('what is published side by side is archived once, and the books balance', async () => {
  await using line = await ProcessingLine.open();
  const streams = streamsOf(line);
  const pushes = Array.from({ length: 40 }, (_, index) =>
    streams.publish({ ...target, host: `web${index % 3}` }, blockOf([`{"n":${index}}\n`, `"two"`, '\n']), `key ${index % 30}`),
  );
  const results = await Promise.all(pushes);
  assert.equal(results.filter((result) => result === 'stored').length, 30);
  assert.equal(results.filter((result) => result === 'duplicate').length, 10);
  line.startPipelines();
  line.startArchive();
  await eventually('all is archived', () => {
    line.queue.requestArchive('acme/app');
    return line.archive.sums.records === 90;
  });
  const [object] = await line.queue.archiveObjects();
  assert.deepEqual(object?.hosts.toSorted(), ['web0', 'web1', 'web2'], 'one stream, and each record of its own machine');
  const status = await line.queue.status();
  assert.partialDeepStrictEqual(status.channels, [{ channel: 'acme/app', streams: 1, positions: 90, lost: 0 }]);
  const [books] = booksOf(status, true);
  assert.partialDeepStrictEqual(books, { received: 90, processed: 90, archived: 90, missing: 0 });
  for await (const { streamId, held } of line.queue.streamsOf(line.queue.siteId, listenerAgentId(line.queue.hubId, 'push'))) {
    assert.ok(streamId.length === 32 && held === 90);
  }
});

test('records are archived byte for byte, whatever they hold', { skip: !(hasPython && hasZstd) }, async () => {
  await using line = await ProcessingLine.open();
  const records = [Buffer.from([0xff, 0x00, 0x0a, 0x0a]), Buffer.from('a,"b"\r\n'), Buffer.from('no end')];
  await streamsOf(line).publish(target, blockOf(records));
  line.startPipelines();
  line.startArchive();
  await eventually('all is archived', () => {
    line.queue.requestArchive('acme/app');
    return line.archive.sums.records === 3;
  });
  assert.ok(rawColumnOf([join(line.archiveFolder, line.files('.zst')[0] ?? '')]).equals(Buffer.concat(records)));
});

test('a full channel says so, stores nothing, and takes the same later', async () => {
  await using line = await ProcessingLine.open({ limits: { topicBytesMax: 1 } });
  const streams = streamsOf(line);
  assert.equal(await streams.publish(target, blockOf(['one'])), 'stored');
  assert.equal(await streams.publish(target, blockOf(['two']), 'key'), 'full');
  line.startPipelines();
  await eventually('there is room', async () => (await streams.publish(target, blockOf(['two']), 'key')) === 'stored');
});

test('a block is cut where the limits say, the same way each time, and never within a record', () => {
  const block = blockOf(['aaaa', 'bb', 'c', 'dddd', 'e', 'f', 'g']);
  const lengths = fittingBlocks(block, { bytesMax: 6, recordsMax: 2 }).map((part) => part.lengths);
  assert.deepEqual(lengths, [[4, 2], [1, 4], [1, 1], [1]]);
  const bytes = fittingBlocks(block, { bytesMax: 6, recordsMax: 2 }).map((part) => Buffer.from(part.bytes).toString());
  assert.deepEqual(bytes, ['aaaabb', 'cdddd', 'ef', 'g']);
  assert.deepEqual(fittingBlocks(blockOf([])), []);
});

test('a store that went back gives positions of another stream', async () => {
  await using line = await ProcessingLine.open();
  let generation = 1;
  const { siteId, hubId } = line.queue;
  const queue = {
    publish: line.queue.publish.bind(line.queue),
    partitionOf: () => 0,
    generationOf: () => generation,
    ...nothingEarlier,
  };
  const streams = new ListenerStreams({ queue, siteId, hubId, listener: 'push', now: () => 1 });
  for (generation of [1, 1, 2, 2]) await streams.publish(target, blockOf(['one']));
  const held: number[] = [];
  for await (const stream of line.queue.streamsOf(siteId, listenerAgentId(hubId, 'push'))) held.push(stream.held);
  assert.deepEqual(held, [2, 2]);
});

test('hubs of one site bring what goes to a channel to one partition, so that a key is known to all of them', async () => {
  const partitionOf = (id: string): number => Number.parseInt(id.slice(0, 2), 16) % 64;
  const partitions = new Map<string, Set<number>>();
  for (const hubId of ['a', 'b', 'c'].map((digit) => digit.repeat(32))) {
    const publish: Queue['publish'] = async (topic, partition, { segments }) => {
      partitions.getOrInsertComputed(topic, () => new Set()).add(partition);
      for (const { stream } of segments) assert.equal(partitionOf(stream.key.agentId), partition, "it is the listener's own");
      return 'stored';
    };
    const queue = { publish, partitionOf, generationOf: () => 1, ...nothingEarlier };
    const streams = new ListenerStreams({ queue, siteId: '0'.repeat(32), hubId, listener: `push of ${hubId}`, now: () => 1 });
    for (const type of ['app', 'web', 'db']) await streams.publish({ ...target, type }, blockOf(['one']), 'key');
  }
  const used = [...partitions.values()];
  assert.deepEqual(
    used.map(({ size }) => size),
    [1, 1, 1],
  );
  assert.ok(new Set(used.flatMap((one) => [...one])).size > 1, 'channels are spread');
});

test('streams of earlier runs are closed, those that are in use are not, and one that rested for a day is begun anew', async () => {
  await using line = await ProcessingLine.open();
  const { queue } = line;
  let nowMs = 1;
  const open = (): ListenerStreams =>
    new ListenerStreams({ queue, siteId: queue.siteId, hubId: queue.hubId, listener: 'push', now: () => nowMs });
  const closed = async (): Promise<boolean[]> => {
    const all = await Array.fromAsync(queue.streamsOf(queue.siteId, listenerAgentId(queue.hubId, 'push')));
    return all.map((stream) => stream.closed);
  };
  await open().publish(target, blockOf(['one\n']));
  const second = open();
  await second.publish(target, blockOf(['two\n']));
  await second.publish(target, blockOf(['three\n']));
  await eventually('the first run’s is closed', async () => (await closed()).join() === 'true,false');
  nowMs += 24 * 3_600_000;
  await second.publish(target, blockOf(['four\n']));
  await eventually('the one that rested is closed', async () => (await closed()).join() === 'true,true,false');
});
