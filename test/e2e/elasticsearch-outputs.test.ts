/**
 * Several Elasticsearch outputs at once with filters of their own, changed by configuration alone. Both names lead to the shared server, as a
 * second one is dear: what both have is stored once, and each counts for itself what it settled.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { CutProxy } from '../harness/cut-proxy.ts';
import { IndexingHub } from '../harness/elasticsearch/indexing-hub.ts';
import { sharedElasticsearch } from '../harness/elasticsearch/shared-elasticsearch.ts';
import { at, listAt, numberAt } from '../harness/json.ts';
import { requireTool } from '../harness/require.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('elasticsearch')) ?? (await requireTool('python3'));

test(
  'a log type goes to the local cluster, to another or to both, as the configuration says; one with a reader of its own does not wait for others',
  { skip, timeout: 600_000 },
  async () => {
    const server = await sharedElasticsearch();
    const tenant = `routed_${randomBytes(4).toString('hex')}`;
    const { hostname: host, port } = new URL(server.url);
    await using proxy = await CutProxy.start({ host, port: Number(port) });
    const external = { kind: 'elasticsearch', name: 'external', urls: [proxy.url], tenants: [tenant], bulk_wait: '20ms' };
    const local = { types: ['web', 'app'], per_type: { app: { concurrency: 1, bulk_bytes: '16KiB' } } };
    const more = { outputs: [{ ...external, types: ['app'] }] };
    await using site = await IndexingHub.start({ server, tenant, types: ['web', 'app'], output: local, more });
    const settled = async (name: string): Promise<number> => {
      const output = listAt(await site.hub.status(), 'outputs').find((one) => at(one, 'name') === name);
      return numberAt(output, 'counts', 'documents') + numberAt(output, 'counts', 'wasThere');
    };
    const untilSettled = async (name: string, count: number): Promise<void> => {
      await until(`${name} has ${count}`, async () => (await settled(name)) >= count, { detail: () => site.hub.program.tail() });
    };
    const lines = (from: number, count: number): { readonly number: number; readonly message: string }[] =>
      Array.from({ length: count }, (_, index) => ({
        number: from + index,
        message: `line ${from + index} ${'x'.repeat(1000)}`,
      }));
    await site.push('web', lines(0, 20));
    await site.push('app', lines(0, 200));
    await untilSettled('elasticsearch', 220);
    await untilSettled('external', 200);
    const readMs = async (): Promise<number> => numberAt(await site.hub.status(), 'configuration', 'readMs');
    const before = await readMs();
    await site.configure({ ...local, types: ['web'] });
    await until('the configuration was read again', async () => (await readMs()) > before);
    assert.equal(at(await site.hub.status(), 'configuration', 'state'), 'current');
    // Outputs that changed count from then on.
    const base = { local: await settled('elasticsearch'), external: await settled('external') };
    proxy.isCut = true;
    proxy.dropAll();
    await site.push('web', lines(20, 20));
    await untilSettled('elasticsearch', base.local + 20);
    await site.push('app', lines(200, 50));
    proxy.isCut = false;
    await untilSettled('external', base.external + 50);
    assert.equal(await settled('elasticsearch'), base.local + 20);
    await site.untilCount('app', 250);
    const numbers = (await site.documents('app'))
      .map(({ source }) => numberAt(source, 'number'))
      .toSorted((one, other) => one - other);
    assert.deepEqual(
      numbers,
      Array.from({ length: 250 }, (_, number) => number),
    );
    assert.equal(await site.count('web'), 40);
  },
);
