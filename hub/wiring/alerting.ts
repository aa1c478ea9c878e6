/** What tells people: of what changes its colour, of what records say, of numbered records that are missing. */
import type { Id } from '@tributary/protocol/messages.ts';
import { Alerts } from '../alerts/alerts.ts';
import { Heartbeat } from '../alerts/heartbeat.ts';
import { ContentAlerts } from '../alerts/content/content-alerts.ts';
import { Canaries } from '../canaries/canaries.ts';
import type { HealthModel } from '../health/model/health-model.ts';
import type { HubOptions } from '../options.ts';
import type { Search } from '../search/open-search.ts';
import type { Readiness } from '../status/readiness.ts';
import type { Foundation } from './foundation.ts';
import type { HubFrame } from './hub-frame.ts';

export interface AlertingParts {
  readonly foundation: Pick<Foundation, 'store' | 'registry' | 'telling'>;
  readonly model: HealthModel;
  readonly search: Pick<Search, 'stored'>;
  readonly isConnected: (agentId: Id) => boolean;
  readonly readiness: Readiness;
  /** As the configuration has it now. */
  readonly options: () => HubOptions;
}

export interface Alerting {
  readonly alerts: Alerts;
  readonly canaries: Canaries;
  /** From now on it is looked, and people are told. */
  start(): void;
}

export function openAlerting(frame: HubFrame, parts: AlertingParts): Alerting {
  const { foundation, model, search, isConnected, readiness, options } = parts;
  const { clock } = frame;
  const { logger, options: started } = frame.parts;
  const { store, registry, telling } = foundation;
  const { queue, cluster, siteId } = store;
  const common = { cluster, findings: telling.findings, clock, logger };
  const site = { name: started.site, siteId };
  const alerts = new Alerts({ ...common, site, options: () => options().alerts, tree: () => model.tree, registry });
  model.acknowledgeBy((node, cause) => alerts.holds.acknowledged(node, cause));
  const stores = (): ReturnType<Search['stored']> => search.stored();
  const canaries = new Canaries({ ...common, options: () => options().canaries, stores, queue, isConnected });
  const content = new ContentAlerts({ ...common, options: () => options().alerts.content, queue });
  const heartbeat = new Heartbeat({
    ...common,
    options: () => options().alerts,
    readiness: () => readiness.verdict(),
    lookedMs: () => model.lookedMs,
  });
  return {
    alerts,
    canaries,
    start: () => {
      frame.run('content alerts', (signal) => content.run(signal));
      frame.run('canaries', (signal) => canaries.run(signal));
      frame.run('alerts', (signal) => alerts.run(signal));
      frame.run('heartbeat', (signal) => heartbeat.run(signal));
    },
  };
}
