/**
 * The Redis of a site hangs, dies, and is not there when a hub starts: who asks is told what is away and since when, a hub that is stopped ends
 * within seconds and says what it left, and nothing is lost. Slow, as it takes a store some seconds to be away.
 */
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { HubCluster } from '../harness/cluster.ts';
import type { HubHost } from '../harness/hub-host.ts';
import { at } from '../harness/json.ts';
import { readArchive } from '../harness/read-archive.ts';
import { startRedis } from '../harness/redis/redis-server.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3')) ?? (await requireTool('redis'));
/** Long before the hub ends itself by force. */
const stopMsMax = 15_000;

async function isStopped({ program }: HubHost, why: RegExp): Promise<void> {
  const { code } = await program.stop(stopMsMax);
  assert.equal(code, 0, program.tail());
  const told = program.logs.filter(({ message }) => message.startsWith('the store is away, so this hub stops without it'));
  assert.equal(told.length, 1, program.tail());
  assert.match(String(told[0]?.fields['why']), why);
  assert.match(String(told[0]?.fields['since']), /^20\d\d-\d\d-\d\dT/);
  const failures = program.logs.filter(({ level, fields }) => level === 'error' && fields['finding'] === undefined);
  assert.deepEqual(failures, []);
}

test('a Redis that is away is told of, and holds no hub that is to stop', { skip, timeout: 600_000 }, async () => {
  const scratch = await Scratch.make();
  await using server = await startRedis(scratch.path);
  const redis = (): { url: string; partitions: number } => ({ url: server.url, partitions: 4 });
  await using cluster = await HubCluster.start({ scratch, hubs: 2, agents: 1, redis });
  const [one, other] = cluster.hubs;
  const [agent] = cluster.agents;
  assert.ok(one !== undefined && other !== undefined && agent !== undefined);
  const isArchived = async (bytes: number): Promise<void> => {
    const detail = (): string => cluster.tail();
    const isThere = async (): Promise<boolean> => (await archivedRawBytes(cluster.archive, 'default')) >= bytes;
    await until(`${bytes} bytes are archived`, isThere, { deadlineMs: 120_000, detail });
  };
  const command = async (...args: readonly string[]): ReturnType<HubHost['run']> => one.run(...args, '--config', one.configPath);
  const where = String.raw`Redis at 127\.0\.0\.1:${server.port}`;
  appendFileSync(`${agent.logs}/a.log`, 'first\n');
  await agent.host.start();
  await isArchived(6);

  server.pause();
  appendFileSync(`${agent.logs}/a.log`, 'second\n');
  const listed = await command('channel', 'list');
  const sentence = `^tributary-hub: the store of this site is away: ${where} .*\\(since 20\\S+Z\\)$`;
  assert.deepEqual([listed.code, listed.stdout], [1, '']);
  assert.match(listed.stderr, new RegExp(sentence));
  await isStopped(one, new RegExp(`^${where} (does not answer|answered nothing for 5 s)`));
  server.resume();

  await server.kill();
  await isStopped(other, new RegExp(`^${where} cannot be reached: nothing listens there`));

  await one.writeConfig();
  one.launch();
  await until('it waits', async () => at(await one.status(), 'waitsFor', 'why') !== undefined, {
    detail: () => one.program.tail(),
  });
  const status = await command('status');
  assert.equal(status.code, 3, status.stderr);
  assert.match(
    status.stdout,
    new RegExp(`, starting for \\d+ s \\(pid ${one.program.pid}\\)\\nwaits for +${where} cannot be reached`),
  );
  const ready = await command('status', '--ready');
  assert.equal(ready.code, 3, ready.stderr);
  assert.match(ready.stdout, new RegExp(`^not ready: the hub is starting and waits for its store: ${where} .*\\(since `));
  await server.restart();
  await one.listening();
  await isArchived(13);
  const streams = (await readArchive(cluster.archive)).filter(({ channel }) => channel === 'default/app');
  assert.equal(streams.map(({ raw }) => raw.toString()).join(''), 'first\nsecond\n');
});
