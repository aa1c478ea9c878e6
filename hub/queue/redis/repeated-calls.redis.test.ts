/**
 * Calls of which nobody heard that they were done. Redis from 7.2 on waits for the replicas of a connection's last write: an answer that is
 * told as durable and wrote nothing on its connection would wait for none of them.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { requireTool } from '../../../test/harness/require.ts';
import { front, lease, owned } from '../contract/steps.ts';
import { testBatch, testEntry, testStream } from '../fixture.ts';
import { functionName, type QueueFunction } from './functions/library.ts';
import { MasterError, type Masters } from './masters/masters.ts';
import { openRedisQueue } from './open-redis-queue.ts';
import { TestRedis, type RedisQueueFixture } from './redis-fixture.ts';

suite('calls that are made again', { skip: await requireTool('redis') }, () => {
  let redis: TestRedis;
  before(async () => {
    redis = await TestRedis.start();
  });
  after(() => redis[Symbol.asyncDispose]());

  /** Writes since the server began. */
  const writes = async (): Promise<number> => Number(await redis.server.info('rdb_changes_since_last_save'));

  const writesOf = async (work: () => Promise<unknown>): Promise<number> => {
    const earlier = await writes();
    await work();
    return (await writes()) - earlier;
  };

  test('what is found to be done is written again', async () => {
    await using fixture = await redis.open();
    const { queue } = fixture;
    await queue.openStream(testStream(1));
    assert.ok((await writesOf(() => queue.openStream(testStream(1)))) > 0, 'a stream that is there');
    const gap = { from: 0, to: 10, toMark: '', cause: 'source-lost' } as const;
    await queue.recordGap(testStream(1).key, gap);
    assert.ok((await writesOf(() => queue.recordGap(testStream(1).key, gap))) > 0, 'a gap that is there');
    assert.equal(await queue.publish('platform', 0, testEntry('a'), 'key'), 'stored');
    const publish = (): Promise<string> => queue.publish('platform', 0, testEntry('a'), 'key');
    assert.ok((await writesOf(async () => assert.equal(await publish(), 'duplicate'))) > 0, 'a key that was used');
    await queue.append(testBatch([{ stream: 1, from: 10, to: 20 }]));
    const own = await owned(queue, front, 'g');
    const plan = { topic: front, partition: 0, first: 1, last: 1, name: 'object', createdMs: 1 };
    await queue.plan(own, plan);
    assert.ok((await writesOf(() => queue.plan(own, plan))) > 0, 'a plan that is stored');
  });

  test('a call whose answer was lost writes once more when it is sent again, and is done once', async () => {
    await using fixture = await redis.open();
    assert.equal(await fixture.queue.publish(front, 0, testEntry('a')), 'stored');
    const lost = repeating(fixture, ['publish', 'commit', 'seekGroup', 'skipEntries'], writes);
    await using queue = await openRedisQueue({ masters: lost.masters, log: lost.log, partitions: 1, keepsHouse: false });
    for (const content of ['b', 'c']) await queue.publish(front, 0, testEntry(content));
    const own = await owned(queue, front, 'g');
    assert.equal(await queue.commit({ lease: own, to: 1 }), 'done');
    assert.equal(await queue.skipEntries({ topic: front, group: 'g', partition: 0 }, 1, 'test'), 1);
    await queue.seekGroup({ topic: front, group: 'g', partition: 0 }, { kind: 'end' });
    const [status] = (await queue.status()).groups;
    assert.equal(status?.cursor, 3);
    assert.deepEqual(
      lost.again.map(({ name, wrote }) => [name, wrote > 0]),
      ['publish', 'commit', 'skipEntries', 'seekGroup'].map((name) => [name, true]),
    );
  });
});

test('a clock that was set back far keeps no dead owner', { skip: await requireTool('redis') }, async () => {
  await using redis = await TestRedis.start();
  await using fixture = await redis.open();
  const { queue } = fixture;
  await queue.publish(front, 0, testEntry('a'));
  await owned(queue, front, 'g');
  const place = { topic: front, group: 'g', partition: 0 };
  assert.equal(await queue.acquire(place, 'another', 1000), undefined);
  fixture.advance(-3_600_000);
  assert.equal(lease(await queue.acquire(place, 'another', 15_000)).cursor, 0);
});

/** Loses the first answer of each of these functions, and counts what the second call wrote. */
function repeating(
  fixture: RedisQueueFixture,
  names: readonly QueueFunction[],
  writes: () => Promise<number>,
): {
  readonly masters: Masters;
  readonly log: Parameters<typeof openRedisQueue>[0]['log'];
  readonly again: readonly { readonly name: string; readonly wrote: number }[];
} {
  const again: { name: string; wrote: number }[] = [];
  const calls = new Map<string, number>();
  const call: Masters['call'] = async (partition, asked, options) => {
    const name = names.find((one) => functionName(one) === asked.name);
    const count = name === undefined ? 0 : (calls.get(name) ?? 0) + 1;
    if (name !== undefined) calls.set(name, count);
    const earlier = count === 2 ? await writes() : 0;
    const reply = await fixture.masters.call(partition, asked, options);
    if (name !== undefined && count === 2) again.push({ name, wrote: (await writes()) - earlier });
    if (count === 1) throw new MasterError('AMBIGUOUS', 'the answer was lost');
    return reply;
  };
  const masters = new Proxy(fixture.masters, {
    get: (target, property) => {
      if (property === 'call') return call;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { masters, log: createLogger({ level: 'error', sink: () => undefined }), again };
}
