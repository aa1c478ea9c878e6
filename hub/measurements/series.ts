/** The series of an agent and its machine: their names, units, and which documents of the platform channel bring them. */
import { agentMeasured } from '@tributary/protocol/platform/agent-measured.ts';
import { type MachineMeasured, machineMeasured } from '@tributary/protocol/platform/machine-measured.ts';
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

const machineSeries = [
  'cpu',
  'load1',
  'memory',
  'swap',
  'disk',
  'disk_read',
  'disk_write',
  'net_in',
  'net_out',
] as const satisfies readonly (keyof MachineMeasured & SeriesName)[];

export type SeriesName = keyof typeof agentSeries;
export type Sample = Partial<Readonly<Record<SeriesName, number>>>;

export function isSeriesName(name: string): name is SeriesName {
  return Object.hasOwn(agentSeries, name);
}

export const seriesNames: readonly SeriesName[] = Object.keys(agentSeries).filter(isSeriesName);

/** What a document says of them; nothing where it says nothing. */
export function sampleOf({ dataset, action, fields }: PlatformDocument): Sample {
  if (action === agentMeasured) return ofAgent(fields);
  return dataset === machineMeasured ? ofMachine(fields) : {};
}

function ofMachine(fields: PlatformDocument['fields']): Sample {
  const machine = asFields(asFields(fields['tributary'])['machine']);
  const sample: Partial<Record<SeriesName, number>> = {};
  for (const name of machineSeries) {
    const value = machine[name];
    if (isQuantity(value)) sample[name] = value;
  }
  return sample;
}

function ofAgent(fields: PlatformDocument['fields']): Sample {
  const measured = asFields(asFields(fields['tributary'])['measured']);
  const { records, bytes } = asFields(measured['rates']);
  const { unacked_bytes: buffer } = asFields(measured['buffer']);
  const { lag } = measured;
  const sample: Partial<Record<SeriesName, number>> = {};
  if (isQuantity(records)) sample.records = records;
  if (isQuantity(bytes)) sample.bytes = bytes;
  if (isQuantity(lag)) sample.lag = lag;
  if (isQuantity(buffer)) sample.buffer = buffer;
  return sample;
}

function isQuantity(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
