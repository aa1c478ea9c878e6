/** The site's own series: how much comes in and is passed on, by channel and by output. */
import type { FlowAnswer } from '../dashboard/api/health-shapes.ts';
import { siteSeriesMax } from './limits.ts';
import type { Unit } from './series.ts';

/** Of all channels together. */
const totals = { received: 'records_per_second', received_bytes: 'bytes_per_second', processed: 'records_per_second' } as const;

/** `received`, `received_bytes` and `processed` of all; `received/shop/web` and `processed/shop/web`; `passed/main` of an output. The busiest, if they are too many. */
export function siteValues({ channels, outputs }: Pick<FlowAnswer, 'channels' | 'outputs'>): Record<string, number> {
  const sum = (of: (channel: FlowAnswer['channels'][number]) => number): number =>
    channels.reduce((all, one) => all + of(one), 0);
  const values: Record<string, number> = {
    received: sum(({ received }) => received.recordsPerSecond),
    received_bytes: sum(({ received }) => received.bytesPerSecond),
    processed: sum(({ processed }) => processed.recordsPerSecond),
  };
  for (const { name, passed } of outputs.slice(0, siteSeriesMax)) values[`passed/${name}`] = passed.recordsPerSecond;
  const busiest = channels.toSorted((one, other) => other.received.recordsPerSecond - one.received.recordsPerSecond);
  for (const { channel, received, processed } of busiest.slice(0, siteSeriesMax)) {
    values[`received/${channel}`] = received.recordsPerSecond;
    values[`processed/${channel}`] = processed.recordsPerSecond;
  }
  return values;
}

/** Whose a series is; undefined: the site's. */
export function tenantOfSeries(name: string): string | undefined {
  return /^(?:received|processed)\/([^/]+)\//.exec(name)?.[1];
}

export function unitOfSiteSeries(name: string): Unit {
  return name === 'received_bytes' ? totals.received_bytes : totals.received;
}
