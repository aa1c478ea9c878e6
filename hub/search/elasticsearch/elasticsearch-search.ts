/** An Elasticsearch output as a place to search: by the same answers as the archive. */
import { platformType } from '@tributary/protocol/platform/document.ts';
import type { ContextAnswer, FacetsAnswer, FoundRecord, HistogramAnswer } from '../../dashboard/api/search-shapes.ts';
import type { Connection } from '../../outputs/elasticsearch/client/connection.ts';
import { objectOf } from '../../outputs/elasticsearch/client/objects.ts';
import { fieldsBytesMax, fittedDocumentsMax, fittedMs, lineBytesMax } from '../limits.ts';
import { pageDigest, parsedPage } from '../page-digest.ts';
import { brokenOffText } from '../search-error.ts';
import type { Buckets, ContextPlace, Page, SearchEnd, SearchStep, SearchStore } from '../search-store.ts';
import type { Wanted } from '../wanted.ts';
import * as z from 'zod';
import type { SearchThreads } from '../../outputs/archive/search/search-threads.ts';
import { FittingLines } from './fitting-lines.ts';
import { foundDocument, lineOfDocument } from './found-document.ts';
import { type Dsl, platformIndices, receivedField } from './query-dsl.ts';
import { type Hit, SearchServer } from './search-server.ts';

export interface SearchedElasticsearch {
  readonly name: string;
  /** For people. */
  readonly state: string;
  readonly connection: Pick<Connection, 'request'>;
  readonly threads: SearchThreads;
}

/** Where a page ended: what its last document was sorted by. */
const placeShape = z.strictObject({
  q: z.string(),
  since: z.number().optional(),
  until: z.number().optional(),
  sort: z
    .array(z.union([z.string(), z.number(), z.null()]))
    .min(4)
    .max(8),
});

/** Documents of one request. */
const batchMax = 1000;

export class ElasticsearchSearch implements SearchStore {
  readonly kind = 'elasticsearch';
  readonly name: string;
  readonly state: string;
  readonly #server: SearchServer;
  readonly #threads: SearchThreads;

  constructor({ name, state, connection, threads }: SearchedElasticsearch) {
    this.name = name;
    this.state = state;
    this.#threads = threads;
    this.#server = new SearchServer(connection);
  }

