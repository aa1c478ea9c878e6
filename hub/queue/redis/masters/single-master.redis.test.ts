import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from '../../../../test/harness/free-port.ts';
import { RedisProxy } from '../../../../test/harness/redis/redis-proxy.ts';
import { startRedis } from '../../../../test/harness/redis/redis-server.ts';
import { requireTool } from '../../../../test/harness/require.ts';
import { Scratch } from '../../../../test/harness/scratch.ts';
import { until } from '../../../../test/harness/until.ts';
import { partitionKeys, siteKeys } from './masters.ts';
import { replyText, testLibrary, testMasters, testPrefix } from './redis-fixture.ts';

const run = promisify(execFile);
const keyName = `${partitionKeys(testPrefix, 3)}a`;

const noOpenssl = await requireTool('openssl');

suite('one Redis master', { skip: await requireTool('redis') }, () => {
  test('functions are loaded, told the run_id first, and loaded again when they are gone', async () => {
    await using scratch = await Scratch.make();
    await using server = await startRedis(scratch.path);
    await using hub = await testMasters({ url: server.url });
    const { masters } = hub;
    const body = Buffer.from([0, 255, 10, 13, 0]);
    const [runId, stored] = replyList(await masters.call(3, { name: 'test_add', keys: [keyName], args: [body] }));
    assert.equal(replyText(runId), await server.info('run_id'));
    assert.deepEqual(stored, body);
    await server.command('FUNCTION', 'FLUSH');
    const keys = [`${siteKeys(testPrefix)}b`];
    assert.match(replyText(await masters.callSite({ name: 'test_add', keys, args: ['x'] })), / x\]$/);
    assert.deepEqual(await masters.call(3, { name: 'test_get', keys: [keyName], args: [] }, { write: false }), body);
    await assert.rejects(masters.call(2, { name: 'test_get', keys: [keyName], args: [] }), { code: 'ASSERTION_FAILED' });
    assert.ok(masters.facts().some(({ setting, value }) => setting === 'appendfsync' && value === 'always'));
    assert.ok(masters.memory().every(({ where, used }) => where === server.address && used > 0));
    assert.match(hub.told(), /has no maxmemory.*CONFIG SET maxmemory/);
  });

  test('what is volatile is refused with a sentence, unless the loss is agreed to', async () => {
    await using scratch = await Scratch.make();
    await using server = await startRedis(scratch.path, { appendfsync: 'everysec', 'maxmemory-policy': 'allkeys-lru' });
    const refusal = /appendfsync everysec: a power cut.*"CONFIG SET appendfsync always".*maxmemory-policy allkeys-lru/s;
    await assert.rejects(testMasters({ url: server.url }), refusal);
    await using relaxed = await testMasters({ url: server.url }, { durability: 'relaxed' });
    assert.match(relaxed.told(), refusal);
  });

  test('a wrong password, missing rights and a replica are told in sentences', async () => {
    await using scratch = await Scratch.make();
    await using server = await startRedis(scratch.path, { requirepass: 'right' });
    const refusedBy = (password: string, sentence: RegExp, username?: string): Promise<void> =>
      assert.rejects(
        testMasters({ url: server.url, password, ...(username === undefined ? {} : { username }) }),
        (error: Error) => {
          assert.match(error.message, sentence);
          return !error.message.includes(password);
        },
      );
    await server.commands([
      'AUTH right',
      'ACL SETUSER few on >little +@read +@connection +info allkeys',
      'REPLICAOF 127.0.0.1 1',
    ]);
    await Promise.all([
      refusedBy('not-the-one', /refuses the name or password: set queue.redis.username/),
      refusedBy('right', /is a replica: nothing can be written there/),
    ]);
    await server.commands(['AUTH right', 'REPLICAOF NO ONE']);
    await refusedBy('little', /does not tell its settings.*ACL SETUSER/, 'few');
  });

  test('that is named as a Cluster is told to be none', async () => {
    await using scratch = await Scratch.make();
    await using server = await startRedis(scratch.path);
    const cluster = [new URL(server.url).host];
    await assert.rejects(testMasters({ url: undefined, cluster }), /is no part of a Cluster: name it in queue\.redis\.url/);
  });

  test('TLS: the authority is checked, and what is wrong with it is told', { skip: noOpenssl }, async () => {
    await using scratch = await Scratch.make();
    const [key, certificate] = [scratch.file('key.pem'), scratch.file('ca.pem')];
    const names = ['-subj', '/CN=redis', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    await run('openssl', ['req', '-x509', ...curve, '-nodes', '-keyout', key, '-out', certificate, '-days', '2', ...names]);
    const port = await freePort();
    const tls = { 'tls-port': port, 'tls-cert-file': certificate, 'tls-key-file': key, 'tls-auth-clients': 'no' };
    await using server = await startRedis(scratch.path, tls);
    const url = `rediss://127.0.0.1:${port}`;
    await assert.rejects(testMasters({ url }), /showed a certificate that is not accepted .* set queue\.redis\.ca/);
    await assert.rejects(testMasters({ url, ca: scratch.file('none') }), /queue\.redis\.ca: .* cannot be read/);
    await using hub = await testMasters({ url, ca: certificate });
    await hub.masters.call(3, { name: 'test_add', keys: [keyName], args: ['tls'] });
    assert.equal(await server.command('GET', keyName), 'tls');
  });

  test('a call that a pause leaves without answer is ambiguous, and the next one works', async () => {
    await using scratch = await Scratch.make();
    await using server = await startRedis(scratch.path);
    await using hub = await testMasters({ url: server.url });
    server.pause();
    const calls = Array.from({ length: 50 }, () => hub.masters.call(3, { name: 'test_add', keys: [keyName], args: ['a'] }));
    const results = await Promise.allSettled(calls);
    assert.ok(results.every((result) => result.status === 'rejected' && isOf(result.reason, 'AMBIGUOUS')));
    server.resume();
    await hub.masters.call(3, { name: 'test_add', keys: [keyName], args: ['b'] });
    assert.match(await server.command('GET', keyName), /^a*b$/);
  });

  test('a killed master that comes again is noticed by its run_id, and has what was answered', async () => {
    await using scratch = await Scratch.make();
    await using server = await startRedis(scratch.path);
    await using hub = await testMasters({ url: server.url });
    const changes: unknown[] = [];
    hub.masters.onMasterChanged((partitions) => changes.push(partitions));
    let answered = 0;
    const over = new AbortController();
    const writing = (async (): Promise<void> => {
      while (!over.signal.aborted) {
        const done = await hub.masters.call(3, { name: 'test_add', keys: [keyName], args: ['a'] }).then(
          () => true,
          () => false,
        );
        if (done) answered += 1;
      }
    })();
    await until('some are written', () => answered > 50);
    await server.kill();
    const atKill = answered;
    await server.restart();
    await until('more are written', () => answered > atKill + 50);
    over.abort();
    await writing;
    assert.deepEqual(changes, ['all']);
    assert.ok((await server.command('GET', keyName)).length >= answered);
  });

  test('who is to write waits for the replicas that a master needs, as right after a failover', async () => {
    await using scratch = await Scratch.make();
    await using server = await startRedis(scratch.path, { 'min-replicas-to-write': 1 });
    let why = '';
    const opened = testMasters({ url: server.url, min_replicas: 1 }, { writes: true, onWaiting: (away) => (why = away.why) });
    await until('its functions are refused', () => why.includes('has fewer replicas in time than its min-replicas-to-write'));
    await server.command('CONFIG', 'SET', 'min-replicas-to-write', 0);
    const lack = `Redis at ${server.address} is followed by 0 replicas, and without 1 nothing can be stored`;
    await until('they are there, and a replica is not', () => why.startsWith(lack), { detail: () => why });
    await using replica = await startRedis(scratch.path, { replicaof: `${server.host} ${server.port}` }, 'replica');
    await using hub = await opened;
    assert.ok(replica.running);
    // It is there, and may still be too slow for the first write.
    const added = await until('the replica has it in time', async () => {
      try {
        return replyList(await hub.masters.call(3, { name: 'test_add', keys: [keyName], args: ['a'] }));
      } catch (error) {
        if (isOf(error, 'REPLICAS')) return undefined;
        throw error;
      }
    });
    assert.match(replyText(added[1] ?? null), /^a+$/);
  });

  test('a connection that falls silent or is cut is replaced, and nothing is sent twice', async () => {
    await using scratch = await Scratch.make();
    await using server = await startRedis(scratch.path);
    await using proxy = await RedisProxy.start(server);
    await using hub = await testMasters({ url: proxy.url });
    const add = (): Promise<unknown> => hub.masters.call(3, { name: 'test_add', keys: [keyName], args: ['a'] });
    await add();
    proxy.silenceReplies();
    await assert.rejects(add(), { code: 'AMBIGUOUS' });
    await add();
    assert.equal(await server.command('GET', keyName), 'aaa');
    const pending = add();
    proxy.cut();
    const first = await pending.then(
      () => 'done',
      (error: unknown) => (isOf(error, 'AMBIGUOUS') ? 'ambiguous' : 'wrong'),
    );
    assert.notEqual(first, 'wrong');
    await add();
  });

  test('a full memory refuses what is new and lets go what frees it', async () => {
    await using scratch = await Scratch.make();
    await using server = await startRedis(scratch.path, { maxmemory: '4mb' });
    await using hub = await testMasters({ url: server.url });
    const body = Buffer.alloc(100_000, 120);
    const fill = async (): Promise<void> => {
      for (let count = 0; count < 100; count += 1) await hub.masters.call(3, { name: 'test_add', keys: [keyName], args: [body] });
    };
    await assert.rejects(fill(), { code: 'MAXMEMORY' });
    await hub.masters.call(3, { name: 'test_remove', keys: [keyName], args: [] });
    await hub.masters.call(3, { name: 'test_add', keys: [keyName], args: ['small'] });
    await until('it is polled', () => hub.masters.memory().some(({ max }) => max === 4 * 1024 * 1024));
  });

  test('hubs hear each other', async () => {
    await using scratch = await Scratch.make();
    await using server = await startRedis(scratch.path);
    await using one = await testMasters({ url: server.url });
    await using other = await testMasters({ url: server.url });
    const heard = new Set<string>();
    one.masters.subscribe((message) => heard.add(message));
    await until('it is heard', () => {
      other.masters.publish('entries');
      return heard.has('entries');
    });
  });

  test('a library of the same name that differs is replaced', async () => {
    await using scratch = await Scratch.make();
    await using server = await startRedis(scratch.path);
    await using old = await testMasters({ url: server.url });
    const libraries = [{ ...testLibrary, code: testLibrary.code.replace("redis.call('APPEND'", "redis.call('SET'") }];
    await using hub = await testMasters({ url: server.url }, { libraries });
    await hub.masters.call(3, { name: 'test_add', keys: [keyName], args: ['x'] });
    await old.masters.call(3, { name: 'test_add', keys: [keyName], args: ['y'] });
    assert.equal(await server.command('GET', keyName), 'y');
    assert.match(hub.told(), /was replaced/);
  });
});

function isOf(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function replyList(reply: unknown): [Buffer, Buffer] {
  assert.ok(Array.isArray(reply));
  const [first, second] = reply;
  assert.ok(Buffer.isBuffer(first) && Buffer.isBuffer(second));
  return [first, second];
}
