/**
 * The JSON documents of the platform channel: what every one of them has, in the field names of ECS. docs/PLATFORM-EVENTS.md is the
 * schema. A document is one line, so that an archive of them can be read by any tool.
 */
import { eventActions, isEventActionName } from './event-actions.ts';
import type { PlatformEvent } from './platform-events.ts';

/** The version of ECS that the names are from. */
export const ecsVersion = '8.17.0';

/** Who tells: the same in all documents of a process. */
export interface Teller {
  readonly host: string;
  /** Undefined where the agent's identity is not known. */
  readonly agentId: string | undefined;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
}

type Fields = Readonly<Record<string, unknown>>;

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

function documentOf({ host, agentId, version, labels }: Teller, nowMs: number, fields: Fields, hostFields: Fields = {}): string {
  const agent = { ...(agentId === undefined ? {} : { id: agentId }), name: host, type: 'tributary', version };
  const document = {
    '@timestamp': new Date(nowMs).toISOString(),
    ecs: { version: ecsVersion },
    host: { name: host, ...hostFields },
    agent,
    ...fields,
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
  return `${JSON.stringify(document, bigintAsText)}\n`;
}

function bigintAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function asFields(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