  async *records(asked: Wanted, page: Page, signal: AbortSignal): AsyncGenerator<SearchStep, SearchEnd> {
    const startedMs = performance.now();
    const place = page.after === undefined ? undefined : parsedPage(placeShape, page.after, asked);
    const wanted = place === undefined ? asked : { ...asked, sinceMs: place.since, untilMs: place.until };
    const { pattern } = wanted;
    using fitting = isFittedHere(wanted) && pattern !== undefined ? new FittingLines(this.#threads, pattern) : undefined;
    const problems = new Set<string>();
    let after = place?.sort;
    let [left, bytes, looked] = [page.limit, 0, 0];
    let isMore = true;
    while (isMore && left > 0 && bytes < (page.bytesMax ?? Infinity) && !signal.aborted) {
      // A file is made of all there is, however long that takes.
      if (page.isWhole !== true && (looked >= fittedDocumentsMax || (looked > 0 && performance.now() - startedMs > fittedMs))) {
        problems.add(unfittedText(looked, after));
        break;
      }
      const size = fitting === undefined ? Math.min(left, batchMax) : batchMax;
      const body = { size, sort: sortOf(wanted), ...(after !== undefined && { search_after: after }) };
      const { hits, problem } = await this.#server.search(wanted, body, signal);
      if (problem !== '') problems.add(problem);
      const given = fitting === undefined ? hits : await fittingHits(hits, fitting, left);
      const records = given.map((hit) => recordOf(hit, page.isWhole === true));
      left -= records.length;
      bytes += records.reduce((sum, { line }) => sum + line.length, 0);
      // A page that is full goes on behind its last record, where others may fit.
      const last = left > 0 ? hits.at(-1) : given.at(-1);
      isMore = hits.length === size || last !== hits.at(-1);
      after = sortedAs(last) ?? after;
      if (fitting !== undefined) looked += hits.length;
      if (records.length > 0) yield { records };
      else if (fitting !== undefined) yield { progress: { objectsRead: 0, objects: 0, rawBytes: bytes, ...backTo(after) } };
    }
    const { sinceMs: since, untilMs: until } = wanted;
    const range = { ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
    const next =
      isMore && after !== undefined ? Buffer.from(JSON.stringify({ q: pageDigest(wanted), ...range, sort: after })) : undefined;
    return {
      ...(next !== undefined && { next: next.toString('base64url') }),
      summary: { objectsRead: 0, objectsSkipped: 0, rawBytes: bytes, seconds: (performance.now() - startedMs) / 1000 },
      problems: [...problems, ...(signal.aborted ? [brokenOffText(signal)] : [])],
    };
  }

  async histogram(wanted: Wanted, { fromMs, stepMs, count }: Buckets, signal: AbortSignal): Promise<HistogramAnswer> {
    const sinceMs = Math.max(wanted.sinceMs ?? -Infinity, fromMs);
    const untilMs = Math.min(wanted.untilMs ?? Infinity, fromMs + stepMs * count);
    const interval = { fixed_interval: `${stepMs}ms`, offset: `${fromMs % stepMs}ms`, min_doc_count: 1 };
    const aggs = { by_time: { date_histogram: { field: receivedField, ...interval } } };
    const { aggregations, problem } = await this.#server.search({ ...wanted, sinceMs, untilMs }, { size: 0, aggs }, signal);
    const counts = Array.from({ length: count }, () => 0);
    for (const { key, docs } of bucketsOf(aggregations['by_time'])) {
      const index = Math.floor((Number(key) - fromMs) / stepMs);
      if (index >= 0 && index < count) counts[index] = docs;
    }
    return { fromMs, stepMs, counts, approximate: isFittedHere(wanted) || problem !== '' };
  }

  async facets(wanted: Wanted, valuesMax: number, signal: AbortSignal): Promise<FacetsAnswer> {
    const terms = (field: string): Dsl => ({ terms: { field, size: valuesMax } });
    // Of what agents and hubs tell, the data set says what it is about.
    const ofPlatform = { terms: { 'data_stream.type': platformIndices } };
    const aggs = {
      tenant: terms('data_stream.namespace'),
      logs: { filter: { bool: { must_not: ofPlatform } }, aggs: { type: terms('data_stream.dataset') } },
      platform: { filter: ofPlatform },
      host: terms('host.name'),
    };
    const { aggregations, problem } = await this.#server.search(wanted, { size: 0, aggs }, signal);
    const { tenant, logs, platform, host } = aggregations;
    const { doc_count: count } = objectOf(platform);
    const told = typeof count === 'number' && count > 0 ? [{ value: platformType, count }] : [];
    const types = [...valuesOf(objectOf(logs)['type']), ...told].toSorted((a, b) => b.count - a.count);
    const facets = [
      { name: 'tenant' as const, values: valuesOf(tenant) },
      { name: 'type' as const, values: types.slice(0, valuesMax) },
      { name: 'host' as const, values: valuesOf(host) },
    ];
    return { facets, approximate: isFittedHere(wanted) || problem !== '' };
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
    const fields = type === platformType ? platformPlace : logsPlace;
    const sameRecord = [
      { term: { [fields.position]: position } },
      { range: { [fields.ordinal]: { [isBefore ? 'lt' : 'gte']: ordinal } } },
    ];
    const others = { range: { [fields.position]: { [isBefore ? 'lt' : 'gt']: position } } };
    const beside = { bool: { should: [others, { bool: { filter: sameRecord } }], minimum_should_match: 1 } };
    const also = [{ term: { [fields.stream]: stream } }, { term: { 'agent.id': agent } }, beside];
    const direction = isBefore ? 'desc' : 'asc';
    const sort = [sortedBy(fields.position, direction, 'long'), sortedBy(fields.ordinal, direction, 'long')];
    const { hits } = await this.#server.search({ ...everything, tenants: [tenant], types: [type] }, { size, sort }, signal, also);
    return hits.map((hit) => recordOf(hit, false));
  }
}

/** Where a document says which record it is of. */
const logsPlace = { stream: 'tributary.stream', position: 'tributary.position', ordinal: 'tributary.ordinal' };
const platformPlace = {
  stream: 'tributary.record.stream',
  position: 'tributary.record.position',
  ordinal: 'tributary.record.ordinal',
};

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

/** Elasticsearch knows no regular expression over a line: it finds what else is wanted, and the lines are looked at here. */
function isFittedHere({ pattern }: Wanted): boolean {
  return pattern !== undefined && pattern.kind !== 'literal';
}

async function fittingHits(hits: readonly Hit[], fitting: FittingLines, count: number): Promise<readonly Hit[]> {
  const fit = await fitting.among(hits.map(({ source }) => lineOfDocument(source)));
  return hits.filter((_, index) => fit.has(index)).slice(0, count);
}

type Sorted = z.output<typeof placeShape>['sort'];

function sortedAs(hit: Hit | undefined): Sorted | undefined {
  return placeShape.shape.sort.safeParse(hit?.sort).data;
}

function backTo(after: Sorted | undefined): { readonly backToMs?: number } {
  const [ms] = after ?? [];
  return typeof ms === 'number' ? { backToMs: ms } : {};
}

function unfittedText(looked: number, after: Sorted | undefined): string {
  const { backToMs } = backTo(after);
  const reached = backToMs === undefined ? '' : `, as far as ${new Date(backToMs).toISOString()}`;
  return `Elasticsearch knows no regular expressions over lines: ${looked} records were looked at one by one${reached}, and the next page goes on there`;
}

/** No two documents are sorted alike, so that a page begins exactly where the one before it ended. */
function sortOf({ order, types }: Wanted): readonly Dsl[] {
  const direction = order === 'newest' ? 'desc' : 'asc';
  const byPlace = ({ stream, position, ordinal }: typeof logsPlace): readonly Dsl[] => [
    sortedBy(stream, 'asc', 'keyword'),
    sortedBy(position, direction, 'long'),
    sortedBy(ordinal, direction, 'long'),
  ];
  // What a hub sent straight to the server came by no stream, and has an id.
  const ofPlatform =
    types?.includes(platformType) === true ? [...byPlace(platformPlace), sortedBy('event.id', 'asc', 'keyword')] : [];
  return [sortedBy(receivedField, direction, 'date'), ...byPlace(logsPlace), ...ofPlatform];
}

/** What a document does not have is told as a value that can be asked for again: the server's own is no number of JavaScript's. */
function sortedBy(field: string, order: 'asc' | 'desc', type: 'date' | 'keyword' | 'long'): Dsl {
  return { [field]: { order, unmapped_type: type, ...(type === 'long' && { missing: -1 }) } };
}

function recordOf({ index, source }: Hit, isWhole: boolean): FoundRecord {
  const limits = { lineBytesMax, fieldsBytesMax };
  return foundDocument(index, source, isWhole ? { lineBytesMax: Infinity, fieldsBytesMax: Infinity } : limits);
}

function valuesOf(aggregation: unknown): { readonly value: string; readonly count: number }[] {
  return bucketsOf(aggregation).map(({ key, docs }) => ({ value: String(key), count: docs }));
}

function bucketsOf(aggregation: unknown): { readonly key: unknown; readonly docs: number }[] {
  const { buckets } = objectOf(aggregation);
  return (Array.isArray(buckets) ? buckets : []).map((bucket) => {
    const { key, doc_count: docs } = objectOf(bucket);
    return { key, docs: typeof docs === 'number' ? docs : 0 };
  });
}
