/**
 * A hub with two addresses, as a site with several hubs looks to an agent: each is a proxy that dies and comes back under load, while
 * connections are left for their age every second and the agent is killed in between. Each line arrives once.
 */
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { coverageOf } from '../harness/coverage.ts';
import { FaultyProxy } from '../harness/faulty-proxy.ts';
import type { HubHost } from '../harness/hub-host.ts';
import { at } from '../harness/json.ts';
import { Random } from '../harness/random.ts';
import { readArchive } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));
const deadlineMs = 120_000;

/** One address of the hub. */
class Address implements AsyncDisposable {
  #isUp = true;
  #proxy: FaultyProxy | undefined;

  static async start(hub: () => HubHost): Promise<Address> {
    const address = new Address();
    address.#proxy = await FaultyProxy.start({
      target: () => (address.#isUp ? { host: '127.0.0.1', port: hub().port } : undefined),
      plan: () => ({ toHub: {}, toAgent: {} }),
    });
    return address;
  }

  get proxy(): FaultyProxy {
    assert.ok(this.#proxy !== undefined);
    return this.#proxy;
  }

  setUp(isUp: boolean): void {
    this.#isUp = isUp;
    if (!isUp) this.proxy.dropAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy?.[Symbol.asyncDispose]();
  }
}

test('a hub of which one address or the other dies gets each line once', { skip, timeout: 600_000 }, async () => {
  let stack: Stack | undefined;
  const hub = (): HubHost => {
    assert.ok(stack !== undefined);
    return stack.hub;
  };
  await using first = await Address.start(hub);
  await using second = await Address.start(hub);
  await using made = await Stack.make({
    agent: { connection_max_age: '1s', batch: { flush_interval: '5ms' } },
    hubs: () => [first.proxy.url, second.proxy.url],
  });
  stack = made;
  const { agent, log } = { agent: made.agent, log: made.log('app.log') };
  appendFileSync(log, '');
  const random = new Random(7);
  let line = 0;
  const write = (): void => {
    const lines = Array.from({ length: 50 }, () => `${(line += 1)} ${random.next().toString(36)} ${random.next().toString(36)}`);
    appendFileSync(log, `${lines.join('\n')}\n`);
  };
  const acked = async (): Promise<number> => Number(at(await agent.status(), 'counters', 'batchesAcked'));
  const status = async (...path: string[]): Promise<unknown> => at(await agent.status(), ...path);
  await agent.start();
  for (let round = 0; round < 6; round += 1) {
    const up = round % 2 === 0 ? first : second;
    const down = round % 2 === 0 ? second : first;
    up.setUp(true);
    down.setUp(false);
    const detail = (): string => `round ${round}\n${made.tail()}`;
    await until(
      'it is connected to the one that is up',
      async () => {
        write();
        return (await status('uplink', 'state')) === 'connected' && (await status('uplink', 'hub')) === up.proxy.url;
      },
      { deadlineMs, detail },
    );
    // Long enough for the connection to be left for its age.
    const [opened, before] = [up.proxy.opened, await acked()];
    await until(
      'it was left for another, and much was acknowledged',
      async () => {
        write();
        return up.proxy.opened > opened && (await acked()) > before + 20;
      },
      { deadlineMs, detail },
    );
    // At the moment of a look it may be the one that is tried.
    const trouble = new RegExp(`^  ${down.proxy.url}: `, 'm');
    const isShown = async (): Promise<boolean> => trouble.test((await agent.run('status', '--config', agent.configPath)).stdout);
    await until('the trouble of the one that is down is shown', isShown, { deadlineMs, detail });
    if (round !== 2) continue;
    await agent.program.kill();
    write();
    await agent.start();
    await until('it runs again', async () => (await status('pid').catch(() => undefined)) === agent.program.pid, { deadlineMs });
  }
  first.setUp(true);
  second.setUp(true);
  const content = readFileSync(log);
  await until('all is archived', async () => (await archivedRawBytes(made.hub.archive)) >= content.length, {
    deadlineMs,
    everyMs: 200,
    detail: () => made.tail(),
  });
  const streams = (await readArchive(made.hub.archive)).filter(({ channel }) => channel === 'default/app');
  assert.deepEqual(coverageOf(content, streams), { missing: 0, doubled: 0, different: 0 });
  assert.deepEqual(await status('buffer', 'lostByCause'), {});
  assert.equal((await agent.program.stop()).code, 0);
});
