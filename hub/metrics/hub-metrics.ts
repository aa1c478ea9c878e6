/** All that this hub tells Prometheus, from what it knows anyway: who asks waits for nothing, and costs the store nothing. */
import type { HistogramFigures } from '@tributary/shared/prometheus/exposition.ts';
import type { HealthTree } from '../health/model/health-model.ts';
import type { SearchCounts } from '../search/searches.ts';
import type { HubStatus } from '../status/hub-status.ts';
import { bookMetrics } from './book-metrics.ts';
import { openFiles } from './linux-open-files.ts';
import type { CanaryFigures } from '../canaries/canaries.ts';
import type { Family } from './metric-book.ts';
import type { OwnedMetric } from './owned.ts';
import { type AgentCounts, agentMetrics, type BehindAgent } from './told/agent-metrics.ts';
import { canaryMetrics } from './told/canary-metrics.ts';
import { archiveMetrics, channelMetrics } from './told/channel-metrics.ts';
import { healthMetrics } from './told/health-metrics.ts';
import { intakeMetrics, listenerMetrics } from './told/intake-metrics.ts';
import { outputMetrics } from './told/output-metrics.ts';
import { pipelineMetrics } from './told/pipeline-metrics.ts';
import { processMetrics } from './told/process-metrics.ts';
import { groupMetrics, storeMetrics } from './told/store-metrics.ts';
import {
  certificateMetrics,
  clusterMetrics,
  type HouseFacts,
  housekeepingMetrics,
  quotaMetrics,
  searchMetrics,
} from './told/upkeep-metrics.ts';

export type ToldStatus = Pick<HubStatus, 'version' | 'state' | 'startedMs' | 'site' | 'certificates' | 'quotas' | 'cluster'> &
  Pick<HubStatus, 'listeners' | 'connections' | 'intake' | 'lost' | 'turnedAway' | 'queue' | 'books'> &
  Pick<HubStatus, 'pipeline' | 'pipelines' | 'outputs'>;

export interface HubMetricsParts {
  readonly status: () => Promise<ToldStatus>;
  readonly tree: () => HealthTree;
  readonly agentCounts: () => AgentCounts;
  readonly agents: () => readonly BehindAgent[];
  /** So many of them are told one by one. */
  readonly agentsTold: () => number;
  readonly house: () => HouseFacts;
  readonly searches: () => SearchCounts;
  readonly canaries: () => readonly CanaryFigures[];
  readonly loopLag: () => HistogramFigures;
  /** What pipelines, dead letters and housekeeping count. */
  readonly book: { readonly families: Iterable<Family> };
  readonly now: () => number;
}

export async function hubMetrics(parts: HubMetricsParts): Promise<OwnedMetric[]> {
  const [status, files] = await Promise.all([parts.status(), openFiles()]);
  return [
    ...processMetrics(status, { openFiles: files, loopLag: parts.loopLag() }),
    ...intakeMetrics(status),
    ...listenerMetrics(status),
    ...channelMetrics(status),
    ...archiveMetrics(status),
    ...storeMetrics(status),
    ...groupMetrics(status.queue, parts.now()),
    ...pipelineMetrics(status),
    ...outputMetrics(status.outputs),
    ...clusterMetrics(status),
    ...quotaMetrics(status),
    ...certificateMetrics(status),
    ...housekeepingMetrics(parts.house()),
    ...searchMetrics(parts.searches()),
    ...canaryMetrics(parts.canaries()),
    ...healthMetrics(parts.tree()),
    ...agentMetrics(parts.agentCounts(), parts.agents(), parts.agentsTold()),
    ...bookMetrics(parts.book.families),
  ];
}
