/** The dashboards for Grafana, a file each. */
import { createHash } from 'node:crypto';
import { boardsOf } from '../boards.ts';
import type { Board } from '../chart.ts';
import { panelsOf } from './elasticsearch-panels.ts';
import { type GrafanaBoard, grafanaDashboard } from './grafana-dashboard.ts';
import { agentsBoard, hubBoard, type PipelineMetric } from './prometheus-boards.ts';

export interface GrafanaFile {
  readonly name: string;
  readonly content: string;
}

/** Of the data source that a dashboard is for. */
const sources = { logs: 'logs-*', metrics: 'metrics-*', platform: 'platform-*,metrics-tributary.*' } as const;

export function grafanaFiles(types: readonly string[], metrics: readonly PipelineMetric[]): GrafanaFile[] {
  return [...boardsOf(types).map(grafanaBoard), hubBoard(metrics), agentsBoard].map((board) => {
    return { name: `${board.uid}.json`, content: `${JSON.stringify(grafanaDashboard(board), undefined, 2)}\n` };
  });
}

export function grafanaBoard(board: Board): GrafanaBoard {
  const { name, title, description, view } = board;
  const indices =
    view === 'logs' || view === 'metrics' || view === 'platform' ? sources[view] : `logs-${view.slice('type-'.length)}-*`;
  return {
    uid: uidOf(`tributary-${name}`),
    title,
    description: `${description} Its data source is an Elasticsearch one of the indices ${indices}.`,
    source: 'elasticsearch',
    sourceLabel: indices,
    panels: panelsOf(board),
  };
}

/** What Grafana takes. */
const uidCharsMax = 40;
const digestChars = 8;

function uidOf(name: string): string {
  if (name.length <= uidCharsMax) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, digestChars);
  return `${name.slice(0, uidCharsMax - digestChars - 1)}-${digest}`;
}
