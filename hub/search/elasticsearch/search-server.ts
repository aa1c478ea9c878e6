/** Searches at a server: its answers, and its refusals as sentences for who asked. */
import type { Answer, Connection } from '../../outputs/elasticsearch/client/connection.ts';
import { NoAnswerError } from '../../outputs/elasticsearch/client/connection.ts';
import { objectOf } from '../../outputs/elasticsearch/client/objects.ts';
import { brokenOffText, SearchError } from '../search-error.ts';
import { type Dsl, indicesOf, queryOf } from './query-dsl.ts';
import type { Wanted } from '../wanted.ts';

export interface Hit {
  readonly index: string;
  readonly source: unknown;
  readonly sort: readonly unknown[];
}

export interface SearchResult {
  readonly hits: readonly Hit[];
  readonly aggregations: Readonly<Record<string, unknown>>;
  /** What is missing from it, as a sentence; empty: nothing. */
  readonly problem: string;
}

const reasonCharactersMax = 300;
/** Its own limit, so that it does not go on for nobody. */
const timeoutText = '30s';

export class SearchServer {
  readonly #connection: Pick<Connection, 'request'>;

  constructor(connection: Pick<Connection, 'request'>) {
    this.#connection = connection;
  }

  /** Rejects with a SearchError. Nothing is found where nothing may be looked at, and where there is no index yet. */
  async search(wanted: Wanted, body: Dsl, signal: AbortSignal, also: readonly Dsl[] = []): Promise<SearchResult> {
    const indices = indicesOf(wanted);
    if (indices === undefined) return { hits: [], aggregations: {}, problem: '' };
    const query = { bool: { filter: [queryOf(wanted), ...also] } };
    const { status, body: answer } = await this.#ask(
      indices,
      { ...body, query, timeout: timeoutText, track_total_hits: false },
      signal,
    );
    if (status === 404) return { hits: [], aggregations: {}, problem: '' };
    if (status !== 200) throw refusal(status, answer);
    const { hits, aggregations, _shards: shards, timed_out: isLate } = objectOf(answer);
    const { hits: found } = objectOf(hits);
    return {
      hits: (Array.isArray(found) ? found : []).map(hitOf),
      aggregations: objectOf(aggregations),
      problem: problemOf(objectOf(shards), isLate === true),
    };
  }

  async #ask(indices: string, body: Dsl, signal: AbortSignal): Promise<Answer> {
    try {
      return await this.#connection.request({
        method: 'POST',
        path: `/${indices}/_search`,
        query: { ignore_unavailable: true, allow_no_indices: true },
        body,
        opaqueId: 'tributary-search',
        signal,
      });
    } catch (error) {
      if (signal.aborted) throw new SearchError('store-away', brokenOffText(signal), { cause: error });
      if (!(error instanceof NoAnswerError)) throw error;
      throw new SearchError('store-away', `Elasticsearch does not answer: ${error.message.slice(0, reasonCharactersMax)}`, {
        cause: error,
      });
    }
  }
}

function hitOf(hit: unknown): Hit {
  const { _index: index, _source: source, sort } = objectOf(hit);
  return { index: typeof index === 'string' ? index : '', source, sort: Array.isArray(sort) ? sort : [] };
}

function problemOf({ failed }: Readonly<Record<string, unknown>>, isLate: boolean): string {
  if (isLate) return `Elasticsearch did not look at everything within ${timeoutText}`;
  return typeof failed === 'number' && failed > 0 ? `${failed} shards of Elasticsearch could not be searched` : '';
}

function refusal(status: number, body: unknown): SearchError {
  const { error } = objectOf(body);
  const { reason, root_cause: causes } = objectOf(error);
  const [cause] = Array.isArray(causes) ? causes : [];
  const { reason: rootReason } = objectOf(cause);
  const text = [rootReason, reason].find((one) => typeof one === 'string');
  const why = (text ?? `status ${status}`).slice(0, reasonCharactersMax);
  if (status === 400) return new SearchError('query', `Elasticsearch cannot search for this: ${why}`);
  if (status === 401 || status === 403)
    return new SearchError(
      'store-away',
      `Elasticsearch does not let the hub search: give its key or user the privilege read on logs-* (${why})`,
    );
  return new SearchError('store-away', `Elasticsearch cannot search now: ${why}`);
}
