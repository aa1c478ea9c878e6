/** What hubs of a site read of their agents, told to each other over a real Redis. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { type RedisServer, startRedis } from '../../test/harness/redis/redis-server.ts';
import { requireTool } from '../../test/harness/require.ts';
import { until } from '../../test/harness/until.ts';
import { SharedHub } from '../testing/shared-hub.ts';
import { AgentStates } from './agents/agent-states.ts';
import type { Measured } from './charts/series-book.ts';
import { measuredFields, testAgentId, testDocument, testMeasured } from './fixture.ts';
import { ToldHubs } from './told-hubs.ts';

let server: RedisServer;
let folder = '';

class Hub implements AsyncDisposable {
  readonly states = new AgentStates(new ManualClock());
  readonly measured: Measured[] = [];
  readonly shared: SharedHub;
  readonly told: ToldHubs;

  constructor(shared: SharedHub) {
    this.shared = shared;
    this.told = new ToldHubs({
      cluster: shared.cluster,
      onState: (state) => this.states.adopt(state),
      onMeasured: (one) => this.measured.push(one),
    });
  }

  static async start(letter: string): Promise<Hub> {
    return new Hub(await SharedHub.join({ letter, url: server.url, prefix: 'told' }));
  }

  /** As it read it of an agent. */
  async tell(atMs: number, lag: number): Promise<void> {
    const state = this.states.take(testDocument(atMs, measuredFields(testMeasured({ lag }))));
    this.told.add(state, { subject: testAgentId, atMs, values: { lag } });
    await this.told.tell();
  }

  get lag(): number | undefined {
    return this.states.get(testAgentId)?.measured?.lag;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.told[Symbol.dispose]();
    await this.shared[Symbol.asyncDispose]();
  }
}

suite('what hubs read of agents, over a real Redis', { skip: await requireTool('redis'), timeout: 300_000 }, () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tributary-told-'));
    server = await startRedis(folder);
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  test('each knows what the other read, and who is alone tells nobody', async () => {
    await using one = await Hub.start('a');
    const two = await Hub.start('b');
    await until('they know each other', () => [one, two].every(({ shared }) => shared.cluster.members().length === 2));
    // What is announced before the other listens is lost: the next is told soon.
    await until('the other knows it', async () => {
      await one.tell(1000, 7);
      return two.lag === 7;
    });
    await until('the other way round, too', async () => {
      await two.tell(2000, 9);
      return one.lag === 9;
    });
    assert.partialDeepStrictEqual(two.measured[0], { subject: testAgentId, atMs: 1000, values: { lag: 7 } });
    assert.ok(
      one.measured.every(({ values }) => values['lag'] === 9),
      'nobody hears himself',
    );
    // No JSON, and none that it knows: it goes on.
    for (const text of ['KLUv/SACEQAAeyI=', 'KLUv/SACEQAAe30=']) two.shared.cluster.announce(`measured ${text}`);
    await until('it goes on', async () => {
      await two.tell(3000, 11);
      return one.lag === 11;
    });
    await two.shared.die();
    two.told[Symbol.dispose]();
    await until('it is a member no more', () => one.shared.cluster.members().length === 1);
    assert.equal(one.lag, 11, 'what it read is known');
    const said: string[] = [];
    one.shared.cluster.onAnnounced((message) => said.push(message));
    await one.tell(4000, 13);
    assert.deepEqual(said, []);
  });
});
