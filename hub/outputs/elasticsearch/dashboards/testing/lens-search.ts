/**
 * What a chart of Lens asks Elasticsearch, made from the saved object alone: of Lens only the operations that the dashboards have. Kibana chooses the
 * interval by the width of the chart; here it is an hour.
 */
import { assert } from '@tributary/shared/assert.ts';
import { recordsField } from '../kibana/lens-columns.ts';
import { parseLens, type SchemaColumn } from './saved-object-schemas.ts';
import type { SavedObject } from '../kibana/saved-object.ts';
import { queryOfKql } from './kql.ts';
import type { ChartSearch, ChartValue } from './searches.ts';

type Aggregations = Record<string, object>;

export function lensSearch(object: SavedObject, indicesOf: ReadonlyMap<string, string>): ChartSearch {
  const { state } = parseLens(object.attributes);
  const [[layerId, layer] = ['', undefined], ...others] = Object.entries(state.datasourceStates.formBased.layers);
  assert(layer !== undefined && others.length === 0, 'there is one layer');
  const reference = object.references.find(({ name }) => name === `indexpattern-datasource-layer-${layerId}`);
  const indices = indicesOf.get(reference?.id ?? '');
  assert(indices !== undefined, `the layer of ${object.id} has a data view`);
  const columns = layer.columnOrder.map((id) => [id, columnAt(layer.columns, id)] as const);
  const buckets = columns.filter(([, { isBucketed }]) => isBucketed);
  const metrics = columns.filter(([, { isBucketed }]) => !isBucketed);
  const innermost = Object.fromEntries(metrics.flatMap(([id, column]) => metricOf(id, column)));
  const aggs = buckets.toReversed().reduce<Aggregations>(
    (inner, [id, column]) => ({
      [id]: { ...bucketOf(column, layer.columns), aggs: { ...orderOf(column, innermost), ...inner } },
    }),
    innermost,
  );
  return {
    name: object.id,
    indices,
    body: { size: 0, track_total_hits: true, query: queryOfKql(state.query.query), aggs },
    values: metrics.map(([id, column]): ChartValue => {
      const isPlain = column.operationType === 'count' && column.filter === undefined;
      return { label: column.label, name: isPlain ? undefined : id, isFiltered: column.filter !== undefined };
    }),
    fields: columns.flatMap(([, { sourceField }]) => (sourceField === recordsField ? [] : [sourceField])),
  };
}

function columnAt(columns: Readonly<Record<string, SchemaColumn>>, id: string): SchemaColumn {
  const column = columns[id];
  assert(column !== undefined, `there is a column ${id}`);
  return column;
}

function bucketOf({ operationType, sourceField, params }: SchemaColumn, columns: Readonly<Record<string, SchemaColumn>>): object {
  if (operationType === 'date_histogram')
    return { date_histogram: { field: sourceField, fixed_interval: '1h', min_doc_count: 0, time_zone: 'UTC' } };
  assert(operationType === 'terms' && params.orderBy !== undefined, `${operationType} is a bucket`);
  const by = params.orderBy.columnId;
  const isCount = columnAt(columns, by).operationType === 'count';
  return { terms: { field: sourceField, size: params.size, order: { [isCount ? '_count' : by]: params.orderDirection } } };
}

/** What buckets are sorted by is measured in each of them, also where others are within. */
function orderOf({ params }: SchemaColumn, metrics: Aggregations): Aggregations {
  const id = params.orderBy?.columnId ?? '';
  const metric = metrics[id];
  return metric === undefined ? {} : { [id]: metric };
}

const simple: Readonly<Record<string, string>> = {
  sum: 'sum',
  average: 'avg',
  min: 'min',
  max: 'max',
  unique_count: 'cardinality',
};

function metricOf(id: string, { operationType, sourceField, params, filter }: SchemaColumn): [string, object][] {
  const kind = simple[operationType];
  const aggregation =
    operationType === 'percentile'
      ? { percentiles: { field: sourceField, percents: [params.percentile] } }
      : kind === undefined
        ? undefined
        : { [kind]: { field: sourceField } };
  assert(aggregation !== undefined || operationType === 'count', `${operationType} is a metric`);
  if (filter === undefined) return aggregation === undefined ? [] : [[id, aggregation]];
  const inner = aggregation === undefined ? {} : { aggs: { inner: aggregation } };
  return [[id, { filter: queryOfKql(filter.query), ...inner }]];
}
