/** Lists of the API while what is in them comes and goes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeopleClient } from '../../testing/people-client.ts';
import { PeopleServer } from '../../testing/people-server.ts';

test('tokens and people are listed a part at a time, each once, while others come and go', async () => {
  await using server = await PeopleServer.start();
  const client = new PeopleClient(server.url, await server.addToken('*', 'admin'));
  const grants = [{ tenant: 'shop', role: 'viewer' as const }];
  const idOf = async (): Promise<string> => (await server.addToken('shop', 'read')).split('_')[1] ?? '';
  const stays = { users: ['anna', 'ben', 'dora', 'emil', 'fritz'], tokens: [await idOf(), await idOf(), await idOf()] };
  for (const name of [...stays.users, 'clara']) await server.addUser(name, grants);
  for (const list of ['users', 'tokens'] as const) {
    const seen: string[] = [];
    let query = '?limit=2';
    for (let turn = 0; ; turn += 1) {
      const { status, body } = await client.call('GET', `/api/v1/${list}${query}`);
      assert.equal(status, 200, JSON.stringify(body));
      const items: unknown = body?.[list];
      assert.ok(Array.isArray(items) && items.length <= 2);
      seen.push(...items.map((item: unknown) => String(Object(item)[list === 'users' ? 'name' : 'id'])));
      if (turn === 0) {
        await client.call('DELETE', '/api/v1/users/anna');
        await server.addUser('aaron', grants);
        await server.addUser('berta', grants);
        await idOf();
      }
      const next = body?.['next'];
      if (typeof next !== 'string') break;
      query = `?limit=2&after=${next}`;
    }
    assert.equal(new Set(seen).size, seen.length, seen.join());
    for (const one of stays[list]) assert.ok(seen.includes(one), `${one} of ${seen.join()}`);
  }
  const all = await client.call('GET', '/api/v1/users');
  assert.deepEqual([all.body?.['next'], Object(all.body?.['users']).length], [undefined, 7]);
});

test('a time is told in the same ways wherever one is asked for', async () => {
  await using server = await PeopleServer.start();
  const client = new PeopleClient(server.url, await server.addToken('*', 'read'));
  const ask = async (path: string): Promise<unknown[]> => {
    const { status, body } = await client.call('GET', `/api/v1/${path}`);
    return [status, body?.['error']];
  };
  const nowMs = Date.now();
  for (const time of ['now-15m', '15m', new Date(nowMs - 60_000).toISOString(), String(nowMs - 60_000)]) {
    for (const path of [`charts?from=${time}`, `charts?from=${time}&to=now`, `health/changes?since=${time}`])
      assert.deepEqual(await ask(path), [200, undefined], path);
  }
  assert.deepEqual(await ask('health/changes?since=0'), [200, undefined]);
  for (const path of ['charts?from=soon', 'charts?to=1', 'health/changes?since=', 'health/changes?since=-5'])
    assert.deepEqual(await ask(path), [400, 'range'], path);
});

test('what no answer gave as next begins no list anew', async () => {
  await using server = await PeopleServer.start();
  const client = new PeopleClient(server.url, await server.addToken('*', 'admin'));
  for (const list of ['health', 'health/changes', 'agents', 'tokens', 'users', 'channels', 'topics', 'alerts']) {
    const { status, body } = await client.call('GET', `/api/v1/${list}?after=..`);
    assert.deepEqual([status, body?.['error']], [400, 'malformed'], list);
    assert.match(String(body?.['message']), /after is not what an answer gave as next/);
  }
});
