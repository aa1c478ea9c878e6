/** What of a silence the health of a finding tells, and to whom. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelNode } from '../../health/model/health-model.ts';
import { PeopleClient } from '../../testing/people-client.ts';
import { PeopleServer } from '../../testing/people-server.ts';

const cause = { kind: 'lag', subject: 'x', level: 'red', reason: 'slow', sinceMs: 0 } as const;
const place = { id: 'topic/front/shop/web', kind: 'topic', name: 'web', parent: 'site', owners: ['shop'] } as const;
const node: ModelNode = { ...place, state: 'red', own: 'red', reason: 'slow', sinceMs: 0, causes: [cause] };

test('a silence is told at the finding: a tenant’s to the tenant, and of the site’s only how long it lasts', async () => {
  await using server = await PeopleServer.start({ tree: new Map([[node.id, node]]) });
  const admin = new PeopleClient(server.url, await server.addToken('*', 'admin'));
  const shop = new PeopleClient(server.url, await server.addToken('shop', 'admin'));
  const told = async (client: PeopleClient): Promise<unknown> => {
    const { body } = await client.call('GET', '/api/v1/health');
    return Object(body?.['nodes'])[0].causes[0].silenced;
  };
  const silence = async (client: PeopleClient, wanted: object): Promise<string> => {
    const { status, body, text } = await client.call('POST', '/api/v1/alerts/silences', wanted);
    assert.equal(status, 200, text);
    return String(Object(body?.['silence']).id);
  };
  assert.equal(await told(admin), undefined);
  const untilMs = Date.now() + 3_600_000;
  const own = { node: node.id, finding: 'lag', tenant: 'shop', note: 'new disks' };
  const ownId = await silence(shop, { ...own, untilMs });
  for (const client of [admin, shop]) {
    const { by, ...rest } = Object(Object(await told(client)).silence);
    assert.deepEqual(rest, { ...own, id: ownId });
    assert.match(by, /^token:/);
  }
  const siteId = await silence(admin, { finding: 'lag', untilMs: untilMs + 1, note: 'for our ears only' });
  assert.deepEqual(await told(shop), { untilMs: untilMs + 1 });
  assert.partialDeepStrictEqual(await told(admin), { untilMs: untilMs + 1, silence: { id: siteId, node: '*' } });
  await admin.call('DELETE', `/api/v1/alerts/silences/${siteId}`);
  assert.partialDeepStrictEqual(await told(shop), { untilMs, silence: { id: ownId } });
});
