/** Numbered records of agents, as the hub that looks for them found them: by store and tenant, as agents may be many. */
import type { CanaryFigures } from '../../canaries/canaries.ts';
import { gauge, type OwnedMetric, type OwnedSample } from '../owned.ts';

export function canaryMetrics(figures: readonly CanaryFigures[]): OwnedMetric[] {
  const groups = [...Map.groupBy(figures, ({ store, tenant }) => `${store} ${tenant}`).values()];
  const each = (valueOf: (group: readonly CanaryFigures[]) => number): OwnedSample[] =>
    groups.flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const { tenant, store } = first;
      return [{ tenant, labels: { tenant, store }, value: valueOf(group) }];
    });
  return [
    gauge(
      'tributary_canary_agents',
      'Agents of which numbered records were found lately.',
      each(({ length }) => length),
    ),
    gauge(
      'tributary_canary_unaccounted',
      'Numbered records of agents that are not in a store by now, and ought to be.',
      each((group) => sum(group, ({ unaccounted }) => unaccounted)),
    ),
    gauge(
      'tributary_canary_doubled',
      'Numbered records of agents that are in a store more than once.',
      each((group) => sum(group, ({ doubled }) => doubled)),
    ),
    gauge(
      'tributary_canary_latency_seconds',
      'From sent to found in a store, of the newest of the slowest agent; the time between two looks is in it.',
      each((group) => Math.max(...group.map(({ latencyMs }) => latencyMs)) / 1000),
    ),
  ];
}

function sum(group: readonly CanaryFigures[], of: (one: CanaryFigures) => number): number {
  return group.reduce((all, one) => all + of(one), 0);
}
