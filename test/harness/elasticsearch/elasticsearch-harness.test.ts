import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textAt } from '../json.ts';
import { requireTool } from '../require.ts';
import { Scratch } from '../scratch.ts';
import { TestAuthority } from '../test-authority.ts';
import { ElasticsearchCluster } from './elasticsearch-cluster.ts';
import { RawElasticsearch } from './raw-elasticsearch.ts';
import { readDocuments } from './read-documents.ts';

const skip = (await requireTool('elasticsearch')) ?? (await requireTool('python3'));

// All in one test, as each start of a node takes ten seconds of a core.
test(
  'a node of a cluster that is killed has after its start what it confirmed, for who has password and authority',
  { skip },
  async () => {
    await using scratch = await Scratch.make();
    const authority = await TestAuthority.make();
    const tls = { ...(await authority.issue({ hosts: ['127.0.0.1'], usage: 'server' })), authority: authority.cert };
    const users = [{ name: 'shipper', password: 'a b:c', roles: ['superuser'] }];
    await using cluster = await ElasticsearchCluster.start({ nodes: 2, folder: scratch.file('cluster'), users, tls });
    const [first, second] = [cluster.node(0), cluster.node(1)];
    const onSecond = { number_of_replicas: 0, 'index.routing.allocation.require._name': 'node-2' };
    await first.ask('PUT', '/things', { settings: onSecond });
    await first.ask('PUT', '/things/_create/a', { message: 'one' });

    const { pid, url } = second;
    await second.kill();
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    await first.ask('PUT', '/others', { settings: { number_of_replicas: 0 } });
    assert.equal((await first.request('PUT', '/others/_create/b', { message: 'two' })).status, 201);
    await second.restart();
    await cluster.untilWhole();
    assert.notEqual(second.pid, pid);
    assert.equal(second.url, url);
    assert.equal(textAt(await second.ask('GET', '/things/_doc/a'), '_source', 'message'), 'one');
    const found = await readDocuments({ from: second, indices: ['things', 'others'] });
    assert.deepEqual(new Set(found.map(({ id }) => id)), new Set(['a', 'b']));

    const guess = new RawElasticsearch({ url, authority: tls.authority, user: { name: 'shipper', password: 'guessed' } });
    assert.equal((await guess.request('GET', '/')).status, 401);
    await assert.rejects(new RawElasticsearch({ url }).request('GET', '/'), /certificate/);
  },
);
