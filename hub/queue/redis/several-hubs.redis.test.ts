/** Several hubs, several partitions: what one does, the others see. And what happens when Redis has no room. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { requireTool } from '../../../test/harness/require.ts';
import { until } from '../../../test/harness/until.ts';
import { back, contents, front, lease, owned, plenty } from '../contract/steps.ts';
import { testBatch, testChannel, testEntry, testIdentity, testKey, testStream } from '../fixture.ts';
import { type AppendBatch, type OpenStreamRequest } from '../queue.ts';
import { TestRedis } from './redis-fixture.ts';
import { openFolderStore } from './spill/folder-store.ts';

const policy = { kind: 'blocking' } as const;
const partitions = 8;

suite('several hubs on one Redis', { skip: await requireTool('redis') }, () => {
  let redis: TestRedis;
  before(async () => {
    redis = await TestRedis.start();
  });
  after(() => redis[Symbol.asyncDispose]());

  test('a topic comes to a partition with its first entry, and has the groups that the site knows, whoever made them', async () => {
    await using one = await redis.open({}, { prefix: 'lazy', partitions });
    await using other = await redis.open({}, { prefix: 'lazy', partitions });
    await one.queue.ensureGroup({ topic: front, group: 'g', policy, from: 'end' });
    assert.deepEqual((await one.queue.status()).groups, []);
    const used = new Set<number>();
    for (let agent = 0; agent < 6; agent += 1) {
      const request = ofAgent(agent);
      used.add(other.queue.partitionOf(request.key.agentId));
      await other.queue.openStream(request);
      assert.deepEqual(await other.queue.append(batchOf(request)), { kind: 'stored' });
    }
    assert.ok(used.size > 1);
    const { groups, channels } = await one.queue.status();
    assert.deepEqual(new Set(groups.map(({ partition }) => partition)), used);
    assert.ok(groups.every(({ group, cursor, entries }) => group === 'g' && cursor === 0 && entries > 0));
    assert.partialDeepStrictEqual(channels, [{ channel: testChannel, streams: 6, positions: 60 }]);
    await other.queue.ensureGroup({ topic: front, group: 'late', policy, from: 'end' });
    await one.queue.pauseGroup(front, 'late', true);
    const unused = Array.from({ length: partitions }, (_, partition) => partition).find((partition) => !used.has(partition));
    assert.ok(unused !== undefined);
    const place = { topic: front, group: 'late', partition: unused };
    assert.equal(await other.queue.acquire(place, 'owner', 1000), undefined, 'it is paused where its topic was not yet, too');
    await other.queue.pauseGroup(front, 'late', false);
    assert.equal(lease(await one.queue.acquire(place, 'owner', 1000)).cursor, 0);
    await one.queue.removeGroup(front, 'late');
    await assert.rejects(other.queue.acquire(place, 'owner', 1000), { code: 'QUEUE_UNKNOWN' });
    await assert.rejects(other.queue.acquire({ ...place, topic: 'front/acme/never' }, 'owner', 1000), { code: 'QUEUE_UNKNOWN' });
  });

  test('what comes by one hub is heard of by the others, at once and by the poll; what is full is full for all', async () => {
    const limits = { topicBytesMax: 400_000, creditBytesMax: 100_000 };
    await using one = await redis.open(limits, { prefix: 'hear', partitions });
    await using other = await redis.open(limits, { prefix: 'hear', partitions, keepsHouse: true });
    const heard: string[] = [];
    other.queue.onAppended((topic, partition) => heard.push(`${topic} ${partition}`));
    const request = ofAgent(1);
    const partition = one.queue.partitionOf(request.key.agentId);
    await one.queue.openStream(request);
    await one.queue.ensureGroup({ topic: front, group: 'g', policy, from: 'beginning' });
    const body = new Uint8Array(100_000);
    for (let from = 0; from < 40; from += 10) await one.queue.append(batchOf(request, from, { body }));
    await until('it was heard', () => heard.includes(`${front} ${partition}`));
    await until('the other gives no credit either', () => other.queue.creditOf(testChannel) === 0);
    const second = [2, 3, 4, 5].map(ofAgent).find(({ key }) => other.queue.partitionOf(key.agentId) !== partition);
    assert.ok(second !== undefined);
    await other.queue.openStream(second);
    const refused = await other.queue.append(batchOf(second, 0, { body }));
    assert.partialDeepStrictEqual(refused, { kind: 'refused', reason: 'busy' });
    const [entry] = await other.queue.read({ topic: front, partition, afterSequence: 0 }, plenty);
    assert.equal(entry?.segments[0]?.stream.identity.path, '/var/log/1.log');
    await one.queue.openStream({ ...request, identity: testIdentity('/var/log/1.log.1') });
    await until('the other knows where the source is now', async () => {
      const [again] = await other.queue.read({ topic: front, partition, afterSequence: 0 }, { entries: 1, bytes: 1 });
      return again?.segments[0]?.stream.identity.path === '/var/log/1.log.1';
    });
    const asked = new Promise((resolve) => one.queue.onArchiveRequested(resolve));
    other.queue.requestArchive(testChannel);
    assert.equal(await asked, testChannel);
  });

  test('what Redis has no budget for is kept in the folder, read from there, and goes with its entry', async () => {
    const folder = join(redis.folder, 'spill');
    const spill = await openFolderStore(folder);
    await using fixture = await redis.open({ replayWindowMs: 0 }, { memoryBytesMax: 100_000, spill });
    const { queue } = fixture;
    await queue.openStream(testStream(1));
    const own = await owned(queue, front, 'g');
    await queue.ensureGroup({ topic: back, group: 'archive', policy, from: 'beginning' });
    const bodies = Array.from({ length: 12 }, (_, index) => Buffer.alloc(30_000, index));
    const hops = [{ siteId: 'a'.repeat(32), hubId: 'b'.repeat(32), receivedMs: 7 }];
    const appended = bodies.map((body, index) => {
      const from = index * 10;
      return queue.append(testBatch([{ stream: 1, from, to: from + 10 }], { body, hops }));
    });
    assert.ok((await Promise.all(appended)).every(({ kind }) => kind === 'stored'));
    // Those that went at once did so before Redis told how full it was.
    for (let index = 12; index < 24; index += 1) {
      bodies.push(Buffer.alloc(30_000, index));
      await queue.append(
        testBatch([{ stream: 1, from: index * 10, to: index * 10 + 10 }], { body: Buffer.alloc(30_000, index), hops }),
      );
    }
    const spilled = async (): Promise<number> => (await Array.fromAsync(spill.list())).length;
    assert.equal(await spilled(), 12);
    const entries = await queue.read({ topic: front, partition: 0, afterSequence: 0 }, plenty);
    assert.deepEqual(
      entries.map(({ body }) => Buffer.from(body)),
      bodies,
    );
    const [without] = await queue.read({ topic: front, partition: 0, afterSequence: 20 }, { ...plenty, bodies: false });
    assert.deepEqual([without?.body.length, without?.bodyBytes, without?.hops], [0, 30_000, hops]);
    const publish = [{ topic: back, entry: testEntry('x'.repeat(30_000)) }];
    assert.equal(await queue.commit({ lease: own, to: 23, publish, deadLetters: [{ sequence: 22, reason: 'no' }] }), 'done');
    assert.deepEqual(await contents(queue, back), ['x'.repeat(30_000)]);
    assert.equal(await spilled(), 13);
    await queue.trim();
    assert.equal(await spilled(), 3, 'the last entry, the dead letter, and what was passed on');
    const other = await openFolderStore(join(redis.folder, 'other'));
    const prefix = fixture.masters.prefix;
    await assert.rejects(redis.open({}, { prefix, spill: other }), /queue\.redis\.spill is not the one .* HDEL /);
    await assert.rejects(redis.open({}, { prefix }), /other hubs of this site spill to a folder.*set queue\.redis\.spill/);
    assert.ok((await readdir(folder)).length > 0);
  });

  test('a Redis without memory refuses what comes, as busy, and lets go what it has', async () => {
    await using own = await TestRedis.start();
    await using fixture = await own.open({ replayWindowMs: 0 });
    const { queue } = fixture;
    await queue.openStream(testStream(1));
    const held = await owned(queue, front, 'g');
    await queue.ensureGroup({ topic: back, group: 'archive', policy, from: 'beginning' });
    await queue.append(testBatch([{ stream: 1, from: 0, to: 10 }], { body: new Uint8Array(2_000_000) }));
    await own.server.command('CONFIG', 'SET', 'maxmemory', 1_000_000);
    const body = new Uint8Array(100);
    assert.partialDeepStrictEqual(await queue.append(testBatch([{ stream: 1, from: 10, to: 20 }], { body })), {
      kind: 'refused',
      reason: 'busy',
    });
    assert.equal(await queue.publish(back, 0, testEntry('x')), 'full');
    await queue.recordGap(testKey(1), { from: 10, to: 20, toMark: '', cause: 'dropped' });
    const publish = [{ topic: back, entry: testEntry('x'.repeat(20_000)) }];
    assert.equal(await queue.commit({ lease: held, to: 1, publish }), 'done');
    await queue.trim();
    assert.deepEqual(await contents(queue, front), []);
    assert.deepEqual(await contents(queue, back), ['x'.repeat(20_000)]);
    await own.server.command('CONFIG', 'SET', 'maxmemory', 0);
    assert.deepEqual(await queue.append(testBatch([{ stream: 1, from: 20, to: 30 }], { body })), { kind: 'stored' });
  });
});

function ofAgent(agent: number): OpenStreamRequest {
  const request = testStream(agent);
  return { ...request, key: { ...request.key, agentId: agent.toString(16).padStart(32, '0') } };
}

function batchOf({ key }: OpenStreamRequest, from = 0, changes: Partial<AppendBatch> = {}): AppendBatch {
  const batch = testBatch([{ stream: 1, from, to: from + 10 }], changes);
  return { ...batch, segments: batch.segments.map((segment) => ({ ...segment, key })) };
}
