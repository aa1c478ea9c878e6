/** The agent's documents of the platform channel: of events and of metrics. */
import { asFields, documentOf, type Fields, type Teller } from '@tributary/protocol/platform/document.ts';
import { eventActions, isEventActionName } from './event-actions.ts';
import type { PlatformEvent } from './platform-events.ts';

/** A document of an event, with its line end. `count` of more than one: so many events are told as one. */
export function eventDocument(
  event: PlatformEvent,
  teller: Teller,
  at: { readonly nowMs: number; readonly count: number },
): string {
  const { name, kind, fields, sums = {} } = event;
  const { event: own, tributary, ...others } = fields;
  const action = isEventActionName(name) ? eventActions[name] : undefined;
  const { outcome } = { outcome: undefined, ...action };
  const told = {
    kind,
    module: 'tributary',
    dataset: 'tributary.agent',
    ...(action === undefined ? {} : { category: [action.category], type: [action.type] }),
    action: name,
    ...(outcome === undefined ? {} : { outcome }),
    ...asFields(own),
  };
  return documentOf(teller, at.nowMs, {
    event: told,
    ...(action === undefined ? {} : { message: action.message }),
    ...others,
    ...(action === undefined ? {} : { log: { level: action.level, ...asFields(fields['log']) } }),
    tributary: { ...asFields(tributary), ...sums, ...(at.count > 1 ? { count: at.count } : {}) },
  });
}

export interface Metric {
  /** `system.cpu`: module and dataset. */
  readonly dataset: string;
  /** Name of the metric set as Metricbeat has it. */
  readonly metricset: string;
  readonly fields: Fields;
}

/** A document of a metric, with its line end. */
export function metricDocument(
  { dataset, metricset, fields }: Metric,
  teller: Teller,
  at: { readonly nowMs: number; readonly periodMs: number; readonly durationNs: number },
): string {
  const module = dataset.slice(0, dataset.indexOf('.'));
  const { host, ...others } = fields;
  return documentOf(
    teller,
    at.nowMs,
    {
      event: { kind: 'metric', module, dataset, duration: at.durationNs },
      metricset: { name: metricset, period: at.periodMs },
      service: { type: module },
      ...others,
    },
    asFields(host),
  );
}
