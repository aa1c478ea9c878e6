/** Against a fake of the cluster that has a handful of answers; test/e2e has the real one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elasticsearchOutput } from '../../config/elasticsearch-options.ts';
import { housekeepingOptions } from '../../config/housekeeping-options.ts';
import type { Answer, Request } from '../../outputs/elasticsearch/client/connection.ts';
import type { HousekeepingKind, Removal } from '../removal.ts';
import { retentionOf } from '../retention.ts';
import { indices } from './indices.ts';

const dayMs = 86_400_000;
const nowMs = Date.parse('2026-11-22T12:00:00Z');

interface FakeIndex {
  readonly ageDays?: number;
  readonly bytes?: number;
  /** Made by somebody else's template. */
  readonly isForeign?: boolean;
  /** Who wrote what is in it; nothing is, unless that is said. */
  readonly documentsOf?: 'hub' | 'others';
}

class FakeCluster {
  readonly streams: Readonly<Record<string, Readonly<Record<string, FakeIndex>>>>;
  readonly plain: Readonly<Record<string, FakeIndex>>;
  readonly asked: string[] = [];
  /** `GET _data_stream/…/_lifecycle` is a call. */
  hasLifecycle = false;
  refusal: Answer | undefined;

  constructor(streams: FakeCluster['streams'], plain: FakeCluster['plain'] = {}) {
    this.streams = streams;
    this.plain = plain;
  }

  async request({ method, path, body }: Request): Promise<Answer> {
    if (method === 'DELETE' || path.endsWith('/_rollover')) {
      this.asked.push(`${method} ${path}${body === undefined ? '' : ` ${JSON.stringify(body)}`}`);
      return this.refusal ?? { status: 200, body: { acknowledged: true } };
    }
    return { status: this.#status(path), body: this.#body(path, typeof body === 'object' ? body : undefined) };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #status(path: string): number {
    return /_ilm|_lifecycle/.test(path) && !this.hasLifecycle ? 400 : 200;
  }

  #body(path: string, body: object | undefined): unknown {
    const all = [...Object.values(this.streams).flatMap((backing) => Object.entries(backing)), ...Object.entries(this.plain)];
    if (path === '/') return { version: { number: '9.4.3', build_flavor: 'default' } };
    if (path.endsWith('/_mapping'))
      return Object.fromEntries(
        all.flatMap(([name, { isForeign }]) =>
          isForeign === true ? [] : [[name, { mappings: { _meta: { managed_by: 'tributary' } } }]],
        ),
      );
    if (path.startsWith('/_resolve'))
      return {
        data_streams: Object.entries(this.streams).map(([name, backing]) => ({ name, backing_indices: Object.keys(backing) })),
        indices: [
          ...Object.entries(this.streams).flatMap(([stream, backing]) =>
            Object.keys(backing).map((name) => ({ name, data_stream: stream })),
          ),
          ...Object.keys(this.plain).map((name) => ({ name })),
        ],
      };
    if (path.endsWith('/_count')) {
      const writer = all.find(([name]) => path === `/${name}/_count`)?.[1].documentsOf;
      const isOfHub = JSON.stringify(body).includes('tributary.site');
      return { count: writer === 'hub' || (writer === 'others' && !isOfHub) ? 1 : 0 };
    }
    if (path.includes('/_settings/'))
      return Object.fromEntries(
        all.map(([name, { ageDays = 0 }]) => [name, { settings: { 'index.creation_date': String(nowMs - ageDays * dayMs) } }]),
      );
    if (path.includes('/_stats/'))
      return {
        indices: Object.fromEntries(all.map(([name, { bytes = 7 }]) => [name, { total: { store: { size_in_bytes: bytes } } }])),
      };
    return {};
  }
}

function kindOf(
  cluster: FakeCluster,
  output: object,
  ...retention: readonly object[]
): HousekeepingKind<Removal & { index: string }> {
  const options = elasticsearchOutput.parse({ kind: 'elasticsearch', urls: ['http://127.0.0.1:9200'], ...output });
  const rules = retentionOf(housekeepingOptions.parse({ retention }));
  return indices({ options, retention: () => rules, connect: async () => cluster });
}

async function plannedOf(kind: HousekeepingKind): Promise<string[]> {
  return (await Array.fromAsync(kind.plan(nowMs))).map(({ subject, bytes }) => `${subject} ${bytes}`);
}

function web(): FakeCluster {
  return new FakeCluster({
    'logs-web-shop': {
      '.ds-logs-web-shop-000001': { ageDays: 60, bytes: 100 },
      '.ds-logs-web-shop-000002': { ageDays: 40 },
      '.ds-logs-web-shop-000003': { ageDays: 20 },
    },
    'logs-app-other': { '.ds-logs-app-other-000001': { ageDays: 900 } },
    'logs-theirs-shop': {
      '.ds-logs-theirs-shop-000001': { ageDays: 900, isForeign: true },
      '.ds-logs-theirs-shop-000002': { ageDays: 800, isForeign: true },
    },
  });
}

test('backing indices go by their rollover, never the one that is written to, and only those of our templates', async () => {
  const cluster = web();
  assert.deepEqual(await plannedOf(kindOf(cluster, {})), [], 'nothing unless it is asked for');
  assert.deepEqual(await plannedOf(kindOf(cluster, { retention: '30d' })), ['.ds-logs-web-shop-000001 100']);
  const kind = kindOf(cluster, { retention: '1h' });
  assert.deepEqual(await plannedOf(kind), ['.ds-logs-web-shop-000001 100', '.ds-logs-web-shop-000002 7']);
  for await (const removal of kind.plan(nowMs)) await kind.remove(removal, () => undefined);
  assert.deepEqual(cluster.asked, ['DELETE /.ds-logs-web-shop-000001', 'DELETE /.ds-logs-web-shop-000002']);
});

