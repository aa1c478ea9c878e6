/** What the hubs of a site tell each other of its health over a real Redis: while both are there, when one leaves, and when one dies. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { type RedisServer, startRedis } from '../../test/harness/redis/redis-server.ts';
import { requireTool } from '../../test/harness/require.ts';
import { until } from '../../test/harness/until.ts';
import { running } from '../groups/running.ts';
import { MemoryMeta } from '../testing/recording-health.ts';
import { healthRules } from '../testing/rule-facts.ts';
import { SharedHub } from '../testing/shared-hub.ts';
import { KnownHubs } from './known-hubs.ts';
import { SiteParts } from './site-parts.ts';

const rules = healthRules({ hub_silent: { red: '1s' } });
const logger = createLogger({ level: 'error', sink: () => undefined });
const finding = { kind: 'memory', subject: 'memory', level: 'red', reason: 'full', sinceMs: 7 } as const;
const listenerRates = [{ name: 'agents', records: 5, bytes: 600 }];
const told = { findings: [finding], listeners: ['agents'], listenerRates, sites: [] };
const plain = { host: 'dev', tenants: ['shop'] };

let server: RedisServer;
let folder = '';

/** A hub as far as it tells of itself and looks after the others. */
class Hub implements AsyncDisposable {
  readonly shared: SharedHub;
  readonly parts: SiteParts;
  readonly known: KnownHubs;
  readonly agentId: string;
  readonly #telling: AsyncDisposable;

  constructor(shared: SharedHub, registry: MemoryMeta) {
    const { cluster } = shared;
    this.shared = shared;
    this.agentId = `${'e'.repeat(30)}${cluster.hubId.slice(0, 2)}`;
    const own = { ...told, agents: [this.agentId], plain: [{ ...plain, agentId: this.agentId }] };
    this.known = new KnownHubs({ cluster, registry, clock: systemClock, logger });
    this.parts = new SiteParts({ cluster, clock: systemClock, isShared: true, own: () => own });
    this.parts.onLeft((hubId) => void this.known.left(hubId));
    this.#telling = running(
      (signal) => this.parts.run(signal),
      (error) => assert.fail(String(error)),
    );
  }

  get hubId(): string {
    return this.shared.cluster.hubId;
  }

  /** How many hubs it misses: unknown, and red. */
  get missed(): [number, number] {
    const { unknown, red } = this.known.missing(rules);
    return [unknown.length, red.length];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#telling[Symbol.asyncDispose]();
    this.parts[Symbol.dispose]();
    await this.shared[Symbol.asyncDispose]();
  }

  async die(): Promise<void> {
    await this.shared.die();
    // It can tell nobody any more.
    await this.#telling[Symbol.asyncDispose]();
    this.parts[Symbol.dispose]();
  }
}

suite('the health of a site over a real Redis', { skip: await requireTool('redis'), timeout: 300_000 }, () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tributary-health-'));
    server = await startRedis(folder);
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  test('each hub knows what the other told, misses none that leaves, and one that dies', async () => {
    const registry = new MemoryMeta();
    const start = async (letter: string, startedMs: number): Promise<Hub> =>
      new Hub(await SharedHub.join({ letter, url: server.url, prefix: 'health', startedMs }), registry);
    await using one = await start('a', 1);
    {
      await using two = await start('b', 2);
      for (const [here, there] of [
        [one, two],
        [two, one],
      ] as const) {
        const [heard] = await until('it knows what the other told', () => here.parts.others.length === 1 && here.parts.others);
        const { hubId, agentId } = there;
        assert.deepEqual(heard, { ...told, hubId, agents: [agentId], plain: [{ ...plain, agentId }] });
        assert.ok(here.parts.elsewhere.has(there.agentId));
        await until('it knows the other', () => here.known.all().length === 2);
      }
    }
    // From its farewell on, and as it goes from the members.
    assert.deepEqual(one.missed, [0, 0]);
    await until('it is no member any more', () => {
      assert.deepEqual(one.missed, [0, 0]);
      return one.shared.cluster.members().length === 1;
    });
    assert.deepEqual([one.parts.others, one.parts.elsewhere.size, one.missed], [[], 0, [0, 0]]);

    const again = await start('b', 3);
    await until('it is back', () => one.parts.elsewhere.has(again.agentId) && one.known.all().length === 2);
    await again.die();
    await until('it is not heard of', () => one.missed[0] === 1);
    await until('that lasts', () => one.missed[1] === 1);
    await until('what it told holds no more', () => one.parts.others.length === 0);
    assert.equal(one.parts.elsewhere.size, 0);
    assert.equal(one.known.missing(rules).red[0]?.subject, again.hubId);

    await using back = await start('b', 4);
    await until('it is missed no more', () => one.missed[0] === 0 && one.missed[1] === 0);
    await until('it tells again', () => one.parts.others.some(({ hubId }) => hubId === back.hubId));
  });
});
