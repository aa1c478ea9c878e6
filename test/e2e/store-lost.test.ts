/**
 * All that is in a Redis goes while two hubs work with it. The site stays the same with a new store; agents send again what they retain, of which
 * nothing comes twice into the archive; what one does not retain any more is a recorded gap.
 */
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { HubCluster } from '../harness/cluster.ts';
import type { HubHost } from '../harness/hub-host.ts';
import { at, listAt } from '../harness/json.ts';
import { readArchive } from '../harness/read-archive.ts';
import { startRedis } from '../harness/redis/redis-server.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { sumOf } from '../harness/status-fields.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3')) ?? (await requireTool('redis'));
const lost = 'the store of this site is new or was emptied: agents send again what they still have, the rest is lost';

function told({ program }: HubHost): number {
  return program.logs.filter(({ message }) => message === lost).length;
}

test(
  'a Redis that is emptied under its hubs loses what agents do not retain any more, and tells of it',
  { skip, timeout: 600_000 },
  async () => {
    const scratch = await Scratch.make();
    await using server = await startRedis(scratch.path);
    const redis = (): { url: string; partitions: number } => ({ url: server.url, partitions: 8 });
    const retained = (agent: number): object => ({ buffer: { replay_window: agent === 0 ? '5m' : '1s' } });
    const agent = (number: number): Record<string, unknown> => ({ ...retained(number), events: { enabled: false } });
    await using cluster = await HubCluster.start({ scratch, hubs: 2, agents: 2, redis, agent });
    const { hubs, agents } = cluster;
    const [first] = hubs;
    const [, forgetful] = agents;
    assert.ok(first !== undefined && forgetful !== undefined);
    const write = (line: string): void => {
      for (const [number, { logs }] of agents.entries()) appendFileSync(`${logs}/a.log`, `${line} of ${number}\n`);
    };
    const isArchived = async (bytes: number): Promise<void> => {
      const isThere = async (): Promise<boolean> => (await archivedRawBytes(cluster.archive)) >= bytes;
      await until(`${bytes} bytes are archived`, isThere, { deadlineMs: 120_000, detail: () => cluster.tail() });
    };
    const sites = async (): Promise<unknown[]> => Promise.all(hubs.map(async (hub) => at(await hub.status(), 'site')));
    write('early');
    for (const { host } of agents) await host.start();
    await isArchived(22);
    const holdsNothing = async (): Promise<boolean> => sumOf(at(await forgetful.host.status(), 'buffer'), 'batches') === 0;
    await until('one agent retains nothing', holdsNothing);
    const before = await sites();

    await server.command('FLUSHALL');
    write('late');
    await isArchived(42);
    for (const hub of hubs) await until('each hub tells', () => told(hub) === 1, { detail: () => hub.program.tail() });
    const after = await sites();
    const ids = (site: unknown): unknown => [at(site, 'siteId'), at(site, 'hubId')];
    assert.deepEqual(after.map(ids), before.map(ids));
    assert.equal(new Set([...before, ...after].map((site) => at(site, 'storeId'))).size, 2, 'both have the one that is new');
    const streams = (await readArchive(cluster.archive)).filter(({ channel }) => channel === 'default/app');
    assert.deepEqual(streams.map(({ raw }) => raw.toString()).toSorted(), ['early of 0\nlate of 0\n', 'early of 1\nlate of 1\n']);
    const channel = listAt(await first.status(), 'queue', 'channels').find((one) => at(one, 'channel') === 'default/app');
    assert.deepEqual([at(channel, 'gaps'), at(channel, 'lost')], [1, 11]);
    const gaps = hubs.flatMap(({ program }) => program.logs.filter(({ message }) => message === 'a part of a stream is lost'));
    assert.deepEqual(
      gaps.map(({ fields }) => fields['cause']),
      ['store-lost'],
    );

    // What was archived before has its rows again, and the books of the new store balance: two lines late, one that was sent again.
    await until(
      'the books balance',
      async () => {
        const books = listAt(await first.status(), 'books').find((one) => at(one, 'channel') === 'default/app');
        const counts = ['processed', 'archived', 'restored', 'leftOut', 'missing'].map((name) => at(books, name));
        return JSON.stringify(counts) === JSON.stringify([3, 4, 2, 1, 0]);
      },
      { detail: () => cluster.tail() },
    );

    assert.equal((await first.program.stop()).code, 0);
    await first.start();
    assert.equal(told(first), 0, "the store is the site's again");
  },
);
