/** What is done over very many streams or entries goes in steps, so that Redis answers others in between; a hub may die between two of them. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { requireTool } from '../../../test/harness/require.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { front, lease } from '../contract/steps.ts';
import { testAgentId, testBatch, testKey, testStream } from '../fixture.ts';
import { archiveGroup, type Queue, streamName } from '../queue.ts';
import type { QueueFunction } from './functions/library.ts';
import { gatheredAtOnceMax, passedAtOnceMax, rowsMax } from './limits.ts';
import { MasterError, type Masters, partitionKeys } from './masters/masters.ts';
import { openRedisQueue } from './open-redis-queue.ts';
import { TestRedis, type RedisQueueFixture } from './redis-fixture.ts';
import type { RedisQueue } from './redis-queue.ts';

const policy = { kind: 'blocking' } as const;

/** Masters of a hub that dies before it calls a function of this name for the time of this number, as far as Redis can tell. */
function dyingBefore(masters: Masters, name: QueueFunction, number: number): Masters {
  let calls = 0;
  const call: Masters['call'] = async (partition, asked, options) => {
    if (asked.name.endsWith(`_${name}`) && (calls += 1) >= number) throw new MasterError('REFUSED', 'it died');
    return masters.call(partition, asked, options);
  };
  return new Proxy(masters, {
    get: (_, property) => {
      if (property === 'call') return call;
      const value: unknown = Reflect.get(masters, property, masters);
      return typeof value === 'function' ? value.bind(masters) : value;
    },
  });
}

/** Entries of ten positions each. Not all at once: on a slow machine many of too many would be refused as too late. */
async function append(queue: Queue, entries: readonly { readonly stream: number; readonly round: number }[]): Promise<void> {
  for (let next = 0; next < entries.length; next += 100) {
    const some = entries.slice(next, next + 100);
    const batches = some.map(({ stream, round }) => queue.append(testBatch([{ stream, from: round * 10, to: round * 10 + 10 }])));
    for (const { kind } of await Promise.all(batches)) assert.equal(kind, 'stored');
  }
}

function ofRound(streams: readonly number[], round: number): { readonly stream: number; readonly round: number }[] {
  return streams.map((stream) => ({ stream, round }));
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

suite('long steps on Redis', { skip: await requireTool('redis') }, () => {
  let redis: TestRedis;
  before(async () => void (redis = await TestRedis.start()));
  after(() => redis[Symbol.asyncDispose]());

  /** Beside the queue of a fixture. */
  async function dying({ masters }: RedisQueueFixture, name: QueueFunction, number: number): Promise<RedisQueue> {
    const log = createLogger({ level: 'error', sink: () => undefined });
    return openRedisQueue({ masters: dyingBefore(masters, name, number), log, partitions: 1, keepsHouse: false });
  }

  test('the streams of an agent are told in the order in which they were opened, and no others', async () => {
    await using fixture = await redis.open();
    const { queue } = fixture;
    const streams = numbers(1, 2 * rowsMax + 1).toReversed();
    const other = { ...testKey(1), agentId: `${testAgentId.slice(0, -1)}7` };
    await queue.openStream({ ...testStream(1), key: other });
    await Promise.all(streams.map((stream) => queue.openStream(testStream(stream))));
    const { siteId, agentId } = testKey(1);
    const told = await Array.fromAsync(queue.streamsOf(siteId, agentId), ({ streamId }) => streamId);
    assert.deepEqual(
      told,
      streams.map((stream) => testKey(stream).streamId),
    );
    const ofOther = await Array.fromAsync(queue.streamsOf(siteId, other.agentId), ({ streamId }) => streamId);
    assert.deepEqual(ofOther, [other.streamId]);
    assert.deepEqual(await Array.fromAsync(queue.streamsOf(siteId, 'ff'.repeat(16))), []);
  });

  test('a cursor that passes very many entries goes in steps, and nobody works on the group in between', async () => {
    await using fixture = await redis.open();
    const { queue } = fixture;
    const entries = 2 * passedAtOnceMax + 5;
    await queue.openStream(testStream(1));
    // Calls of one partition keep their order.
    const rounds = numbers(0, entries - 1).map((round) => ({ stream: 1, round }));
    await append(queue, rounds);
    await queue.ensureGroup({ topic: front, group: archiveGroup, policy, from: 'beginning' });
    const place = { topic: front, group: archiveGroup, partition: 0 };
    const earlier = lease(await queue.acquire(place, 'worker', 60_000));
    await using other = await dying(fixture, 'seekGroup', 2);
    await assert.rejects(other.seekGroup(place, { kind: 'end' }), /it died/);
    assert.equal(await queue.commit({ lease: earlier, to: 1 }), 'fenced');
    assert.equal(await queue.acquire(place, 'worker', 60_000), undefined, 'it is in the middle of it');
    assert.equal((await queue.openStream(testStream(1))).archived, 10 * passedAtOnceMax);
    fixture.advance(10_001);
    assert.equal(lease(await queue.acquire(place, 'worker', 60_000)).cursor, passedAtOnceMax, 'nobody goes on with it');
    const sought = await queue.seekGroup(place, { kind: 'end' });
    assert.deepEqual(sought, { cursor: entries, skippedRecords: 10 * (entries - passedAtOnceMax) });
    assert.equal(lease(await queue.acquire(place, 'worker', 60_000)).cursor, entries);
    assert.equal((await queue.openStream(testStream(1))).archived, 10 * entries);
  });

  test('what lay before a group is gathered in steps, and nobody works on the group before', async () => {
    await using fixture = await redis.open();
    const { queue } = fixture;
    const streams = numbers(1, 2 * gatheredAtOnceMax);
    await Promise.all(streams.map((stream) => queue.openStream(testStream(stream))));
    await append(queue, ofRound(streams, 0));
    const group = { topic: front, group: 'g', policy, from: 'end' } as const;
    const place = { topic: front, group: 'g', partition: 0 };
    await using other = await dying(fixture, 'gatherBeginnings', 2);
    await assert.rejects(other.ensureGroup(group), /it died/);
    // Streams that go on, and such as nobody knew when the group was made.
    await append(queue, ofRound(streams.slice(0, 100), 1));
    await queue.openStream(testStream(5000));
    await append(queue, ofRound([5000], 0));
    const own = lease(await queue.acquire(place, 'worker', 60_000));
    assert.equal(own.cursor, streams.length);
    const beginnings = await queue.beginningsOf(place);
    assert.deepEqual(beginnings, new Map(streams.map((stream) => [streamName(testKey(stream)), 10])));
    await queue.ensureGroup(group);
    assert.deepEqual(await queue.beginningsOf(place), beginnings, 'it was made once');
    await queue.removeGroup(front, 'g');
    assert.deepEqual(await queue.beginningsOf(place), new Map());
    assert.equal(await redis.server.command('EXISTS', `${partitionKeys(fixture.masters.prefix, 0)}beginnings:${front}`), '0');
  });
});
