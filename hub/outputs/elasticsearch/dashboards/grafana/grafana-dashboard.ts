/**
 * A dashboard of Grafana as the JSON that it imports and that its provisioning reads. Which data source it asks is a variable of the dashboard:
 * nothing in the file is of one installation.
 */
import { placesOf } from '../kibana/dashboard.ts';

/** The version of the format: what Grafana 11 wrote. Later ones move it on. */
const schemaVersion = 39;
export const sourceVariable = 'datasource';

export interface GrafanaPanel {
  readonly type: 'timeseries' | 'stat' | 'table' | 'barchart' | 'piechart' | 'logs';
  readonly title: string;
  readonly description?: string;
  readonly targets: readonly GrafanaTarget[];
  readonly fieldConfig?: object;
  readonly options?: object;
  readonly transformations?: readonly object[];
}

export type GrafanaTarget = Readonly<Record<string, unknown>> & { readonly refId: string };

export interface PlacedPanel {
  readonly panel: GrafanaPanel;
  /** Of 48 columns; Grafana has 24. */
  readonly width: number;
  readonly height: number;
}

export interface GrafanaBoard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly source: 'prometheus' | 'elasticsearch';
  readonly sourceLabel: string;
  readonly panels: readonly PlacedPanel[];
}

/** `A`, `B`, … */
export function refId(index: number): string {
  return String.fromCodePoint(65 + index);
}

export function sourceOf(source: GrafanaBoard['source']): { readonly type: string; readonly uid: string } {
  return { type: source, uid: `\${${sourceVariable}}` };
}

export function grafanaDashboard({ uid, title, description, source, sourceLabel, panels }: GrafanaBoard): object {
  const places = placesOf(panels);
  return {
    uid,
    title: `[Tributary] ${title}`,
    description,
    tags: ['tributary'],
    schemaVersion,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '',
    time: { from: 'now-6h', to: 'now' },
    timezone: '',
    annotations: { list: [] },
    links: [],
    templating: {
      list: [
        { name: sourceVariable, label: sourceLabel, type: 'datasource', query: source, hide: 0, refresh: 1, regex: '' },
        { name: 'filters', label: 'Filters', type: 'adhoc', datasource: sourceOf(source), filters: [], hide: 0 },
      ],
    },
    panels: panels.map(({ panel }, index) => {
      const { x = 0, y = 0, w = 0, h = 0 } = places[index] ?? {};
      return {
        id: index + 1,
        datasource: sourceOf(source),
        fieldConfig: { defaults: {}, overrides: [] },
        options: {},
        ...panel,
        gridPos: { x: Math.floor(x / 2), y, w: Math.floor(w / 2), h },
      };
    }),
  };
}
