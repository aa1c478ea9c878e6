/**
 * The charts of the dashboards as queries of Grafana's data source for Elasticsearch: a filter in Lucene's words, buckets, and metrics in them.
 * What is by the second in Kibana is by Grafana's interval here, as the data source does not divide.
 */
import type { Board, Breakdown, Chart, Format, Listing, Value } from '../chart.ts';
import { type Condition, luceneOf } from '../condition.ts';
import { both } from '../kibana/lens.ts';
import { type GrafanaPanel, type GrafanaTarget, type PlacedPanel, refId, sourceOf } from './grafana-dashboard.ts';

const metricTypes = {
  count: 'count',
  sum: 'sum',
  average: 'avg',
  min: 'min',
  max: 'max',
  unique_count: 'cardinality',
  percentile: 'percentiles',
} as const satisfies Record<Value['of'], string>;

const units: Readonly<Record<Format, string>> = { percent: 'percentunit', bytes: 'bytes', bits: 'bits', number: 'short' };
const listedMax = '500';
const timeField = '@timestamp';

export function panelsOf(board: Board): PlacedPanel[] {
  const { charts, listing } = board;
  return [
    ...charts.map((chart) => ({ panel: chartPanel(chart, board), width: chart.width, height: chart.height })),
    ...(listing === undefined ? [] : [{ panel: listingPanel(listing, board), width: 48, height: 20 }]),
  ];
}

function chartPanel(chart: Chart, board: Board): GrafanaPanel {
  const { title, shape } = chart;
  const targets = targetsOf(chart, board);
  const common = { title, targets, fieldConfig: fieldConfig(chart) };
  switch (shape) {
    case 'number':
      return { type: 'stat', ...common, options: { reduceOptions: { calcs: ['lastNotNull'], values: false } } };
    case 'table':
      return { type: 'table', ...common, transformations: [{ id: 'merge', options: {} }] };
    case 'ring':
      return { type: 'piechart', ...common, options: { pieType: 'donut', reduceOptions: { calcs: [], values: true } } };
    case 'ranks':
      return { type: 'barchart', ...common, options: { orientation: 'horizontal' } };
    default:
      return { type: 'timeseries', ...common };
  }
}

/** One for the values that are of the same documents. */
function targetsOf(chart: Chart, board: Board): GrafanaTarget[] {
  const groups = [...Map.groupBy(chart.values, ({ only }) => luceneOf(only))];
  return groups.map(([, values], index) => {
    const [first] = values;
    return {
      refId: refId(index),
      datasource: sourceOf('elasticsearch'),
      timeField,
      query: luceneOf(both(both(board.only, chart.only), first?.only)),
      alias: aliasOf(chart, values),
      metrics: values.map(metricOf),
      bucketAggs: bucketsOf(chart, first),
    };
  });
}

function metricOf({ of, field, percentile }: Value, index: number): object {
  return {
    id: metricId(index),
    type: metricTypes[of],
    ...(field !== undefined && { field }),
    ...(percentile !== undefined && { settings: { percents: [String(percentile)] } }),
  };
}

const metricId = (index: number): string => `${index + 1}`;

function bucketsOf({ shape, by = [] }: Chart, first: Value | undefined): object[] {
  const terms = by.map((one, index) => termsBucket(one, index, first));
  if (shape === 'line' || shape === 'area' || shape === 'bars')
    return [
      ...terms,
      { id: 'time', type: 'date_histogram', field: timeField, settings: { interval: 'auto', min_doc_count: '0' } },
    ];
  // A query without any bucket is one for documents.
  return terms.length > 0 ? terms : [{ id: 'all', type: 'filters', settings: { filters: [{ query: '*', label: 'all' }] } }];
}

function termsBucket({ field, size }: Breakdown, index: number, first: Value | undefined): object {
  const canSort = first !== undefined && first.of !== 'count' && first.of !== 'percentile';
  const settings = { size: String(size), order: 'desc', orderBy: canSort ? metricId(0) : '_count', min_doc_count: '1' };
  return { id: `by${index}`, type: 'terms', field, settings };
}

function aliasOf({ shape, by = [] }: Chart, values: readonly Value[]): string {
  if (shape === 'table' || shape === 'ring' || shape === 'ranks') return '';
  const [first] = values;
  const [breakdown] = by;
  if (breakdown !== undefined) return `{{term ${breakdown.field}}}`;
  return values.length === 1 && first !== undefined ? first.label.replace(/ a second$/, '') : '';
}

function fieldConfig({ shape, values }: Chart): object {
  const [first] = values;
  const format = first?.format;
  const isTime = first?.field === 'event.duration';
  const custom =
    shape === 'bars'
      ? { drawStyle: 'bars', fillOpacity: 70, stacking: { mode: 'normal' } }
      : shape === 'area'
        ? { drawStyle: 'line', fillOpacity: 40, stacking: { mode: 'normal' } }
        : {};
  // A table has values of many kinds.
  const unit = shape === 'table' ? undefined : isTime ? 'ns' : format && units[format];
  return { defaults: { ...(unit !== undefined && { unit }), custom }, overrides: [] };
}

function listingPanel({ title, only }: Listing, board: Board): GrafanaPanel {
  const condition: Condition | undefined = both(board.only, only);
  return {
    type: 'logs',
    title,
    options: { showTime: true, wrapLogMessage: true, enableLogDetails: true, sortOrder: 'Descending' },
    targets: [
      {
        refId: refId(0),
        datasource: sourceOf('elasticsearch'),
        timeField,
        query: luceneOf(condition),
        alias: '',
        metrics: [{ id: '1', type: 'logs', settings: { limit: listedMax } }],
        bucketAggs: [],
      },
    ],
  };
}
