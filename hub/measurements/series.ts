/** The series of an agent and its machine: their names, units, and which documents of the platform channel bring them. */
import { agentMeasured } from '@tributary/protocol/platform/agent-measured.ts';
import { asFields } from '@tributary/protocol/platform/document.ts';
import type { ChartsAnswer } from '../dashboard/api/agent-shapes.ts';
import type { PlatformDocument } from './platform-document.ts';

export type Unit = ChartsAnswer['series'][number]['unit'];

/** In this order they are stored: new ones come last. */
export const agentSeries = {
  cpu: 'percent',
  load1: 'load',
  memory: 'percent',
  swap: 'percent',
  disk: 'percent',
  disk_read: 'bytes_per_second',
  disk_write: 'bytes_per_second',
  net_in: 'bytes_per_second',
  net_out: 'bytes_per_second',
  records: 'records_per_second',
  bytes: 'bytes_per_second',
  lag: 'bytes',
  buffer: 'bytes',
} as const satisfies Readonly<Record<string, Unit>>;

export type SeriesName = keyof typeof agentSeries;
export type Sample = Partial<Readonly<Record<SeriesName, number>>>;

export function isSeriesName(name: string): name is SeriesName {
  return Object.hasOwn(agentSeries, name);
}

export const seriesNames: readonly SeriesName[] = Object.keys(agentSeries).filter(isSeriesName);

/** What a document says of them; nothing where it says nothing. Of file systems each has a document: the fullest one counts. */
export function sampleOf({ kind, dataset, action, fields }: PlatformDocument): Sample {
  if (action === agentMeasured) return ofAgent(fields);
  if (kind !== 'metric') return {};
  switch (dataset) {
    case 'system.cpu':
      return one('cpu', share(at(fields, 'host', 'cpu', 'usage')));
    case 'system.load':
      return one('load1', at(fields, 'system', 'load', '1'));
    case 'system.memory':
      return {
        ...one('memory', share(at(fields, 'system', 'memory', 'actual', 'used', 'pct'))),
        ...one('swap', share(at(fields, 'system', 'memory', 'swap', 'used', 'pct'))),
      };
    case 'system.filesystem':
      return one('disk', share(at(fields, 'system', 'filesystem', 'used', 'pct')));
    case 'system.diskio':
      return {
        ...one('disk_read', perSecond(fields, 'host', 'disk', 'read', 'bytes')),
        ...one('disk_write', perSecond(fields, 'host', 'disk', 'write', 'bytes')),
      };
    case 'system.network':
      return {
        ...one('net_in', perSecond(fields, 'host', 'network', 'ingress', 'bytes')),
        ...one('net_out', perSecond(fields, 'host', 'network', 'egress', 'bytes')),
      };
    default:
      return {};
  }
}

function ofAgent(fields: PlatformDocument['fields']): Sample {
  const measured = asFields(asFields(fields['tributary'])['measured']);
  return {
    ...one('records', at(measured, 'rates', 'records')),
    ...one('bytes', at(measured, 'rates', 'bytes')),
    ...one('lag', at(measured, 'lag')),
    ...one('buffer', at(measured, 'buffer', 'unacked_bytes')),
  };
}

function one(name: SeriesName, value: number | undefined): Sample {
  return value === undefined ? {} : { [name]: value };
}

function share(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * 1000) / 10;
}

/** What was added within a period of the set, by seconds. */
function perSecond(fields: PlatformDocument['fields'], ...path: readonly string[]): number | undefined {
  const value = at(fields, ...path);
  const periodMs = at(fields, 'metricset', 'period');
  return value === undefined || periodMs === undefined || periodMs <= 0 ? undefined : Math.round((value * 1000) / periodMs);
}

function at(fields: PlatformDocument['fields'], ...path: readonly string[]): number | undefined {
  let value: unknown = fields;
  for (const name of path) value = asFields(value)[name];
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
