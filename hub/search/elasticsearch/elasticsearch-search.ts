/** An Elasticsearch output as a place to search: by the same answers as the archive. */
import type { ContextAnswer, FacetsAnswer, FoundRecord, HistogramAnswer } from '../../dashboard/api/search-shapes.ts';
import type { Connection } from '../../outputs/elasticsearch/client/connection.ts';
import { objectOf } from '../../outputs/elasticsearch/client/objects.ts';
import { lineBytesMax } from '../limits.ts';
import { pageDigest, parsedPage } from '../page-digest.ts';
import type { Buckets, ContextPlace, Page, SearchEnd, SearchStep, SearchStore } from '../search-store.ts';
import type { Wanted } from '../wanted.ts';
import * as z from 'zod';
import { foundDocument } from './found-document.ts';
import { type Dsl, receivedField } from './query-dsl.ts';
import { type Hit, SearchServer } from './search-server.ts';

export interface SearchedElasticsearch {
  readonly name: string;
  /** For people. */
  readonly state: string;
  readonly connection: Pick<Connection, 'request'>;
}

/** Where a page ended: what its last document was sorted by. */
const placeShape = z.strictObject({
  q: z.string(),
  since: z.number().optional(),
  until: z.number().optional(),
  sort: z.array(z.union([z.string(), z.number(), z.null()])).length(4),
});

/** Documents of one request. */
const batchMax = 1000;

export class ElasticsearchSearch implements SearchStore {
  readonly kind = 'elasticsearch';
  readonly name: string;
  readonly state: string;
  readonly #server: SearchServer;

  constructor({ name, state, connection }: SearchedElasticsearch) {
    this.name = name;
    this.state = state;
    this.#server = new SearchServer(connection);
  }

