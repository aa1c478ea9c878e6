/** Against a real server, which has no lifecycle calls: rolled over and deleted by housekeeping alone. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { suite, test } from 'node:test';
import { requireTool } from '../../../test/harness/require.ts';
import { sharedElasticsearch } from '../../../test/harness/elasticsearch/shared-elasticsearch.ts';
import { elasticsearchOutput, type ElasticsearchOutputOptions } from '../../config/elasticsearch-options.ts';
import { housekeepingOptions } from '../../config/housekeeping-options.ts';
import { Connection } from '../../outputs/elasticsearch/client/connection.ts';
import { makeDailyIndex } from '../../outputs/elasticsearch/setup/daily-index.ts';
import { setUp } from '../../outputs/elasticsearch/setup/set-up.ts';
import { setupChoice } from '../../outputs/elasticsearch/setup/setup-choice.ts';
import { retentionOf } from '../retention.ts';
import { indices } from './indices.ts';
import { ownIndices } from './own-indices.ts';

const dayMs = 86_400_000;

suite('old indices of a real Elasticsearch', { skip: await requireTool('elasticsearch') }, () => {
  for (const how of ['data_stream', 'daily'] as const) {
    test(`what is old goes, what is written to and what is not ours stays: ${how}`, async () => {
      const { url } = await sharedElasticsearch();
      const tenant = `house_${randomBytes(4).toString('hex')}`;
      const options = elasticsearchOutput.parse({ kind: 'elasticsearch', urls: [url], tenants: [tenant], indices: how });
      await using connection = await Connection.open(options);
      const ask = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: object): Promise<unknown> => {
        const answer = await connection.request({ method, path, ...(body !== undefined && { body }) });
        assert.ok(answer.status < 300, `${path}: ${JSON.stringify(answer.body)}`);
        return answer.body;
      };
      await ask('PUT', `/logs-theirs-${tenant}-2020.01.01`, { mappings: { properties: {} } });
      await setUp(connection, setupChoice(options, [], []), { dryRun: false, force: false });
      if (how === 'daily') await fillDays(connection, tenant);
      else await fillStream(ask, tenant);
      const own = async (): Promise<string[]> =>
        (await ownIndices(connection)).map(({ index }) => index).filter((index) => index.includes(tenant));
      const before = await own();
      assert.equal(before.length, 3);
      const kind = indices({ options, retention: () => retentionOf(rules(tenant)) });
      const nowMs = how === 'daily' ? Date.UTC(2026, 10, 22, 12) : Date.now() + 8 * dayMs;
      const plan = (await Array.fromAsync(kind.plan(nowMs))).filter(({ subject }) => subject.includes(tenant));
      assert.deepEqual(
        plan.map(({ subject }) => subject),
        before.slice(0, 2),
      );
      assert.ok(plan.every(({ bytes, type }) => bytes > 0 && type === 'web'));
      for (const removal of plan) await kind.remove(removal, () => undefined);
      for (const removal of plan) await kind.remove(removal, () => undefined);
      assert.deepEqual(await own(), before.slice(2));
      if (how === 'data_stream') {
        const written = { subject: 'written', tenant, type: 'web', bytes: 0, why: '', index: before[2] ?? '' };
        await assert.rejects(
          kind.remove(written, () => undefined),
          /write index/,
        );
        await rollsOver(options, ask, tenant);
      }
    });
  }
});

function rules(tenant: string): ReturnType<typeof housekeepingOptions.parse> {
  return housekeepingOptions.parse({ retention: [{ kind: 'indices', tenant, age: '7d' }] });
}

type Ask = (method: 'GET' | 'POST' | 'PUT', path: string, body?: object) => Promise<unknown>;

async function fillStream(ask: Ask, tenant: string): Promise<void> {
  for (let index = 0; index < 3; index += 1) {
    if (index > 0) await ask('POST', `/logs-web-${tenant}/_rollover`);
    await ask('POST', `/logs-web-${tenant}/_doc?refresh=true`, {
      '@timestamp': '2026-11-22T10:00:00Z',
      message: `line ${index}`,
    });
  }
}

async function fillDays(connection: Connection, tenant: string): Promise<void> {
  for (const day of ['2026.11.01', '2026.11.14', '2026.11.15']) {
    await makeDailyIndex(connection, { index: `logs-web-${tenant}-${day}`, alias: `logs-web-${tenant}` });
  }
}

/** Of a data stream that is kept for an hour what is an hour old: this one is younger, and stays as it is. */
async function rollsOver(options: ElasticsearchOutputOptions, ask: Ask, tenant: string): Promise<void> {
  const kind = indices({ options, retention: () => retentionOf(rules(tenant)) });
  const before = JSON.stringify(await ask('GET', `/_resolve/index/logs-web-${tenant}`));
  await kind.prepare?.(Date.now(), new AbortController().signal);
  assert.equal(JSON.stringify(await ask('GET', `/_resolve/index/logs-web-${tenant}`)), before);
}
