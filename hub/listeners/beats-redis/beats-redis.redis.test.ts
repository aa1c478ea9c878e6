/** Lists of a real Redis, as Beats write them: every event is in the hub once, also when the hub is killed between any two steps. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, beforeEach, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { startRedis, type RedisServer } from '../../../test/harness/redis/redis-server.ts';
import { requireTool } from '../../../test/harness/require.ts';
import { Scratch } from '../../../test/harness/scratch.ts';
import { until } from '../../../test/harness/until.ts';
import { openSqliteFixture, type SqliteQueueFixture } from '../../queue/sqlite/sqlite-fixture.ts';
import { beatsOptions, linesIn, listenTo, testSite } from './beats-fixture.ts';
import { BeatsListReader } from './beats-list-reader.ts';
import { goneMs, lookForGoneMs } from './limits.ts';
import { RedisList } from './redis-list.ts';
import { redisOfBeats } from './redis-of-beats.ts';

const program = fileURLToPath(new URL('./crash-listener.ts', import.meta.url));
const ownKey = `{beats}:tributary:${testSite.siteId}:${testSite.hubId}`;

suite('a Redis that Beats write to', { skip: await requireTool('redis') }, () => {
  let scratch: Scratch;
  let redis: RedisServer;
  let fixture: SqliteQueueFixture;

  before(async () => {
    scratch = await Scratch.make();
    redis = await startRedis(scratch.path);
  });
  after(async () => {
    await fixture[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await fixture?.[Symbol.asyncDispose]();
    fixture = await openSqliteFixture();
    await redis.command('FLUSHALL');
  });

  const push = (events: readonly unknown[], key = 'beats'): Promise<string> =>
    redis.command('RPUSH', key, ...events.map((event) => (typeof event === 'string' ? event : JSON.stringify(event))));

  test('events come in their order, each into its log type, and Redis forgets them', async () => {
    await push([
      { '@metadata': { beat: 'metricbeat' }, host: { name: 'web1' }, event: { kind: 'metric' }, n: 1 },
      { '@metadata': { beat: 'filebeat' }, host: { name: 'web1' }, event: { module: 'nginx' }, message: 'GET /' },
      { '@metadata': { beat: 'filebeat' }, host: { name: 'web2' }, message: 'hello' },
      'no json',
    ]);
    await using listening = listenTo(fixture.queue, { url: redis.url });
    await until('all are stored', () => listening.listener.status().events === 4);
    await push(Array.from({ length: 5000 }, (_, n) => ({ host: { name: 'web2' }, n })));
    await until('the rest is stored', () => listening.listener.status().events === 5004);
    await until(
      'Redis has nothing left',
      async () => (await redis.command('KEYS', '*beats*')) === `{beats}:tributary:${testSite.siteId}`,
    );
    assert.match((await linesIn(fixture.queue, 'front/acme/platform')).join(), /"n":1/);
    assert.match((await linesIn(fixture.queue, 'front/acme/nginx')).join(), /GET/);
    const others = await linesIn(fixture.queue, 'front/acme/other');
    assert.ok(others.includes('no json') && others.some((line) => line.includes('hello')));
    const numbers = others.filter((line) => line.includes('"n"')).map((line) => Number(/\d+(?=\}$)/.exec(line)));
    assert.deepEqual(
      numbers,
      Array.from({ length: 5000 }, (_, n) => n),
    );
    assert.deepEqual(listening.findings.all(), []);
    assert.equal(listening.listener.status().state, 'reading');
  });

  test('a hub that is killed between taking and storing, or between storing and saying so, stores each event once', async () => {
    const folder = await scratch.folder('queue');
    const events = Array.from({ length: 2500 }, (_, n) => ({ host: { name: `web${n % 3}` }, n }));
    await push(events);
    for (const point of ['hub.beats.after-take', 'hub.beats.after-publish']) {
      const hub = spawn(process.execPath, [program, redis.url, folder, point], { stdio: ['pipe', 'inherit', 'inherit'] });
      const [, signal] = await once(hub, 'exit');
      assert.equal(signal, 'SIGKILL');
      assert.notEqual(await redis.command('LLEN', ownKey), '0', 'what was taken is still there');
    }
    await using again = await openSqliteFixture({}, folder);
    await using listening = listenTo(again.queue, { url: redis.url });
    await until('Redis has nothing left', async () => (await redis.command('EXISTS', 'beats', ownKey)) === '0');
    const lines = await linesIn(again.queue, 'front/acme/other');
    assert.deepEqual(
      lines.map((line) => Number(/\d+(?=\}$)/.exec(line))).toSorted((one, other) => one - other),
      events.map(({ n }) => n),
    );
    assert.equal(listening.listener.status().trouble, '');
  });

  test('what is too large for any batch is put aside, and told', async () => {
    const large = JSON.stringify({ message: 'x'.repeat(100) });
    await push(['{"n":1}', large, '{"n":2}']);
    // Redis-cli takes no argument of 4 MiB: it grows where it is.
    await redis.command('EVAL', `redis.call('LSET', KEYS[1], 1, string.rep('y', 4194304))`, 1, 'beats');
    await using listening = listenTo(fixture.queue, { url: redis.url });
    await until('it is put aside', () => listening.listener.status().aside === 1);
    await until('the others are stored', () => listening.listener.status().events === 2);
    assert.equal(await redis.command('LLEN', `{beats}:tributary:${testSite.siteId}:too_large`), '1');
    assert.partialDeepStrictEqual(listening.findings.all(), [{ kind: 'beats-redis-aside', level: 'yellow' }]);
  });

  test('a Redis without memory is read, as that is what makes room', async () => {
    await push(Array.from({ length: 100 }, (_, n) => ({ n, text: 'x'.repeat(1000) })));
    await redis.command('CONFIG', 'SET', 'maxmemory', '1mb');
    try {
      await assert.rejects(push(['{}']), /OOM/);
      await using listening = listenTo(fixture.queue, { url: redis.url });
      await until('all are stored', () => listening.listener.status().events === 100);
    } finally {
      await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    }
  });

  test('a Redis that goes away is a finding, and is read again when it is back', async () => {
    await using listening = listenTo(fixture.queue, { url: redis.url });
    await until('it reads', () => listening.listener.status().state === 'reading');
    await redis.kill();
    await until('it is told', () => listening.findings.all().length === 1);
    assert.match(listening.findings.all()[0]?.reason ?? '', /^events of Beats wait in Redis \(beats of 127\.0\.0\.1:\d+\): /);
    await redis.restart();
    await push(['{"n":1}']);
    await until('it is stored', () => listening.listener.status().events === 1);
    assert.deepEqual(listening.findings.all(), []);
  });

  test('what is no list is told', async () => {
    await redis.command('SET', 'beats', 'text');
    await using listening = listenTo(fixture.queue, { url: redis.url });
    await until('it is told', () => listening.listener.status().trouble.includes('WRONGTYPE'));
  });

  test('a full store leaves what was taken in Redis until there is room', async () => {
    await push(['{"n":1}']);
    let isFull = true;
    const { queue } = fixture;
    const publish: typeof queue.publish = async (...call) => (isFull ? 'full' : queue.publish(...call));
    const [streamsOf, closeStream] = [queue.streamsOf.bind(queue), queue.closeStream.bind(queue)];
    const sometimes = { publish, partitionOf: () => 0, generationOf: () => 1, streamsOf, closeStream };
    await using listening = listenTo(sometimes, { url: redis.url });
    await until('it was taken', async () => (await redis.command('LLEN', ownKey)) === '2');
    assert.equal(listening.listener.status().events, 0);
    isFull = false;
    await until('it is stored', () => listening.listener.status().events === 1);
  });

  test('what a hub had taken that is gone for good is taken over by another one of the site, under the same marker', async () => {
    await push(['{"n":1}', '{"n":2}']);
    const clock = new ManualClock();
    await using way = redisOfBeats(beatsOptions({ url: redis.url }), clock);
    const connection = await way.connect(AbortSignal.timeout(120_000));
    const gone = new RedisList({ list: 'beats', siteId: testSite.siteId, hubId: 'gone', newMarker: () => 'marker' });
    await gone.take(connection);
    connection.destroy();
    const list = new RedisList({ list: 'beats', siteId: testSite.siteId, hubId: 'other', newMarker: () => 'another' });
    const published: string[] = [];
    const takenOver: string[] = [];
    const reader = new BeatsListReader({
      list,
      intake: { publish: async (events, marker) => (published.push(`${marker} ${events.length}`), []) },
      connect: (signal) => way.connect(signal),
      cluster: { hubId: 'other', members: () => [] },
      clock,
      events: {
        trouble: (reason) => assert.equal(reason, undefined),
        putAside: () => undefined,
        takenOver: (hubId) => takenOver.push(hubId),
      },
    });
    const stop = new AbortController();
    const running = reader.run(stop.signal);
    await until('it was taken over', () => {
      clock.advance(lookForGoneMs);
      return published.length > 0;
    });
    assert.ok(clock.monotonic() >= goneMs);
    assert.deepEqual([published, takenOver], [['marker 2'], ['gone']]);
    stop.abort();
    clock.advance(goneMs);
    await running;
    assert.equal(await redis.command('SMEMBERS', `{beats}:tributary:${testSite.siteId}`), 'other');
  });

  test('a channel is listened to', async () => {
    await using listening = listenTo(fixture.queue, { url: redis.url, datatype: 'channel' });
    await until('it listens', async () => (await redis.command('PUBLISH', 'beats', '{"n":1}')) === '1');
    await redis.command('PUBLISH', 'beats', '{"event":{"module":"nginx"}}');
    await until('both are stored', () => listening.listener.status().events === 2);
    assert.deepEqual(await linesIn(fixture.queue, 'front/acme/nginx'), ['{"event":{"module":"nginx"}}']);
  });
});
