/** The rules for Prometheus go by metrics and labels that there are: a rule on a name that nobody tells is silent for ever, and looks well. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import { allMetrics, labelsOf } from './all-metrics.ts';

const rules = z
  .object({
    groups: z.array(
      z.object({
        rules: z.array(
          z.object({
            alert: z.string(),
            expr: z.string(),
            annotations: z.object({ summary: z.string(), description: z.string() }),
          }),
        ),
      }),
    ),
  })
  .parse(parse(readFileSync(new URL('../../packaging/prometheus/tributary-alerts.yaml', import.meta.url), 'utf8')))
  .groups.flatMap((group) => group.rules);

/** What a scrape adds. */
const scraped = ['site', 'instance', 'job'];

function found(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap(({ groups }) => (groups?.['found'] ?? '').split(',').map((name) => name.trim()));
}

function metricsIn(expr: string): string[] {
  return found(expr, /\b(?<found>tributary_(?!agent_)[a-z_]+|up)\b/g);
}

suite('rules for Prometheus', async () => {
  const metrics = new Map((await allMetrics()).map((metric) => [metric.name, metric]));
  const labelsIn = (name: string): string[] => {
    const metric = metrics.get(name) ?? metrics.get(name.replace(/_bucket$/, ''));
    if (name === 'up') return [];
    assert.ok(metric, `${name} is told`);
    return [...labelsOf(metric), ...(metric.type === 'histogram' ? ['le'] : [])];
  };
  const ofHubs = rules.filter(({ expr }) => !expr.includes('tributary_agent_'));
  assert.ok(ofHubs.length > 20);

  test('choose and group by labels that their metrics have', () => {
    for (const { alert, expr } of ofHubs) {
      const there = [...scraped, ...metricsIn(expr).flatMap(labelsIn)];
      const asked = [...found(expr, /\{(?<found>[a-z_]+)!?=/g), ...found(expr, /\bby \((?<found>[^)]*)\)/g)];
      assert.deepEqual(
        asked.filter((label) => !there.includes(label)),
        [],
        alert,
      );
    }
  });

  test('say only what their series have', () => {
    for (const { alert, expr, annotations } of ofHubs) {
      const grouped = found(expr, /\bby \((?<found>[^)]*)\)/g);
      const there = grouped.length > 0 ? grouped : [...scraped, ...metricsIn(expr).flatMap(labelsIn)];
      const said = found(`${annotations.summary} ${annotations.description}`, /\$labels\.(?<found>\w+)/g);
      assert.deepEqual(
        said.filter((label) => !there.includes(label)),
        [],
        alert,
      );
    }
  });
});
