/**
 * What the hub tells Prometheus, with whose it is. A name tells how to put several hubs of a site together: what begins with
 * `tributary_hub_` is of one hub, and is added up; every other `tributary_` is of the site, each hub tells the same, and the greatest of
 * them holds (docs/operating/prometheus.md).
 */
import type { Metric, Sample } from '@tributary/shared/prometheus/exposition.ts';
import { everyTenant, type TenantName } from '../access/access.ts';

export interface OwnedSample extends Sample {
  /** Absent: it is the site's. */
  readonly tenant?: TenantName;
}

export interface OwnedMetric extends Metric {
  readonly samples: readonly OwnedSample[];
}

type Samples = readonly OwnedSample[] | number | undefined;

/** A plain number has no labels; undefined: it is not known now. */
export function gauge(name: string, help: string, samples: Samples): OwnedMetric {
  return { name, type: 'gauge', help, samples: listOf(samples) };
}

export function counter(name: string, help: string, samples: Samples): OwnedMetric {
  return { name, type: 'counter', help, samples: listOf(samples) };
}

/** 1 for the state that something has, 0 for the others. */
export function stateSamples(labels: Sample['labels'], all: readonly string[], now: string): OwnedSample[] {
  return all.map((state) => ({ labels: { ...labels, state }, value: state === now ? 1 : 0 }));
}

/** One sample for each entry, under a label. */
export function samplesOf(label: string, entries: Readonly<Record<string, number>>): OwnedSample[] {
  return Object.entries(entries).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

/** Of a channel: its labels, and whose it is. */
export function ofChannel(channel: string): { readonly tenant: string; readonly labels: { tenant: string; type: string } } {
  const [tenant = '', type = ''] = channel.split('/');
  return { tenant, labels: { tenant, type } };
}

/** What somebody may see of it; a metric of which that is nothing is left out. */
export function visible(metrics: readonly OwnedMetric[], sees: (tenant: TenantName) => boolean): Metric[] {
  return metrics
    .map((metric) => ({ ...metric, samples: metric.samples.filter(({ tenant = everyTenant }) => sees(tenant)) }))
    .filter(({ samples }) => samples.length > 0);
}

function listOf(samples: Samples): readonly OwnedSample[] {
  return typeof samples === 'number' ? [{ value: samples }] : (samples ?? []);
}
