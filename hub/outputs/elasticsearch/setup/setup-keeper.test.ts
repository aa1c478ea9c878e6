import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Cluster } from '../../../cluster/cluster.ts';
import { eventually } from '../../../testing/eventually.ts';
import { PretendedElasticsearch } from '../../../testing/pretended-elasticsearch.ts';
import { RecordingFindings } from '../../../testing/recording-health.ts';
import type { SetupChoice } from './setup-choice.ts';
import { NoAnswerError } from '../client/connection.ts';
import { lateMs } from '../limits.ts';
import { ElasticsearchTelling } from '../elasticsearch-telling.ts';
import { SetupError } from './setup-server.ts';
import { SetupKeeper } from './setup-keeper.ts';

const choice: SetupChoice = { indices: 'data_stream', rejected: 'dead_letters', types: [] };

/** A cluster whose lock this hub has, until the test takes it away; time passes at once. */
class Fixture {
  readonly server = new PretendedElasticsearch();
  readonly findings = new RecordingFindings();
  readonly locks: string[] = [];
  readonly slept: number[] = [];
  holds = true;
  choice: SetupChoice | Promise<SetupChoice> = choice;
  onSleep: () => void = () => undefined;
  /** Until the time is over that an answer may take. */
  late = Promise.withResolvers<void>();
  readonly cluster: Pick<Cluster, 'underLock'> = {
    underLock: async (name, signal, work) => {
      this.locks.push(name);
      const lock = { name, token: 1, isHeld: () => Promise.resolve(this.holds), keptUntilMs: () => Infinity };
      while (!signal.aborted) await work(lock, signal);
    },
  };
  readonly clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: async (ms) => {
      if (ms === lateMs) return await this.late.promise;
      this.slept.push(ms);
      this.onSleep();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  readonly told: string[] = [];
  readonly #logger = createLogger({ level: 'info', sink: ({ message }) => void this.told.push(message) });
  readonly telling = new ElasticsearchTelling({ name: 'main', logger: this.#logger, findings: this.findings });
  readonly keeper = new SetupKeeper({
    name: 'main',
    server: this.server,
    choice: () => Promise.resolve(this.choice),
    cluster: this.cluster,
    findings: this.findings,
    telling: this.telling,
    logger: this.#logger,
    clock: this.clock,
  });
}

/** It was told as a set-up that fails, red, and health looked as if somebody had to mend templates. */
test('a cluster that is away at the set-up is told as one that is away later, and once', async () => {
  const fixture = new Fixture();
  const stop = new AbortController();
  fixture.server.answer = () => {
    throw new NoAnswerError('connect ECONNREFUSED 127.0.0.1:9200', false);
  };
  const later = new Fixture();
  later.telling.trouble({ kind: 'away', reason: 'connect ECONNREFUSED 127.0.0.1:9200' });
  fixture.onSleep = () => {
    assert.deepEqual(fixture.findings.all(), later.findings.all());
    assert.equal(fixture.keeper.trouble, 'Elasticsearch cannot be reached (connect ECONNREFUSED 127.0.0.1:9200)');
    // What is sent to it meanwhile tells nothing else.
    fixture.telling.trouble(undefined);
    assert.deepEqual(fixture.findings.all(), later.findings.all());
    if (fixture.slept.length === 3) fixture.server.answer = undefined;
  };
  const running = fixture.keeper.run(stop.signal);
  await fixture.keeper.ready;
  assert.deepEqual([fixture.keeper.trouble, fixture.findings.all()], [undefined, []]);
  assert.deepEqual(
    fixture.told.filter((message) => later.told.includes(message)),
    later.told,
  );
  stop.abort();
  await running;
});

/** It hung for a minute, in which everything looked well. */
test('a cluster that hangs at the set-up is told after seconds, until it answers', async () => {
  const fixture = new Fixture();
  const stop = new AbortController();
  const asked = Promise.withResolvers<void>();
  const hangs = Promise.withResolvers<void>();
  const request = fixture.server.request.bind(fixture.server);
  fixture.server.request = async (about) => {
    asked.resolve();
    await hangs.promise;
    return await request(about);
  };
  const running = fixture.keeper.run(stop.signal);
  await asked.promise;
  assert.deepEqual(fixture.findings.all(), []);
  fixture.late.resolve();
  await eventually('it is found', () => fixture.findings.all().length > 0);
  const [found] = fixture.findings.all();
  assert.deepEqual([found?.kind, found?.level], ['elasticsearch-away', 'yellow']);
  assert.match(found?.reason ?? '', /answers late, or not at all \(what was sent at .* had no answer for 8 s\)/);
  assert.match(fixture.keeper.trouble ?? '', /^Elasticsearch answers late/);
  fixture.late = Promise.withResolvers();
  hangs.resolve();
  await fixture.keeper.ready;
  assert.deepEqual([fixture.keeper.trouble, fixture.findings.all()], [undefined, []]);
  stop.abort();
  await running;
});

test('what a cluster refuses after it was away is told as that, and no more as away', async () => {
  const fixture = new Fixture();
  const stop = new AbortController();
  const errors: Error[] = [new NoAnswerError('connect ECONNREFUSED', false), new SetupError('not with these credentials')];
  fixture.server.answer = () => {
    const [error] = errors;
    if (error !== undefined) throw error;
    return undefined;
  };
  const found: string[][] = [];
  fixture.onSleep = () => {
    found.push(fixture.findings.all().map(({ kind }) => kind));
    errors.shift();
  };
  const running = fixture.keeper.run(stop.signal);
  await fixture.keeper.ready;
  assert.deepEqual(found, [['elasticsearch-away'], ['elasticsearch-setup']]);
  assert.deepEqual(fixture.findings.all(), []);
  stop.abort();
  await running;
});

test('a cluster that refuses is tried again and again, and nothing is ready before it is set up', async () => {
  const fixture = new Fixture();
  const stop = new AbortController();
  fixture.server.answer = () => {
    throw new SetupError('this is Elasticsearch 7');
  };
  let ready = false;
  fixture.onSleep = () => {
    assert.match(fixture.keeper.trouble ?? '', /cannot be set up, and documents for it wait: this is Elasticsearch 7/);
    assert.deepEqual(
      fixture.findings.all().map(({ kind, subject, level }) => [kind, subject, level]),
      [['elasticsearch-setup', 'main', 'red']],
    );
    assert.equal(ready, false);
    if (fixture.slept.length === 5) fixture.server.answer = undefined;
    if (fixture.slept.length > 1) return;
    fixture.keeper.clear();
    assert.deepEqual(fixture.findings.all(), [], 'an output that ends takes it back');
  };
  const running = fixture.keeper.run(stop.signal);
  const abilities = await fixture.keeper.ready.then((found) => {
    ready = true;
    return found;
  });
  assert.equal(abilities.major, 9);
  assert.deepEqual(fixture.slept, [1000, 2000, 4000, 4000, 4000]);
  assert.deepEqual(
    [fixture.keeper.trouble, fixture.findings.all(), fixture.locks],
    [undefined, [], ['elasticsearch-setup:main']],
  );
  stop.abort();
  await running;
});

test('other fields of pipelines are set up while it runs, and what somebody changed is told', async () => {
  const fixture = new Fixture();
  const stop = new AbortController();
  const running = fixture.keeper.run(stop.signal);
  await fixture.keeper.ready;
  const path = '/_index_template/tributary-logs';
  fixture.server.stored.set(path, { ...fixture.server.stored.get(path), priority: 7 });
  fixture.choice = { ...choice, types: [{ type: 'app', fields: { 'app.x': 'long' } }] };
  const told = Promise.withResolvers<void>();
  fixture.findings.put = (_, finding) => {
    assert.equal(finding?.level, 'yellow');
    assert.match(finding?.reason ?? '', /tributary-logs was changed by somebody/);
    told.resolve();
  };
  fixture.keeper.changed();
  await told.promise;
  assert.ok(fixture.server.stored.has('/_index_template/tributary-logs-type-app'));
  assert.equal(fixture.keeper.trouble, undefined);
  stop.abort();
  await running;
});

test('a hub that lost the lock in the middle writes nothing more', async () => {
  const fixture = new Fixture();
  const stop = new AbortController();
  fixture.server.answer = ({ method }) => {
    if (method === 'PUT') fixture.holds = false;
    return undefined;
  };
  fixture.onSleep = () => stop.abort();
  await fixture.keeper.run(stop.signal);
  assert.equal(fixture.server.writes.length, 1);
});

/** The hub hung at a start that failed: nobody told any more what pipelines declare, and its end waited for this. */
test('a stop does not wait for what pipelines declare', async () => {
  const fixture = new Fixture();
  fixture.choice = new Promise(() => undefined);
  const stop = new AbortController();
  const running = fixture.keeper.run(stop.signal);
  setImmediate(() => stop.abort());
  await running;
  assert.deepEqual(fixture.locks, ['elasticsearch-setup:main']);
});
