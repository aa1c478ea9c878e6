/** Where records can be searched: the archive, or an Elasticsearch output. One contract, so that the page is the same over both. */
import type { ContextAnswer, FacetsAnswer, FoundRecord, HistogramAnswer, SearchAnswer } from '../dashboard/api/search-shapes.ts';
import type { Wanted } from './wanted.ts';

export interface Page {
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
  /** Bytes of text after which a page ends early; none where records are streamed. */
  readonly bytesMax?: number;
  /** Lines and fields however long they are. */
  readonly isWhole?: boolean;
}

export interface Progress {
  readonly objectsRead: number;
  readonly objects: number;
  readonly rawBytes: number;
  readonly backToMs?: number;
}

/** What a search gives while it goes on. */
export type SearchStep = { readonly records: readonly FoundRecord[] } | { readonly progress: Progress };
export type SearchEnd = Omit<SearchAnswer, 'records' | 'store'>;

/** Of a histogram: a bucket begins at every `fromMs + n * stepMs`. */
export interface Buckets {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly count: number;
}

/** A record, and how much around it. */
export interface ContextPlace {
  readonly tenant: string;
  readonly type: string;
  readonly agent: string;
  readonly stream: string;
  readonly position: number;
  readonly ordinal: number;
  readonly receivedMs: number;
  readonly before: number;
  readonly after: number;
}

/** Methods reject with a SearchError where they cannot be done, and end soon after `signal` is aborted. */
export interface SearchStore {
  readonly name: string;
  readonly kind: 'archive' | 'elasticsearch';
  /** For people: `running`, or what is the matter. */
  readonly state: string;
  /** In the order that is wanted. The end is the generator's return value. */
  records(wanted: Wanted, page: Page, signal: AbortSignal): AsyncGenerator<SearchStep, SearchEnd>;
  histogram(wanted: Wanted, buckets: Buckets, signal: AbortSignal): Promise<HistogramAnswer>;
  facets(wanted: Wanted, valuesMax: number, signal: AbortSignal): Promise<FacetsAnswer>;
  context(place: ContextPlace, signal: AbortSignal): Promise<ContextAnswer>;
}
