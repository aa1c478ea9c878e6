/**
 * Searching records: a page of them, or line by line while they are found; how many there are by time, tenant, log type and host; what stands
 * around one. A search ends when nobody waits for it any more, and every one of them is in the audit trail.
 */
import { Readable } from 'node:stream';
import * as z from 'zod';
import { everyTenant, may } from '../../../access/access.ts';
import {
  contextAnswer,
  facetsAnswer,
  histogramAnswer,
  searchAnswer,
  type FoundRecord,
  type SearchLine,
  searchQuery,
  storesAnswer,
} from '../../../dashboard/api/search-shapes.ts';
import { tenantName, typeName } from '../../../config/names.ts';
import * as limits from '../../../search/limits.ts';
import type { Wanted } from '../../../search/wanted.ts';
import { type ApiRoutes, principalOf } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';
import { beginSearch, foundLines, type SearchRouteParts, signalOf } from '../search-request.ts';
import { searchTold } from '../search-told.ts';

const path = '/api/v1/search';
const ndjson = 'application/x-ndjson; charset=utf-8';
/** Beside what is searched for: a page, or counts of it. */
const pageQuery = searchQuery;
const histogramQuery = searchQuery.omit({ limit: true, after: true, order: true }).extend({
  buckets: z.coerce.number().int().min(1).max(limits.bucketsMax).optional(),
});
const facetsQuery = searchQuery.omit({ limit: true, after: true, order: true }).extend({
  values: z.coerce.number().int().min(1).max(limits.facetValuesMax).optional(),
});
const hexId = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits');
const around = z.coerce.number().int().min(0).max(limits.contextMax).default(limits.contextDefault);
const contextQuery = z.strictObject({
  tenant: tenantName,
  type: typeName,
  agent: hexId,
  stream: hexId,
  position: z.coerce.number().int().min(0),
  ordinal: z.coerce.number().int().min(0).default(0),
  received: z.coerce.number().int().min(0),
  before: around,
  after: around,
  store: z.string().optional(),
});

export function searchRoutes(parts: SearchRouteParts): ApiRoutes {
  const { searches, clock } = parts;
  return (app) => {
    const stores = { summary: 'Where records can be searched', query: nothing, answer: storesAnswer };
    app.get('/api/v1/stores', { config: { access: 'view', about: stores } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      const seesSite = may(principalOf(request), 'view', everyTenant);
      // What is the matter with a store may name what other tenants have.
      const stateOf = (state: string): string => (seesSite || state === 'running' ? state : 'in trouble');
      return reply.send({ stores: searches.stores.map(({ name, kind, state }) => ({ name, kind, state: stateOf(state) })) });
    });

    const search = { summary: 'Records that are searched for, the newest first', query: pageQuery, answer: searchAnswer };
    app.get(path, { config: { access: 'view', about: search } }, async (request, reply) => {
      const asked = checked(pageQuery, request.query, 'query');
      const begun = beginSearch(parts, request, asked);
      const page = { limit: asked.limit ?? limits.pageRecordsDefault, after: asked.after, bytesMax: limits.pageBytesMax };
      const found = foundLines(begun, page, signalOf(reply, app.draining));
      if (request.headers.accept?.includes('application/x-ndjson') === true)
        return reply.type(ndjson).send(Readable.from(asText(found, await found.next()), { objectMode: false }));
      const records: FoundRecord[] = [];
      for await (const line of found) {
        if ('record' in line) records.push(line.record);
        if ('end' in line) return reply.send({ records, ...line.end });
      }
      return reply;
    });

    const histogram = { summary: 'How many records there are by time', query: histogramQuery, answer: histogramAnswer };
    app.get(`${path}/histogram`, { config: { access: 'view', about: histogram } }, async (request, reply) => {
      const asked = checked(histogramQuery, request.query, 'query');
      const { store, wanted, place, recorded } = beginSearch(parts, request, asked);
      using _ = place;
      await recorded('histogram');
      const buckets = bucketsOf(wanted, asked.buckets ?? limits.bucketsDefault, clock.now());
      return reply.send(await searchTold(store.histogram(wanted, buckets, signalOf(reply, app.draining))));
    });

    const facets = { summary: 'The most frequent tenants, log types and hosts', query: facetsQuery, answer: facetsAnswer };
    app.get(`${path}/facets`, { config: { access: 'view', about: facets } }, async (request, reply) => {
      const asked = checked(facetsQuery, request.query, 'query');
      const { store, wanted, place, recorded } = beginSearch(parts, request, asked);
      using _ = place;
      await recorded('facets');
      const valuesMax = asked.values ?? limits.facetValuesDefault;
      return reply.send(await searchTold(store.facets(wanted, valuesMax, signalOf(reply, app.draining))));
    });

    const context = { summary: 'What stands before and after a record', query: contextQuery, answer: contextAnswer };
    app.get(`${path}/context`, { config: { access: 'view', about: context } }, async (request, reply) => {
      const { store: name, received: receivedMs, ...place } = checked(contextQuery, request.query, 'query');
      const { tenant, type } = place;
      const { store, wanted, place: held, recorded } = beginSearch(parts, request, { tenant, type, store: name });
      using _ = held;
      await recorded('context', { stream: place.stream, position: String(place.position) });
      if (wanted.tenants?.length === 0) return reply.send({ before: [], after: [] });
      const signal = AbortSignal.any([signalOf(reply, app.draining), AbortSignal.timeout(limits.contextMs)]);
      return reply.send(await searchTold(store.context({ ...place, receivedMs }, signal)));
    });
  };
}

/**
 * The first of them is there already: what is wrong with the request is answered as an error. Chromium tells of the end of such an answer as
 * ERR_ABORTED, as of every `no-store` body that a page reads bit by bit: it is whole where its last line is the end.
 */
async function* asText(lines: AsyncGenerator<SearchLine>, first: IteratorResult<SearchLine, unknown>): AsyncGenerator<string> {
  try {
    for (let next = first; next.done !== true; next = await lines.next()) yield `${JSON.stringify(next.value)}\n`;
  } finally {
    await lines.return(undefined);
  }
}

function bucketsOf(
  { sinceMs, untilMs }: Wanted,
  count: number,
  nowMs: number,
): { fromMs: number; stepMs: number; count: number } {
  const toMs = untilMs ?? nowMs + 1;
  const fromMs = Math.min(sinceMs ?? toMs - dayMs, toMs - 1);
  return { fromMs, stepMs: Math.max(1, Math.ceil((toMs - fromMs) / count)), count };
}

const dayMs = 24 * 3_600_000;
