/** What a panel of Grafana's data source for Elasticsearch asks, made from the file: Lucene's words go to the server as they are. */
import { assert } from '@tributary/shared/assert.ts';
import * as z from 'zod';
import type { ChartSearch, ChartValue } from './searches.ts';

const settings = z.record(z.string(), z.unknown()).default({});

/** As the data source's documentation and its queries (`public/app/plugins/datasource/elasticsearch/dataquery.gen.ts` of Grafana) have it. */
const target = z.strictObject({
  refId: z.string().length(1),
  datasource: z.strictObject({ type: z.literal('elasticsearch'), uid: z.literal('${datasource}') }),
  timeField: z.literal('@timestamp'),
  query: z.string().min(1),
  alias: z.string(),
  metrics: z
    .array(
      z.strictObject({
        id: z.string().regex(/^\d+$/),
        type: z.enum(['count', 'sum', 'avg', 'min', 'max', 'cardinality', 'percentiles', 'logs']),
        field: z.string().optional(),
        settings: settings.optional(),
      }),
    )
    .min(1),
  bucketAggs: z.array(
    z.strictObject({
      id: z.string().min(1),
      type: z.enum(['terms', 'date_histogram', 'filters']),
      field: z.string().optional(),
      settings,
    }),
  ),
});

export type ElasticsearchTarget = z.infer<typeof target>;

export const grafanaPanel = z.object({ title: z.string(), targets: z.array(target).min(1) });

type Bucket = ElasticsearchTarget['bucketAggs'][number];
type Aggregations = Record<string, object>;

export function grafanaSearch(name: string, indices: string, { query, metrics, bucketAggs }: ElasticsearchTarget): ChartSearch {
  const queryString = { query_string: { query, analyze_wildcard: true } };
  const isLogs = metrics.some(({ type }) => type === 'logs');
  assert(isLogs || bucketAggs.length > 0, `${name} has a bucket`);
  const measured = metrics.filter(({ type }) => type !== 'count' && type !== 'logs');
  const innermost: Aggregations = Object.fromEntries(
    measured.map(({ id, type, field, settings: given = {} }) => [id, { [type]: { field, ...given } }]),
  );
  const aggs = bucketAggs
    .toReversed()
    .reduce<Aggregations>(
      (inner, bucket) => ({ [bucket.id]: { ...bucketOf(bucket), aggs: { ...orderOf(bucket, innermost), ...inner } } }),
      innermost,
    );
  return {
    name,
    indices,
    body: { size: isLogs ? 1 : 0, track_total_hits: true, query: queryString, ...(!isLogs && { aggs }) },
    values: metrics.map(({ id, type }): ChartValue => {
      const isCount = type === 'count' || type === 'logs';
      return { label: type, name: isCount ? undefined : id, isFiltered: false };
    }),
    fields: [...metrics, ...bucketAggs].flatMap(({ field }) => field ?? []),
  };
}

/** As Grafana does: what buckets are sorted by is measured in each of them. */
function orderOf({ settings: { orderBy } }: Bucket, metrics: Aggregations): Aggregations {
  const metric = typeof orderBy === 'string' ? metrics[orderBy] : undefined;
  return typeof orderBy === 'string' && metric !== undefined ? { [orderBy]: metric } : {};
}

function bucketOf({ type, field, settings: given }: Bucket): object {
  if (type === 'date_histogram') return { date_histogram: { field, fixed_interval: '1h', min_doc_count: 0 } };
  if (type === 'filters') return { filters: { filters: { all: { query_string: { query: '*' } } } } };
  const { size, order, orderBy } = z
    .object({ size: z.string(), order: z.enum(['asc', 'desc']), orderBy: z.string() })
    .parse(given);
  return { terms: { field, size: Number(size), order: { [orderBy]: order } } };
}
