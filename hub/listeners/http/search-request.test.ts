/** Searches by HTTP over a pretended store of numbered lines: what of them is in the audit trail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FoundRecord } from '../../dashboard/api/search-shapes.ts';
import { heartbeatMs, pagesHoldMs } from '../../search/limits.ts';
import type { SearchStore } from '../../search/search-store.ts';
import { PeopleClient } from '../../testing/people-client.ts';
import { PeopleServer, testPassword } from '../../testing/people-server.ts';

const lines = 5;

function numbered(position: number): FoundRecord {
  const at = { agent: 'a', stream: 'b', position, ordinal: 0 };
  const line = `line ${position}`;
  return { at, tenant: 'shop', type: 'web', receivedMs: 0, host: 'web1', source: '', labels: {}, line, cut: false };
}

/** `after` is the number of lines that were given. */
const store: SearchStore = {
  name: 'archive',
  kind: 'archive',
  state: 'running',
  async *records(_wanted, { limit, after }) {
    const from = Number(after ?? 0);
    const to = Math.min(lines, from + limit);
    yield { records: Array.from({ length: to - from }, (_, index) => numbered(from + index)) };
    const summary = { objectsRead: 1, objectsSkipped: 0, rawBytes: 0, seconds: 0 };
    return { ...(to < lines && { next: String(to) }), summary, problems: [] };
  },
  histogram: async (_wanted, { fromMs, stepMs }) => ({ fromMs, stepMs, counts: [lines], approximate: false }),
  facets: async () => ({ facets: [], approximate: false }),
  context: async () => ({ before: [], after: [] }),
};

async function signedIn(server: PeopleServer, name: string): Promise<PeopleClient> {
  await server.addUser(name, [{ tenant: 'shop', role: 'viewer' }]);
  const client = new PeopleClient(server.url);
  assert.equal((await client.signIn(name, testPassword)).status, 200);
  return client;
}

async function searched(server: PeopleServer): Promise<string[]> {
  const events = (await server.trail()).filter(({ action }) => action === 'archive-searched');
  return events.map(({ actor, details }) => `${actor} ${String(details['way'])} ${String(details['pattern'] ?? '')}`.trim());
}

async function page(client: PeopleClient, query: string, after = ''): Promise<{ readonly text: string; readonly next: string }> {
  const answer = await client.call('GET', `/api/v1/search?limit=2&${query}${after === '' ? '' : `&after=${after}`}`);
  assert.equal(answer.status, 200, answer.text);
  const next = answer.body?.['next'];
  return { text: answer.text, next: typeof next === 'string' ? next : '' };
}

test('a search is in the trail once, whatever belongs to it, and nobody makes up a page of one', async () => {
  await using server = await PeopleServer.start({ stores: [store] });
  const anna = await signedIn(server, 'anna');
  const first = await page(anna, 'text=secret&from=now-1h');
  await anna.call('GET', '/api/v1/search/histogram?text=secret&from=now-1h&buckets=80');
  await anna.call('GET', '/api/v1/search/facets?text=secret&from=now-1h');
  const second = await page(anna, 'text=secret&from=now-1h', first.next);
  assert.match(second.text, /line 2.*line 3/);
  const third = await page(anna, 'text=secret&from=now-1h', second.next);
  assert.match(third.text, /line 4/);
  assert.equal(third.next, '');
  assert.deepEqual(await searched(server), ['anna search secret']);

  for (const made of ['2', '2.0', `${first.next}x`]) {
    const answer = await anna.call('GET', `/api/v1/search?text=secret&from=now-1h&after=${made}`);
    assert.deepEqual([answer.status, answer.body?.['error']], [400, 'stale-page'], made);
  }
  const bert = await signedIn(server, 'bert');
  const handed = await bert.call('GET', `/api/v1/search?text=secret&from=now-1h&after=${first.next}`);
  assert.equal(handed.body?.['error'], 'stale-page');
  assert.deepEqual(await searched(server), ['anna search secret']);

  server.pass(pagesHoldMs);
  await page(anna, 'text=secret&from=now-1h', first.next);
  assert.deepEqual(await searched(server), ['anna search secret', 'anna search secret']);
});

test('who asks only for counts is in the trail', async () => {
  await using server = await PeopleServer.start({ stores: [store] });
  const anna = await signedIn(server, 'anna');
  const asked = ['histogram?text=one', 'facets?text=one', 'facets?text=two', 'histogram?text=two', 'export?text=three'];
  for (const path of asked) assert.equal((await anna.call('GET', `/api/v1/search/${path}`)).status, 200, path);
  const place = `agent=${'a'.repeat(32)}&stream=${'b'.repeat(32)}&position=7&received=0`;
  assert.equal((await anna.call('GET', `/api/v1/search/context?tenant=shop&type=web&${place}`)).status, 200);
  assert.deepEqual(await searched(server), ['anna histogram one', 'anna facets two', 'anna export three', 'anna context']);
  const context = (await server.trail()).at(-1)?.details;
  assert.deepEqual([context?.['stream'], context?.['position']], ['b'.repeat(32), '7']);
});

test('a file ends with the session that asked for it', async () => {
  const gate = Promise.withResolvers<void>();
  const slow: SearchStore = {
    ...store,
    async *records(...asked) {
      yield { records: [numbered(0)] };
      await gate.promise;
      return yield* store.records(...asked);
    },
  };
  await using server = await PeopleServer.start({ stores: [slow] });
  const anna = await signedIn(server, 'anna');
  const headers = { cookie: anna.cookie ?? '' };
  const file = await fetch(`${server.url}/api/v1/search/export?format=raw`, { headers });
  const reader = file.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert.ok(reader !== undefined);
  assert.equal((await reader.read()).value, 'line 0\n');
  assert.equal((await anna.call('DELETE', '/api/v1/session')).status, 204);
  server.pass(heartbeatMs);
  gate.resolve();
  assert.deepEqual(await reader.read(), { done: true, value: undefined });
});

test('a preview that shows lines of a channel is in the trail, and one of lines that are given is not', async () => {
  await using server = await PeopleServer.start({ stores: [store] });
  await server.addUser('olga', [{ tenant: '*', role: 'operator' }]);
  const olga = new PeopleClient(server.url);
  await olga.signIn('olga', testPassword);
  const body = { tenant: 'shop', text: 'steps:\n  - json: {}\n', lines: ['one'] };
  assert.equal((await olga.call('POST', '/api/v1/pipelines/web/preview', body)).status, 200);
  assert.deepEqual(await searched(server), []);
  const answer = await olga.call('POST', '/api/v1/pipelines/web/preview', { ...body, recent: 2 });
  assert.match(answer.text, /"line 1"/);
  assert.deepEqual(await searched(server), ['olga preview']);
  assert.equal((await server.trail()).at(-1)?.tenant, 'shop');
});

test('what is the matter with a store is told to those who see the whole site', async () => {
  const troubled = { ...store, name: 'elastic', state: 'the index of docks has no room' };
  await using server = await PeopleServer.start({ stores: [store, troubled] });
  const told = async (tenant: string): Promise<unknown[]> => {
    const client = new PeopleClient(server.url, await server.addToken(tenant, 'read'));
    return Object((await client.call('GET', '/api/v1/stores')).body?.['stores']).map(({ state }: { state: string }) => state);
  };
  assert.deepEqual(await told('*'), ['running', troubled.state]);
  assert.deepEqual(await told('shop'), ['running', 'in trouble']);
});
