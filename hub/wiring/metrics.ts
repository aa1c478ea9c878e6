/** What Prometheus is told, and where each of it comes from. */
import type { HealthWatch } from '../health/health-watch.ts';
import { lastReport, lastSuccessMs } from '../housekeeping/run-report.ts';
import { type HubMetricsParts, hubMetrics } from '../metrics/hub-metrics.ts';
import { LoopLag } from '../metrics/loop-lag.ts';
import type { OwnedMetric } from '../metrics/owned.ts';
import type { BehindAgent } from '../metrics/told/agent-metrics.ts';
import type { AgentStates } from '../measurements/agents/agent-states.ts';
import type { HubOptions } from '../options.ts';
import type { Search } from '../search/open-search.ts';
import type { Foundation } from './foundation.ts';
import type { HubFrame } from './hub-frame.ts';

export interface MetricsParts {
  readonly foundation: Pick<Foundation, 'store' | 'registry' | 'telling'>;
  readonly health: HealthWatch;
  readonly states: AgentStates;
  readonly search: Search;
  readonly canaries: HubMetricsParts['canaries'];
  readonly options: () => HubOptions;
  /** Without asking the store, where it was looked at. */
  readonly status: HubMetricsParts['status'];
}

export function openMetrics(frame: HubFrame, parts: MetricsParts): { all(): Promise<readonly OwnedMetric[]> } {
  const { foundation, health, states, search, canaries, options, status } = parts;
  const { store, registry, telling } = foundation;
  const loopLag = new LoopLag(frame.clock);
  frame.run('lag of the main thread', (signal) => loopLag.run(signal));
  const told: HubMetricsParts = {
    status,
    tree: () => health.model.tree,
    agentCounts: () => health.flow(() => false, true).agents,
    agents: () => [...states.all()].flatMap((state) => (state.siteId === store.siteId ? behindOf(state) : [])),
    agentsTold: () => options().prometheus.agents,
    house: () => ({ last: lastReport(registry), lastSuccessMs: lastSuccessMs(registry) }),
    searches: () => search.searches.counts,
    canaries,
    loopLag: () => loopLag.figures,
    book: telling.metrics,
    now: () => frame.clock.now(),
  };
  return { all: () => hubMetrics(told) };
}

type State = NonNullable<ReturnType<AgentStates['get']>>;

/** What it told last. */
function behindOf({ agentId, host, tenant, measured }: State): BehindAgent[] {
  if (measured === undefined) return [];
  return [{ agentId, host, tenant, lagBytes: measured.lag, unackedBytes: measured.buffer.unacked_bytes }];
}
