import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import type { Doubt } from '../bulk/bulk-server.ts';
import { clockSlackMs } from '../limits.ts';
import { type Answer, NoAnswerError, type Request } from './connection.ts';
import { NotToldError } from './backing-indices.ts';
import { KeptIndices, VolatileIndexError } from './kept-indices.ts';
import { lookUp } from './look-up.ts';

const signal = new AbortController().signal;

/** Answers as Elasticsearch does, from what it is given. */
class Asked {
  readonly requests: Request[] = [];
  /** Creation times of the indices behind the name. */
  readonly indices: Record<string, { createdMs: number; durability?: string }>;
  readonly ids: Record<string, readonly string[]>;
  tasks: string[][] = [];
  status = 200;
  tasksAnswer: Answer | undefined;
  /** None: the last one that was made. */
  written: string | undefined;
  isAlias = false;

  constructor(indices: Asked['indices'], ids: Asked['ids'] = {}) {
    this.indices = indices;
    this.ids = ids;
  }

  async request(request: Request): Promise<Answer> {
    this.requests.push(request);
    if (this.status !== 200) return { status: this.status, body: {} };
    if (request.method === 'PUT') return { status: 200, body: {} };
    if (request.path.includes('/_settings')) return { status: 200, body: this.#settings() };
    if (request.path.startsWith('/_resolve/')) {
      const names = Object.entries(this.indices).toSorted(([, one], [, other]) => one.createdMs - other.createdMs);
      const backing = names.map(([name]) => name).filter((name) => name !== this.written);
      if (this.isAlias) return { status: 200, body: { aliases: [{ name: 'logs-app-acme', indices: backing }] } };
      const stream = {
        name: 'logs-app-acme',
        backing_indices: [...backing, ...(this.written === undefined ? [] : [this.written])],
      };
      return { status: 200, body: { data_streams: [stream] } };
    }
    if (request.path.startsWith('/_alias/')) {
      const written = (name: string): object => ({ aliases: { 'logs-app-acme': { is_write_index: name === this.written } } });
      return { status: 200, body: Object.fromEntries(Object.keys(this.indices).map((name) => [name, written(name)])) };
    }
    if (request.path === '/_tasks') {
      if (this.tasksAnswer !== undefined) return this.tasksAnswer;
      const tasks = (this.tasks.shift() ?? []).map((id) => [id, { headers: { 'X-Opaque-Id': id } }]);
      return { status: 200, body: { nodes: { one: { tasks: Object.fromEntries(tasks) } } } };
    }
    const { docs }: { docs: { _index: string; _id: string }[] } = JSON.parse(JSON.stringify(request.body));
    return {
      status: 200,
      body: { docs: docs.map(({ _index: index, _id: id }) => ({ found: this.ids[index]?.includes(id) === true })) },
    };
  }

  #settings(): object {
    return Object.fromEntries(
      Object.entries(this.indices).map(([name, { createdMs, durability }]) => {
        const durable = durability === undefined ? {} : { 'index.translog.durability': durability };
        return [name, { settings: { 'index.creation_date': String(createdMs), ...durable } }];
      }),
    );
  }
}

function sought(...ids: readonly string[]): { index: string; id: string; sinceMs: number; doubt: Doubt }[] {
  return ids.map((id) => ({ index: 'logs-app-acme', id, sinceMs: 0, doubt: 'elsewhere' }));
}

function partsOf(server: Asked): Parameters<typeof lookUp>[0] {
  return { server, clock: new ManualClock(), isEarlier: (id) => id.startsWith('ours/'), onLookedUp: () => undefined };
}

test('one index alone refuses what it has: only what may have been sent just now is looked up', async () => {
  const server = new Asked({ one: { createdMs: 1 } }, { one: ['a'] });
  assert.deepEqual(await lookUp(partsOf(server), sought('a'), signal), new Set());
  assert.equal(server.requests.length, 1);
  const late = sought('a', 'b').map((one) => ({ ...one, doubt: 'anywhere' as const }));
  assert.deepEqual(await lookUp(partsOf(server), late, signal), new Set([0]), 'it may roll over before the request');
});

test('all indices but the one that is written to are asked, in the order of their making', async () => {
  const server = new Asked(
    { z: { createdMs: 1 }, a: { createdMs: 3 }, m: { createdMs: 2 } },
    { z: ['one'], m: ['two'], a: ['three'] },
  );
  assert.deepEqual(await lookUp(partsOf(server), sought('one', 'two', 'three', 'four'), signal), new Set([0, 1]));
});

test('an index that was no longer written to when a document was made has it not', async () => {
  const hour = 3_600_000;
  const created = { 'a-000001': { createdMs: 1 }, 'a-000002': { createdMs: hour }, 'a-000003': { createdMs: 3 * hour } };
  const server = new Asked(created, { 'a-000001': ['a'] });
  const late = [{ index: 'logs-app-acme', id: 'a', sinceMs: hour + clockSlackMs + 1, doubt: 'elsewhere' } as const];
  assert.deepEqual(await lookUp(partsOf(server), late, signal), new Set());
  const mget = server.requests.find(({ path }) => path === '/_mget');
  assert.deepEqual(mget?.body, { docs: [{ _index: 'a-000002', _id: 'a', _source: false }] });
});

