/** Data views: which indices a chart asks, and how numbers of a field are shown. */
import type { ViewName } from '../chart.ts';
import { type Naming, objectId, objectTitle } from './object-ids.ts';
import { savedObject, type SavedObject } from './saved-object.ts';

export interface ViewChoice {
  /** Undefined: anybody's. */
  readonly tenants?: readonly string[] | undefined;
  readonly platformNames: 'platform' | 'beats';
}

export interface DataView {
  readonly name: ViewName;
  readonly title: string;
  /** Comma between patterns. An alias and a data stream are found by it, and so are all days of daily indices. */
  readonly indices: string;
}

export function viewsOf(types: readonly string[], choice: ViewChoice): DataView[] {
  return [
    { name: 'logs', title: 'Logs', indices: patterns(['logs-*'], choice) },
    {
      name: 'metrics',
      title: 'Metrics',
      indices: patterns([choice.platformNames === 'beats' ? 'platform-metricbeat' : 'metrics-*'], choice),
    },
    // What the hub measures of itself is among the metrics.
    { name: 'platform', title: 'Platform events', indices: patterns(['platform-*', 'metrics-tributary.*'], choice) },
    ...types.map((type): DataView => {
      return { name: `type-${type}`, title: `Logs: ${type}`, indices: patterns([`logs-${type}`], choice) };
    }),
  ];
}

function patterns(families: readonly string[], { tenants = ['*'] }: ViewChoice): string {
  return families.flatMap((family) => tenants.map((tenant) => `${family}-${tenant}`)).join(',');
}

export function viewId(naming: Naming, name: ViewName): string {
  return objectId(naming, `view-${name}`);
}

export function viewObject({ name, title, indices }: DataView, naming: Naming): SavedObject {
  return savedObject('index-pattern', viewId(naming, name), {
    attributes: {
      title: indices,
      name: objectTitle(naming, title),
      timeFieldName: '@timestamp',
      allowNoIndex: true,
      fieldFormatMap: JSON.stringify(fieldFormats),
      fieldAttrs: '{}',
      fields: '[]',
      runtimeFieldMap: '{}',
      sourceFilters: '[]',
      typeMeta: '{}',
    },
  });
}

const bytes = { id: 'bytes' };
const percent = { id: 'percent', params: { pattern: '0.[0]%' } };

const fieldFormats: Readonly<Record<string, object>> = {
  'event.duration': {
    id: 'duration',
    params: { inputFormat: 'nanoseconds', outputFormat: 'humanizePrecise', outputPrecision: 1, useShortSuffix: true },
  },
  'http.response.bytes': bytes,
  'http.response.body.bytes': bytes,
  'host.uptime': { id: 'duration', params: { inputFormat: 'seconds', outputFormat: 'humanizePrecise', outputPrecision: 0 } },
  'system.memory.total': bytes,
  'system.filesystem.total': bytes,
  'system.filesystem.available': bytes,
  'system.cpu.total.norm.pct': percent,
  'system.memory.actual.used.pct': percent,
  'system.filesystem.used.pct': percent,
  'tributary.bytes': bytes,
};
