/** Hubs that are processes of their own and are killed, or stand still: what was answered is there, once, and what comes too late is nothing. */
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { requireTool } from '../../../test/harness/require.ts';
import { until } from '../../../test/harness/until.ts';
import { contents, front, lease, plenty } from '../contract/steps.ts';
import { testBatch, testStream } from '../fixture.ts';
import { TestRedis } from './redis-fixture.ts';

const program = fileURLToPath(new URL('./crash-hub.ts', import.meta.url));
const place = { topic: front, group: 'g', partition: 0 };

suite('hubs that share a Redis, as processes', { skip: await requireTool('redis') }, () => {
  let redis: TestRedis;
  before(async () => {
    redis = await TestRedis.start();
  });
  after(() => redis[Symbol.asyncDispose]());

  test('one that is killed in the middle leaves what it was answered, once', { timeout: 120_000 }, async () => {
    await using fixture = await redis.open({}, { prefix: 'killed' });
    const { queue } = fixture;
    for (const answersMin of [20, 33, 47]) {
      await using hub = new HubProcess(redis.server.url, 'killed', 'write');
      await until('it had answers', () => hub.answers.length >= answersMin);
      await hub.kill();
      const { held } = await queue.openStream(testStream(1));
      const entries = await queue.read({ topic: front, partition: 0, afterSequence: 0 }, plenty);
      let position = 0;
      for (const [index, { sequence, segments }] of entries.entries()) {
        assert.equal(sequence, index + 1);
        assert.equal(segments[0]?.from, position);
        position = segments[0]?.to ?? 0;
      }
      assert.equal(position, held);
      const cursor = (await queue.status()).groups[0]?.cursor ?? 0;
      const passed = (await contents(queue, 'passed')).flatMap((text) => text.split(' ').map(Number));
      assert.deepEqual(
        passed,
        Array.from({ length: cursor }, (_, index) => index + 1),
      );
      for (const answer of hub.answers) {
        const [kind, number = '0'] = answer.split(' ');
        assert.ok(Number(number) <= (kind === 'passed' ? cursor : held), `${answer} was answered and is not there`);
      }
    }
  });

  test('one that stood still past its lease changes nothing when it goes on', { timeout: 120_000 }, async () => {
    await using fixture = await redis.open({}, { prefix: 'still' });
    const { queue } = fixture;
    await using hub = new HubProcess(redis.server.url, 'still', 'hold');
    await until('it has the lease', () => hub.answers.includes('leased'));
    hub.process.kill('SIGSTOP');
    await queue.append(testBatch([{ stream: 1, from: 0, to: 10 }]));
    await until('its lease is over', async () => (await queue.acquire(place, 'another', 60_000)) !== undefined);
    hub.process.kill('SIGCONT');
    hub.process.stdin.write('go on\n');
    await until('it tried', () => hub.answers.length === 2);
    assert.equal(hub.answers[1], 'fenced');
    assert.deepEqual(await contents(queue, 'passed'), []);
    const own = lease(await queue.acquire(place, 'another', 60_000));
    assert.equal(own.cursor, 0);
    assert.equal(await queue.commit({ lease: own, to: 1 }), 'done');
  });
});

class HubProcess implements AsyncDisposable {
  readonly process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #exited: Promise<unknown>;
  #output = '';

  constructor(url: string, prefix: string, task: string) {
    this.process = spawn(process.execPath, [program, url, prefix, task], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#exited = once(this.process, 'exit');
    this.process.stdout.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
  }

  /** Whole lines. */
  get answers(): readonly string[] {
    return this.#output.split('\n').slice(0, -1);
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
