import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as z from 'zod';
import { allMetrics } from '../../../../metrics/all-metrics.ts';
import { boardsOf } from '../boards.ts';
import { pipelineMetrics } from '../known-types.ts';
import { grafanaFiles } from './grafana-files.ts';
import { grafanaDashboard } from './grafana-dashboard.ts';
import { agentsBoard, hubBoard } from './prometheus-boards.ts';

const pipelines = {
  sources: [
    {
      name: 'web',
      file: 'web.yaml',
      text: `steps:
  - metric: { name: requests_total }
  - metric: { name: request_seconds, kind: histogram, value: event.duration, buckets: [1, 5] }`,
    },
    { name: 'bad', file: 'bad.yaml', text: 'steps: 5' },
  ],
  rules: [],
};

/** Names of series in the expressions of a dashboard. */
function namesIn(board: object): Set<string> {
  const expressions = [...JSON.stringify(board).matchAll(/"expr":"(?<expression>(?:[^"\\]|\\.)+)"/g)].map(
    ({ groups }) => groups?.['expression'] ?? '',
  );
  assert.ok(expressions.length > 0);
  const words = expressions.flatMap(
    (text) => text.replaceAll(/by \([^)]*\)|\$\w+|\{[^}]*\}/g, '').match(/[a-z][a-z0-9_]*/g) ?? [],
  );
  const functions = new Set(['sum', 'max', 'abs', 'rate', 'increase', 'count', 'time', 'histogram_quantile']);
  return new Set(words.filter((word) => !functions.has(word)));
}

function textOf(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}

async function hubNames(): Promise<ReadonlySet<string>> {
  return new Set((await allMetrics()).map(({ name, type }) => (type === 'histogram' ? `${name}_bucket` : name)));
}

/** An agent that has nothing to tell of a metric leaves it out, so the names are looked for where they are made. */
function agentNames(): ReadonlySet<string> {
  const source = textOf('../../../../../agent/status/prometheus/agent-metrics.ts');
  const made = new Set(
    [...source.matchAll(/(?<how>gauge|counter|name:)[(\s]\s*'(?<name>[a-z_]+)'/g)].map(({ groups }) => {
      return `tributary_agent_${groups?.['name']}${groups?.['how'] === 'counter' ? '_total' : ''}`;
    }),
  );
  assert.ok(made.size > 20);
  return made;
}

test('what the dashboard of the hub asks for is among its metrics', async () => {
  const metrics = pipelineMetrics(pipelines, {});
  assert.deepEqual(metrics, [
    { name: 'request_seconds', kind: 'histogram' },
    { name: 'requests_total', kind: 'counter' },
  ]);
  const names = namesIn(grafanaDashboard(hubBoard(metrics)));
  assert.ok(names.size > 30);
  const told = (await hubNames()).union(new Set(['request_seconds_bucket', 'requests_total']));
  assert.deepEqual([...names.difference(told)], []);
});

test('what alerts ask for is among the metrics of hubs and agents', async () => {
  const names = textOf('../../../../../packaging/prometheus/tributary-alerts.yaml').match(/\btributary_[a-z_]+\b/g) ?? [];
  assert.ok(names.length > 30);
  const told = (await hubNames()).union(agentNames()).union(new Set(['tributary_hub_', 'tributary_']));
  assert.deepEqual([...new Set(names).difference(told)], []);
});

test('what the dashboard of agents asks for is among their metrics', () => {
  assert.deepEqual([...namesIn(grafanaDashboard(agentsBoard)).difference(agentNames())], []);
});

/** As Grafana's documentation of its JSON model has it. */
const dashboard = z.looseObject({
  uid: z.string().min(1).max(40),
  title: z.string().min(1),
  schemaVersion: z.int(),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  templating: z.strictObject({
    list: z.tuple([
      z.looseObject({
        name: z.literal('datasource'),
        type: z.literal('datasource'),
        query: z.enum(['prometheus', 'elasticsearch']),
      }),
      z.looseObject({ name: z.literal('filters'), type: z.literal('adhoc') }),
    ]),
  }),
  panels: z.array(
    z.looseObject({
      id: z.int(),
      title: z.string().min(1),
      type: z.enum(['timeseries', 'stat', 'table', 'barchart', 'piechart', 'logs']),
      datasource: z.strictObject({ type: z.enum(['prometheus', 'elasticsearch']), uid: z.literal('${datasource}') }),
      gridPos: z
        .strictObject({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1), h: z.int().min(1) })
        .refine(({ x, w }) => x + w <= 24),
      targets: z.array(z.looseObject({ refId: z.string().regex(/^[A-Z]$/) })).min(1),
      fieldConfig: z.strictObject({ defaults: z.looseObject({}), overrides: z.array(z.unknown()) }),
    }),
  ),
});

test('files for Grafana are of its form, each with an id of its own', () => {
  const long = 'a_log_type_of_fifty_characters_that_nobody_would_like';
  const files = grafanaFiles([long, `${long}_2`], pipelineMetrics(pipelines, {}));
  assert.equal(files.length, boardsOf([]).length + 4);
  assert.equal(new Set(files.map(({ name }) => name)).size, files.length);
  for (const { name, content } of files) {
    const { uid, panels } = dashboard.parse(JSON.parse(content), { error: () => `${name} is not of the form` });
    assert.equal(`${uid}.json`, name);
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  }
});
