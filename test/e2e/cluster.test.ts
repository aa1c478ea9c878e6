/**
 * A site of three hubs over one real Redis: all of them are restarted one by one under load, as an upgrade does; then one is stopped like a
 * machine that hangs, until the others have what it worked on, and goes on as if nothing had been. Each line arrives once.
 */
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { HubCluster, type ClusterAgent } from '../harness/cluster.ts';
import type { HubHost } from '../harness/hub-host.ts';
import { at } from '../harness/json.ts';
import { readArchive } from '../harness/read-archive.ts';
import { startRedis } from '../harness/redis/redis-server.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3')) ?? (await requireTool('redis'));
const deadlineMs = 120_000;

/** Lines of one agent, all different. */
class Writer {
  readonly path: string;
  readonly #name: string;
  #line = 0;

  constructor({ logs }: ClusterAgent, name: string) {
    this.path = join(logs, 'app.log');
    this.#name = name;
    appendFileSync(this.path, '');
  }

  write(): void {
    const lines = Array.from(
      { length: 20 },
      () => `${this.#name} line ${(this.#line += 1)} of a service that tells what it does`,
    );
    appendFileSync(this.path, `${lines.join('\n')}\n`);
  }
}

async function settled(cluster: HubCluster, hubs: readonly HubHost[], write: () => void): Promise<void> {
  await until(
    'the hubs that run share all partitions',
    async () => {
      write();
      const shares = await Promise.all(hubs.map((hub) => cluster.partitionsOf(hub)));
      return new Set(shares.flat()).size === 16 && shares.flat().length === 16 && shares.every((share) => share.length > 0);
    },
    { deadlineMs, everyMs: 100, detail: () => cluster.tail() },
  );
}

/** Every line of every agent, once. */
async function assertAllOnce(cluster: HubCluster, writers: readonly Writer[]): Promise<void> {
  const contents = writers.map(({ path }) => readFileSync(path, 'utf8'));
  const bytes = contents.reduce((sum, content) => sum + content.length, 0);
  let books: readonly unknown[] = [];
  const isArchived = async (): Promise<boolean> => {
    books = await Promise.all(cluster.hubs.map(async (hub) => at(await hub.status(), 'books')));
    return (await archivedRawBytes(cluster.archive)) >= bytes;
  };
  const detail = (): string => `${JSON.stringify(books)}\n${cluster.tail()}`;
  await until('all is archived', isArchived, { deadlineMs, everyMs: 200, detail });
  const streams = (await readArchive(cluster.archive)).filter(({ channel }) => channel === 'default/app');
  const archived = streams.flatMap(({ raw }) => raw.toString().trimEnd().split('\n'));
  const written = contents.flatMap((content) => content.trimEnd().split('\n'));
  assert.deepEqual(archived.toSorted(), written.toSorted());
}

test('three hubs are restarted one by one, and one hangs: each line arrives once', { skip, timeout: 600_000 }, async () => {
  const scratch = await Scratch.make();
  await using server = await startRedis(scratch.path);
  const redis = (): { url: string; partitions: number } => ({ url: server.url, partitions: 16 });
  const agent = { batch: { flush_interval: '20ms' } };
  await using cluster = await HubCluster.start({ scratch, hubs: 3, agents: 2, redis, agent });
  const { hubs, agents } = cluster;
  const writers = agents.map((one, number) => new Writer(one, `agent${number}`));
  const write = (): void => {
    for (const writer of writers) writer.write();
  };
  for (const { host } of agents) await host.start();
  const detail = (): string => cluster.tail();
  await settled(cluster, hubs, write);
  for (const hub of hubs) {
    assert.equal((await hub.program.stop()).code, 0);
    await settled(
      cluster,
      hubs.filter((other) => other !== hub),
      write,
    );
    await hub.start();
    await settled(cluster, hubs, write);
  }
  for (const { host } of agents) {
    const loud = host.program.logs.filter(({ level }) => level !== 'info' && level !== 'debug');
    assert.deepEqual(loud, [], 'nothing but news at the agents');
  }
  const [hung, ...others] = hubs;
  assert.ok(hung !== undefined);
  hung.program.signal('SIGSTOP');
  await settled(cluster, others, write);
  await until(
    'agents are served by the others',
    async () => {
      write();
      const states = await Promise.all(agents.map(async ({ host }) => at(await host.status(), 'uplink')));
      return states.every((state) => at(state, 'state') === 'connected' && at(state, 'hub') !== hung.url);
    },
    { deadlineMs, detail },
  );
  hung.program.signal('SIGCONT');
  await settled(cluster, hubs, write);
  await assertAllOnce(cluster, writers);
});
