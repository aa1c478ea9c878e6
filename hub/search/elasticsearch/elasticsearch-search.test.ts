/** Regular expressions over a pretended server that has no way to look for them: it gives documents in their order, page by page. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { SearchThreads } from '../../outputs/archive/search/search-threads.ts';
import type { Request } from '../../outputs/elasticsearch/client/connection.ts';
import { fittedDocumentsMax } from '../limits.ts';
import type { Page, SearchEnd, SearchStep } from '../search-store.ts';
import { type AskedFor, wantedOf } from '../wanted.ts';
import { ElasticsearchSearch } from './elasticsearch-search.ts';
import { foundDocument } from './found-document.ts';

const nowMs = Date.UTC(2026, 10, 22, 12);
const threads = new SearchThreads({ size: 1 });
after(() => threads[Symbol.asyncDispose]());
const never = new AbortController().signal;

interface Found {
  readonly lines: string[];
  readonly end: SearchEnd;
  readonly steps: SearchStep[];
}

/** `count` documents, the newest first, with lines that tell their numbers. */
class Server {
  /** It has not looked at everything. */
  isLate = false;
  readonly requests: Request[] = [];
  readonly search: ElasticsearchSearch;
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
    const connection = { request: async (request: Request) => ({ status: 200, body: this.#answer(request) }) };
    this.search = new ElasticsearchSearch({ name: 'es', state: 'running', connection, threads });
  }

  async page(asked: AskedFor, page: Partial<Page> = {}): Promise<Found> {
    const wanted = wantedOf(asked, { visible: ['shop'], nowMs });
    const records = this.search.records(wanted, { limit: 100, ...page }, never);
    const steps: SearchStep[] = [];
    for (;;) {
      const step = await records.next();
      if (step.done === true) {
        const lines = steps.flatMap((one) => ('records' in one ? one.records.map(({ line }) => line) : []));
        return { lines, end: step.value, steps };
      }
      steps.push(step.value);
    }
  }

  #answer(request: Request): object {
    this.requests.push(request);
    const { size = 0, search_after: place = [nowMs + 1] } = Object(request.body);
    const from = nowMs + 1 - place[0];
    const count = Math.max(0, Math.min(size, this.#count - from));
    const hits = Array.from({ length: count }, (_, index) => hitOf(from + index));
    const aggregations = { by_time: { buckets: [{ key: nowMs, doc_count: this.#count }] } };
    return { hits: { hits }, aggregations, _shards: { failed: 0 }, timed_out: this.isLate };
  }
}

function hitOf(number: number): object {
  const ms = nowMs - number;
  const event = { ingested: new Date(ms).toISOString() };
  const source = { message: `Line ${number} of them`, event, tributary: { stream: 's', position: number, ordinal: 0 } };
  return { _index: 'logs-web-shop', _source: source, sort: [ms, 's', number, 0] };
}

test('a regular expression is looked for in the lines that the server finds, page by page', async () => {
  const server = new Server(2500);
  const asked = { regex: String.raw`^line \d*99 of`, ignore_case: true, type: 'web' };
  const all = Array.from({ length: 25 }, (_, index) => `Line ${index === 0 ? '' : index}99 of them`);
  assert.deepEqual((await server.page(asked)).lines, all);
  assert.equal((await server.page(asked)).end.next, undefined);
  assert.deepEqual((await server.page({ ...asked, ignore_case: false })).lines, []);
  const paged: string[] = [];
  let next: string | undefined;
  do {
    const { lines, end } = await server.page(asked, { limit: 4, after: next });
    assert.deepEqual(end.problems, []);
    paged.push(...lines);
    next = end.next;
  } while (next !== undefined && paged.length < 100);
  assert.deepEqual(paged, all);
  assert.ok(!JSON.stringify(server.requests).includes('99 of'));
});

test('a page looks at no more than so many documents, says so, and the next one goes on; a file is of all', async () => {
  const server = new Server(fittedDocumentsMax + 1500);
  const asked = { regex: `Line ${fittedDocumentsMax + 7} ` };
  const first = await server.page(asked);
  assert.deepEqual(first.lines, []);
  assert.match(first.end.problems.join(' '), /: 20000 records were looked at one by one, as far as 2026-11-22T11:59:40\.001Z/);
  assert.ok(first.steps.some((step) => 'progress' in step && step.progress.backToMs !== undefined));
  const second = await server.page(asked, { after: first.end.next });
  assert.deepEqual([second.lines.length, second.end.next, second.end.problems], [1, undefined, []]);
  const file = await server.page(asked, { isWhole: true });
  assert.deepEqual([file.lines.length, file.end.next], [1, undefined]);
});

test('who may look at one tenant asks the server for nothing of another one', async () => {
  const server = new Server(3);
  const asked: readonly AskedFor[] = [
    { tenant: 'shop,bank' },
    { type: 'platform,web' },
    { host: 'app1', regex: 'x' },
    { query: 'tenant:bank OR data_stream.namespace:bank' },
    { query: 'NOT tenant:shop _index:*bank*' },
    { type: Array.from({ length: 100 }, (_, index) => `type${index}`).join(',') },
  ];
  for (const one of asked) await server.page(one);
  for (const { path, body } of server.requests) {
    assert.match(path, /^\/(?:[a-z0-9*_-]+-(?:shop|\*),?)+\/_search$/);
    const filters: readonly object[] = Object(body).query.bool.filter[0].bool.filter;
    assert.ok(filters.map((part) => JSON.stringify(part)).includes('{"terms":{"data_stream.namespace":["shop"]}}'), path);
  }
  assert.equal(server.requests.length, asked.length);
  await server.page({ tenant: 'bank' });
  assert.equal(server.requests.length, asked.length, 'nothing is asked for');
});

test('what is broken off is not taken for all there is', async () => {
  const cut = new AbortController();
  const server = new Server(3);
  const records = server.search.records(wantedOf({}, { visible: undefined, nowMs }), { limit: 1 }, cut.signal);
  await records.next();
  cut.abort();
  const { value } = await records.next();
  assert.match(JSON.stringify(value), /broken off/);
});

test('fields that are too long for a page are left out of it, as those of the archive are', () => {
  const source = { message: 'short', labels: { a: 'b' }, blob: 'x'.repeat(100) };
  const limits = { lineBytesMax: 100, fieldsBytesMax: 100 };
  assert.equal(foundDocument('logs-web-shop', source, limits).fields, undefined);
  assert.deepEqual(foundDocument('logs-web-shop', source, { ...limits, fieldsBytesMax: 120 }).fields, { blob: source.blob });
});

test('counts of a regular expression are of what else is wanted, and say so', async () => {
  const server = new Server(10);
  const buckets = { fromMs: nowMs, stepMs: 1000, count: 1 };
  const counted = (asked: AskedFor): Promise<unknown> =>
    server.search.histogram(wantedOf(asked, { visible: undefined, nowMs }), buckets, never);
  assert.deepEqual(await counted({ regex: 'a+' }), { fromMs: nowMs, stepMs: 1000, counts: [10], approximate: true });
  assert.deepEqual(await counted({ text: 'a' }), { fromMs: nowMs, stepMs: 1000, counts: [10], approximate: false });
  server.isLate = true;
  assert.deepEqual(await counted({ text: 'a' }), { fromMs: nowMs, stepMs: 1000, counts: [10], approximate: true });
});