  async *records(asked: Wanted, page: Page, signal: AbortSignal): AsyncGenerator<SearchStep, SearchEnd> {
    const startedMs = performance.now();
    const place = page.after === undefined ? undefined : parsedPage(placeShape, page.after, asked);
    const wanted = place === undefined ? asked : { ...asked, sinceMs: place.since, untilMs: place.until };
    const problems = new Set<string>();
    let after = place?.sort;
    let [left, bytes] = [page.limit, 0];
    let isMore = true;
    while (isMore && left > 0 && bytes < (page.bytesMax ?? Infinity) && !signal.aborted) {
      const size = Math.min(left, batchMax);
      const body = { size, sort: sortOf(wanted.order), ...(after !== undefined && { search_after: after }) };
      const { hits, problem } = await this.#server.search(wanted, body, signal);
      if (problem !== '') problems.add(problem);
      const records = hits.map((hit) => recordOf(hit, page.isWhole === true));
      left -= records.length;
      bytes += records.reduce((sum, { line }) => sum + line.length, 0);
      isMore = hits.length === size;
      after = placeShape.shape.sort.safeParse(hits.at(-1)?.sort).data ?? after;
      if (records.length > 0) yield { records };
    }
    const { sinceMs: since, untilMs: until } = wanted;
    const range = { ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
    const next =
      isMore && after !== undefined ? Buffer.from(JSON.stringify({ q: pageDigest(wanted), ...range, sort: after })) : undefined;
    return {
      ...(next !== undefined && { next: next.toString('base64url') }),
      summary: { objectsRead: 0, objectsSkipped: 0, rawBytes: bytes, seconds: (performance.now() - startedMs) / 1000 },
      problems: [...problems],
    };
  }

  async histogram(wanted: Wanted, { fromMs, stepMs, count }: Buckets, signal: AbortSignal): Promise<HistogramAnswer> {
    const sinceMs = Math.max(wanted.sinceMs ?? -Infinity, fromMs);
    const untilMs = Math.min(wanted.untilMs ?? Infinity, fromMs + stepMs * count);
    const interval = { fixed_interval: `${stepMs}ms`, offset: `${fromMs % stepMs}ms`, min_doc_count: 1 };
    const aggs = { by_time: { date_histogram: { field: receivedField, ...interval } } };
    const { aggregations } = await this.#server.search({ ...wanted, sinceMs, untilMs }, { size: 0, aggs }, signal);
    const counts = Array.from({ length: count }, () => 0);
    for (const { key, docs } of bucketsOf(aggregations['by_time'])) {
      const index = Math.floor((Number(key) - fromMs) / stepMs);
      if (index >= 0 && index < count) counts[index] = docs;
    }
    return { fromMs, stepMs, counts, approximate: false };
  }

  async facets(wanted: Wanted, valuesMax: number, signal: AbortSignal): Promise<FacetsAnswer> {
    const terms = (field: string): Dsl => ({ terms: { field, size: valuesMax } });
    const aggs = { tenant: terms('data_stream.namespace'), type: terms('data_stream.dataset'), host: terms('host.name') };
    const { aggregations } = await this.#server.search(wanted, { size: 0, aggs }, signal);
    const facets = (['tenant', 'type', 'host'] as const).map((name) => ({
      name,
      values: bucketsOf(aggregations[name]).map(({ key, docs }) => ({ value: String(key), count: docs })),
    }));
    return { facets, approximate: false };
  }

  async context(place: ContextPlace, signal: AbortSignal): Promise<ContextAnswer> {
    const [before, following] = await Promise.all([
      this.#around(place, { isBefore: true, size: place.before }, signal),
      this.#around(place, { isBefore: false, size: place.after + 1 }, signal),
    ]);
    const [first] = following;
    const isIt = first?.at.position === place.position && first.at.ordinal === place.ordinal;
    const after = (isIt ? following.slice(1) : following).slice(0, place.after);
    return { before: before.toReversed(), ...(isIt && { record: first }), after };
  }

  async #around(
    place: ContextPlace,
    { isBefore, size }: { readonly isBefore: boolean; readonly size: number },
    signal: AbortSignal,
  ): Promise<FoundRecord[]> {
    const { tenant, type, agent, stream, position, ordinal } = place;
    const sameRecord = [
      { term: { [positionField]: position } },
      { range: { [ordinalField]: { [isBefore ? 'lt' : 'gte']: ordinal } } },
    ];
    const others = { range: { [positionField]: { [isBefore ? 'lt' : 'gt']: position } } };
    const beside = { bool: { should: [others, { bool: { filter: sameRecord } }], minimum_should_match: 1 } };
    const also = [{ term: { [streamField]: stream } }, { term: { 'agent.id': agent } }, beside];
    const direction = isBefore ? 'desc' : 'asc';
    const sort = [sortedBy(positionField, direction, 'long'), sortedBy(ordinalField, direction, 'long')];
    const { hits } = await this.#server.search({ ...everything, tenants: [tenant], types: [type] }, { size, sort }, signal, also);
    return hits.map((hit) => recordOf(hit, false));
  }
}

const streamField = 'tributary.stream';
const positionField = 'tributary.position';
const ordinalField = 'tributary.ordinal';

const everything: Wanted = {
  tenants: undefined,
  types: undefined,
  hosts: undefined,
  sinceMs: undefined,
  untilMs: undefined,
  pattern: undefined,
  condition: undefined,
  query: '',
  ignoreCase: false,
  order: 'newest',
};

/** No two documents are sorted alike, so that a page begins exactly where the one before it ended. */
function sortOf(order: Wanted['order']): readonly Dsl[] {
  const direction = order === 'newest' ? 'desc' : 'asc';
  return [
    sortedBy(receivedField, direction, 'date'),
    sortedBy(streamField, 'asc', 'keyword'),
    sortedBy(positionField, direction, 'long'),
    sortedBy(ordinalField, direction, 'long'),
  ];
}

function sortedBy(field: string, order: 'asc' | 'desc', type: string): Dsl {
  return { [field]: { order, unmapped_type: type } };
}

function recordOf({ index, source }: Hit, isWhole: boolean): FoundRecord {
  return foundDocument(index, source, { lineBytesMax: isWhole ? Infinity : lineBytesMax });
}

function bucketsOf(aggregation: unknown): { readonly key: unknown; readonly docs: number }[] {
  const { buckets } = objectOf(aggregation);
  return (Array.isArray(buckets) ? buckets : []).map((bucket) => {
    const { key, doc_count: docs } = objectOf(bucket);
    return { key, docs: typeof docs === 'number' ? docs : 0 };
  });
}
