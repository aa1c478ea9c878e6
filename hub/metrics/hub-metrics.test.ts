import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { expositionText } from '@tributary/shared/prometheus/exposition.ts';
import type { ModelCause, ModelNode } from '../health/model/health-model.ts';
import { allMetrics, labelsOf } from './all-metrics.ts';
import { type HubMetricsParts, hubMetrics } from './hub-metrics.ts';
import { LoopLag } from './loop-lag.ts';
import { visible } from './owned.ts';
import { toldHub } from './told-fixture.ts';

const everything = (): boolean => true;

async function textOf(changes: Partial<HubMetricsParts> = {}, sees: (tenant: string) => boolean = everything): Promise<string> {
  return expositionText(visible(await hubMetrics(toldHub(changes)), sees));
}

/** A series, without its value; the values of those that are looked for. */
function values(text: string, name: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

function node(changes: Partial<ModelNode>): ModelNode {
  const nothing = { parent: undefined, own: 'green', state: 'green', reason: '', sinceMs: 0, causes: [] } as const;
  return { id: 'site', kind: 'site', name: 'main', owners: 'site', ...nothing, ...changes };
}

function cause(kind: ModelCause['kind'], subject: string, level: ModelCause['level']): ModelCause {
  return { kind, subject, level, reason: 'so', sinceMs: 0 };
}

suite('what a hub tells Prometheus', () => {
  test('every name says what it is: whose, of which unit, and whether it only grows', async () => {
    const metrics = await allMetrics();
    const names = metrics.map(({ name }) => name);
    assert.ok(names.length > 100);
    assert.equal(new Set(names).size, names.length, 'each once');
    const wrong = metrics.filter(({ name, type, help }) => {
      const isNamed = /^tributary_[a-z_]+$/.test(name) && name.endsWith('_total') === (type === 'counter');
      return !isNamed || !/^[A-Z0-9].*\.$/.test(help) || /_(?:ms|milliseconds|kb|mb)\b/.test(name);
    });
    assert.deepEqual(wrong, []);
  });

  test('the page for people tells of every one of them, with its labels, and of no other', async () => {
    const page = readFileSync(new URL('../../docs/operating/prometheus.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `(?<name>tributary_[a-z_]+)` +\|(?<labels>[^|]*)\|/gm)].map(({ groups }) => {
      return `${groups?.['name']}: ${[...(groups?.['labels'] ?? '').matchAll(/`(\w+)`/g)].map(([, label]) => label).join()}`;
    });
    const metrics = await allMetrics();
    assert.deepEqual(rows.toSorted(), metrics.map((metric) => `${metric.name}: ${labelsOf(metric).join()}`).toSorted());
  });

  test('no series is there twice', async () => {
    const series = (await textOf())
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.slice(0, line.lastIndexOf(' ')));
    assert.ok(series.length > 200);
    assert.equal(new Set(series).size, series.length);
  });

  test('partitions are summed up, and the oldest of them tells the age', async () => {
    const text = await textOf();
    const labels = '{tenant="shop",type="web",topic="back",group="archive"}';
    assert.deepEqual(values(text, 'tributary_group_waiting_records'), [`tributary_group_waiting_records${labels} 400`]);
    assert.deepEqual(values(text, 'tributary_group_oldest_age_seconds'), [`tributary_group_oldest_age_seconds${labels} 800`]);
    assert.ok(text.includes('tributary_channel_received_bytes_total{tenant="shop",type="web"} 50\n'));
    assert.ok(text.includes('tributary_unaccounted_records{tenant="shop",type="web"} -6\n'));
    assert.ok(text.includes('tributary_archive_written_records_total{tenant="shop",type="web"} 95\n'));
    assert.ok(text.includes('tributary_hub_pipeline_step_failed_records_total{pipeline="web",step="json"} 3\n'));
  });

  test('a tenant sees what is its own, and nothing of the site or of others', async () => {
    const own = await textOf({}, (tenant) => tenant === 'shop');
    const lines = own.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    assert.ok(lines.length > 10);
    assert.deepEqual(
      lines.filter((line) => !line.includes('tenant="shop"')),
      [],
    );
    assert.equal(await textOf({}, (tenant) => tenant === 'bank'), '');
  });

  test('of agents only those are told one by one that are furthest behind', async () => {
    const agents = Array.from({ length: 2000 }, (_, index) => {
      return { agentId: `a${index}`, host: `h${index}`, tenant: 'shop', lagBytes: index, unackedBytes: 0 };
    });
    const text = await textOf({ agents: () => agents, agentsTold: () => 2 });
    assert.deepEqual(values(text, 'tributary_lagging_agent_unread_bytes'), [
      'tributary_lagging_agent_unread_bytes{tenant="shop",agent="a1999",host="h1999"} 1999',
      'tributary_lagging_agent_unread_bytes{tenant="shop",agent="a1998",host="h1998"} 1998',
    ]);
    assert.ok(text.includes('tributary_lagging_agents{more_than_bytes="0"} 1999\n'));
    assert.ok(text.includes('tributary_lagging_agents{more_than_bytes="65536"} 0\n'));
    assert.ok(!(await textOf({ agents: () => agents, agentsTold: () => 0 })).includes('tributary_lagging_agent_'));
  });

  test('a finding counts once by its worst level, and nodes of which there are many only by their state', async () => {
    const nodes = [
      node({ state: 'red' }),
      node({ id: 'channel/shop/web', kind: 'channel', owners: ['shop'], causes: [cause('pipeline-refused', 'web', 'yellow')] }),
      node({ id: 'channel/bank/web', kind: 'channel', owners: ['bank'], causes: [cause('pipeline-refused', 'web', 'red')] }),
      node({ id: 'agent/1', kind: 'agent', state: 'red', causes: [cause('agent-silent', '1', 'red')] }),
      node({ id: 'agent/2', kind: 'agent', state: 'unknown', causes: [cause('agent-silent', '2', 'unknown')] }),
    ];
    const text = await textOf({ tree: () => new Map(nodes.map((one) => [one.id, one])) });
    const findings = values(text, 'tributary_findings').filter((line) => !line.endsWith(' 0'));
    assert.deepEqual(findings.toSorted(), [
      'tributary_findings{kind="agent-silent",level="red"} 1',
      'tributary_findings{kind="pipeline-refused",level="red"} 1',
    ]);
    assert.ok(text.includes('tributary_health_state{kind="site",node="site",name="main",state="red"} 1\n'));
    assert.ok(text.includes('tributary_health_nodes{kind="agent",state="unknown"} 1\n'));
    assert.ok(!text.includes('node="agent/1"'));
  });

  test('what is late to a timer of the main thread is counted', async () => {
    const clock = new ManualClock();
    const lag = new LoopLag(clock);
    const stop = new AbortController();
    const run = lag.run(stop.signal);
    let looked = 1;
    for (const ms of [250, 1000]) {
      clock.advance(ms);
      while (lag.figures.count < looked || clock.sleeping === 0) await Promise.resolve();
      looked += 1;
    }
    stop.abort();
    await run;
    const { count, sum } = lag.figures;
    assert.deepEqual({ count, sum }, { count: 2, sum: 0.75 });
  });
});