/** Seen as documents that were there twice: an index that was shrunk is newer than the one that is written to, and was taken for it. */
test('the index that is written to is the one that the server says, and a copy of an older one is asked', async () => {
  const hour = 3_600_000;
  const indices = {
    'a-000001': { createdMs: 1 },
    'a-000003': { createdMs: 3 * hour },
    'shrink-x-a-000002': { createdMs: 4 * hour },
    'restored-b': { createdMs: 2 * hour },
  };
  for (const isAlias of [false, true]) {
    const server = new Asked(indices, { 'shrink-x-a-000002': ['a'], 'a-000003': ['b'], 'restored-b': ['c'], 'a-000001': ['d'] });
    server.written = 'a-000003';
    server.isAlias = isAlias;
    assert.deepEqual(await lookUp(partsOf(server), sought('a', 'b', 'c', 'd'), signal), new Set([0, 2, 3]));
    // Made an hour before the last rollover: the first index was written to until then, as what lies between was no rollover of it.
    const late = sought('d').map((one) => ({ ...one, sinceMs: 3 * hour }));
    assert.deepEqual(await lookUp(partsOf(server), late, signal), new Set([0]));
  }
});

test('the newest index is asked first, and older ones only for what is not there', async () => {
  const indices = { 'a-000001': { createdMs: 1 }, 'a-000002': { createdMs: 2 }, 'a-000003': { createdMs: 3 } };
  const server = new Asked(indices, { 'a-000001': ['one'], 'a-000002': ['two'], 'a-000003': ['three'] });
  const all = sought('one', 'two', 'three').map((one) => ({ ...one, doubt: 'anywhere' as const }));
  assert.deepEqual(await lookUp(partsOf(server), all, signal), new Set([0, 1, 2]));
  const asked = server.requests.filter(({ path }) => path === '/_mget').map(({ body }) => JSON.stringify(body).match(/a-\d+/g));
  assert.deepEqual(asked, [Array(3).fill('a-000003'), Array(2).fill('a-000002'), ['a-000001']]);
});

test('earlier requests that the server works on are waited for, and later ones not', async () => {
  const server = new Asked({ one: { createdMs: 1 }, two: { createdMs: 2 } }, { one: ['a'] });
  server.tasks = [['ours/1', 'ours/2', 'another/1'], ['ours/2', 'ours/3'], ['ours/3']];
  const parts = partsOf(server);
  const clock = new ManualClock();
  const found = lookUp({ ...parts, clock }, sought('a'), signal);
  const asked = (): number => server.requests.filter(({ path }) => path === '/_mget').length;
  for (let turn = 0; turn < 1000 && asked() === 0; turn += 1) {
    clock.advance(100);
    await new Promise(setImmediate);
  }
  assert.deepEqual(await found, new Set([0]));
  assert.equal(server.requests.filter(({ path }) => path === '/_tasks').length, 3);
});

test('what cannot be known is not guessed', async () => {
  const server = new Asked({});
  server.status = 503;
  await assert.rejects(lookUp(partsOf(server), sought('a'), signal), NoAnswerError);
  server.status = 403;
  await assert.rejects(lookUp(partsOf(server), sought('a'), signal), NotToldError);
  const silent = new Asked({ one: { createdMs: 1 }, two: { createdMs: 2 } });
  silent.tasksAnswer = { status: 200, body: { node_failures: [{ type: 'failed_node_exception' }] } };
  await assert.rejects(lookUp(partsOf(silent), sought('a'), signal), NoAnswerError);
  silent.tasksAnswer = { status: 403, body: {} };
  await assert.rejects(lookUp(partsOf(silent), sought('a'), signal), NotToldError);
  silent.tasksAnswer = { status: 410, body: {} };
  assert.deepEqual(await lookUp(partsOf(silent), sought('a'), signal), new Set(), 'a server without this call');
});

test('an index that acknowledges what is not on disk is refused, unless that may be', async () => {
  const server = new Asked({ one: { createdMs: 1, durability: 'ASYNC' }, two: { createdMs: 2, durability: 'REQUEST' } });
  const clock = new ManualClock(1000);
  const kept = new KeptIndices({ server, clock, isDaily: false, mayBeVolatile: false });
  await kept.check(['logs-app-acme'], signal);
  await kept.check(['logs-app-acme'], signal);
  assert.equal(server.requests.filter(({ path }) => path.includes('/_settings')).length, 1, 'looked at now and then only');
  server.indices['two'] = { createdMs: 2, durability: 'async' };
  await kept.check(['logs-app-acme'], signal);
  clock.advance(5000);
  await assert.rejects(kept.check(['logs-app-acme'], signal), VolatileIndexError);
  server.indices['two'] = { createdMs: 2, durability: 'request' };
  await kept.check(['logs-app-acme'], signal);
  const asked = server.requests.length;
  clock.advance(5000);
  await kept.check(['logs-app-acme'], signal);
  assert.equal(server.requests.length, asked + 1, 'that an older one is volatile is known');
  const relaxed = new KeptIndices({ server, clock, isDaily: false, mayBeVolatile: true });
  await relaxed.check(['logs-app-acme'], signal);
});

test('a day gets its index with the alias before its first document', async () => {
  const server = new Asked({});
  const kept = new KeptIndices({ server, clock: new ManualClock(), isDaily: true, mayBeVolatile: false });
  await kept.make(['logs-app-acme-2026.11.22', 'logs-app-acme-2026.11.22']);
  await kept.make(['logs-app-acme-2026.11.22']);
  assert.deepEqual(
    server.requests.map(({ method, path, body }) => [method, path, body]),
    [['PUT', '/logs-app-acme-2026.11.22', { aliases: { 'logs-app-acme': {} } }]],
  );
});