test('a rule comes before the retention of the output, and other tenants than its own are nothing to it', async () => {
  const cluster = web();
  const rule = { kind: 'indices', tenant: 'shop', type: 'web', age: '1000d' };
  assert.deepEqual(await plannedOf(kindOf(cluster, { retention: '1h' }, rule)), []);
  assert.deepEqual(await plannedOf(kindOf(cluster, { retention: '1h', tenants: ['other'] })), []);
});

test('where the server deletes by itself it does so at the longest retention: the shorter ones are held here', async () => {
  const cluster = web();
  cluster.hasLifecycle = true;
  const all = await plannedOf(kindOf(cluster, { retention: '1h', tenants: ['shop'] }));
  assert.deepEqual(all, ['.ds-logs-web-shop-000001 100', '.ds-logs-web-shop-000002 7']);
  const rule = { kind: 'indices', type: 'web', age: '30d' };
  assert.deepEqual(await plannedOf(kindOf(cluster, { retention: '1h', tenants: ['shop'] }, rule)), [
    '.ds-logs-web-shop-000001 100',
  ]);
});

test('daily indices go by the day in their names, however late they were made', async () => {
  const days = ['2026.11.13', '2026.11.14', '2026.11.15', '2026.02.30'].map((day) => [`platform-audit-shop-${day}`, {}] as const);
  const cluster = new FakeCluster({}, { ...Object.fromEntries(days), 'logs-web-shop': { ageDays: 900 } });
  const output = { indices: 'daily', retention: '30d' };
  const rules = [
    { kind: 'indices', type: 'audit', age: '8d' },
    { kind: 'indices', type: 'platform', age: '1h' },
  ];
  assert.deepEqual(await plannedOf(kindOf(cluster, output, ...rules)), ['platform-audit-shop-2026.11.13 7']);
  const audit = { kind: 'audit', age: '1000d' };
  assert.deepEqual(await plannedOf(kindOf(cluster, output, ...rules, audit)), [], 'the audit trail has rules of its own');
  assert.deepEqual(await plannedOf(kindOf(cluster, output, { ...audit, tenant: 'bank' }, ...rules)), [
    'platform-audit-shop-2026.11.13 7',
  ]);
});

test('what the server refuses is told, and what has gone is gone', async () => {
  const cluster = web();
  const kind = kindOf(cluster, { retention: '30d' });
  const [removal] = await Array.fromAsync(kind.plan(nowMs));
  assert.ok(removal !== undefined);
  const over = (): never => {
    throw new Error('the lock is over');
  };
  await assert.rejects(kind.remove(removal, over), /the lock is over/);
  assert.deepEqual(cluster.asked, []);
  cluster.refusal = { status: 404, body: {} };
  await kind.remove(removal, () => undefined);
  cluster.refusal = { status: 400, body: { error: { type: 'illegal_argument_exception', reason: 'it is the write index' } } };
  await assert.rejects(
    kind.remove(removal, () => undefined),
    /does not delete \.ds-logs-web-shop-000001: it is the write index/,
  );
});

test('a server without lifecycle has its data streams rolled over, as often as their retention needs', async () => {
  const cluster = web();
  const kind = kindOf(cluster, { retention: '90d' }, { kind: 'indices', tenant: 'other', age: '1d' });
  await kind.prepare?.(nowMs, new AbortController().signal);
  assert.deepEqual(cluster.asked, [
    'POST /logs-web-shop/_rollover {"conditions":{"max_age":"7d","max_primary_shard_size":"50gb"}}',
    'POST /logs-app-other/_rollover {"conditions":{"max_age":"1h","max_primary_shard_size":"50gb"}}',
  ]);
  const able = web();
  able.hasLifecycle = true;
  await kindOf(able, { retention: '90d' }).prepare?.(nowMs, new AbortController().signal);
  assert.deepEqual(able.asked, []);
});

test('where our patterns fit the data streams of others, what holds nothing of ours stays, and is not rolled over', async () => {
  const cluster = new FakeCluster({
    'logs-web-shop': {
      '.ds-logs-web-shop-000001': { ageDays: 60, documentsOf: 'hub' },
      '.ds-logs-web-shop-000002': { ageDays: 40, documentsOf: 'hub' },
    },
    'logs-payments-default': {
      '.ds-logs-payments-default-000001': { ageDays: 60, documentsOf: 'others' },
      '.ds-logs-payments-default-000002': { ageDays: 40, documentsOf: 'others' },
    },
  });
  const kind = kindOf(cluster, { retention: '1h' });
  assert.deepEqual(await plannedOf(kind), ['.ds-logs-web-shop-000001 7']);
  await kind.prepare?.(nowMs, new AbortController().signal);
  assert.deepEqual(
    cluster.asked.map((asked) => asked.split(' ')[1]),
    ['/logs-web-shop/_rollover'],
  );
  const named = kindOf(cluster, { retention: '1h', tenants: ['default'] });
  assert.deepEqual(await plannedOf(named), ['.ds-logs-payments-default-000001 7'], "names of tenants are the hub's own");
});
