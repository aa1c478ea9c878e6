/** The archive as a place to search: its objects by the index, and what waits for it. */
import type { ContextAnswer, FacetsAnswer, FoundRecord, HistogramAnswer } from '../../dashboard/api/search-shapes.ts';
import type { SearchRequest } from '../../outputs/archive/search/search-run.ts';
import type { SearchThreads } from '../../outputs/archive/search/search-threads.ts';
import type { ArchiveSpec } from '../../outputs/archive/store/archive-spec.ts';
import type { ArchiveObject } from '../../queue/queue.ts';
import type { Buckets, ContextPlace, Page, SearchEnd, SearchStep, SearchStore } from '../search-store.ts';
import { rowQueryOf } from '../row-query.ts';
import { isOfChannel, type Wanted } from '../wanted.ts';
import { archiveContext } from './archive-context.ts';
import { archiveFacets, archiveHistogram } from './archive-figures.ts';
import { archiveRecords } from './archive-records.ts';
import { GivenRows } from './given-rows.ts';
import { parsePage } from './page-place.ts';
import { waitingRows, type WaitingQueue } from './waiting-rows.ts';

export interface SearchedArchive {
  readonly name: string;
  readonly spec: ArchiveSpec;
  /** For people. */
  readonly state: string;
}

export interface ArchiveSearchParts {
  readonly archive: SearchedArchive;
  readonly queue: WaitingQueue;
  readonly index: () => Promise<readonly ArchiveObject[]>;
  readonly threads: SearchThreads;
}

/** What of the archive a search has to look at. */
export interface Chosen {
  readonly request: Omit<SearchRequest, 'format'>;
  readonly problems: readonly string[];
}

export class ArchiveSearch implements SearchStore {
  readonly kind = 'archive';
  readonly #parts: ArchiveSearchParts;

  constructor(parts: ArchiveSearchParts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.archive.name;
  }

  get state(): string {
    return this.#parts.archive.state;
  }

  async *records(asked: Wanted, page: Page, signal: AbortSignal): AsyncGenerator<SearchStep, SearchEnd> {
    const after = page.after === undefined ? undefined : parsePage(page.after, asked);
    const wanted = after === undefined ? asked : { ...asked, sinceMs: after.since, untilMs: after.until };
    const given = new GivenRows(after, wanted.order);
    const { request, problems } = await this.#chosen(wanted, (object) => given.isGone(object));
    return yield* archiveRecords({ request, wanted, given, problems }, page, signal);
  }

  async histogram(wanted: Wanted, buckets: Buckets, signal: AbortSignal): Promise<HistogramAnswer> {
    const sinceMs = Math.max(wanted.sinceMs ?? -Infinity, buckets.fromMs);
    const untilMs = Math.min(wanted.untilMs ?? Infinity, buckets.fromMs + buckets.stepMs * buckets.count);
    return archiveHistogram(await this.#chosen({ ...wanted, sinceMs, untilMs }), buckets, signal);
  }

  async facets(wanted: Wanted, valuesMax: number, signal: AbortSignal): Promise<FacetsAnswer> {
    return archiveFacets(await this.#chosen(wanted), valuesMax, signal);
  }

  async context(place: ContextPlace, signal: AbortSignal): Promise<ContextAnswer> {
    return archiveContext(place, (wanted) => this.#all(wanted, signal));
  }

  /** Records one by one, in any number: who takes them stops. */
  async *#all(wanted: Wanted, signal: AbortSignal): AsyncGenerator<FoundRecord> {
    for await (const step of this.records(wanted, { limit: Infinity }, signal)) if ('records' in step) yield* step.records;
  }

  async #chosen(wanted: Wanted, isGone: (object: ArchiveObject) => boolean = () => false): Promise<Chosen> {
    const { archive, queue, index, threads } = this.#parts;
    const all = await index();
    const waiting = await waitingRows(queue, all, wanted);
    const objects = all.filter((object) => mayHold(object, wanted) && !isGone(object));
    return {
      request: {
        archive: archive.spec,
        objects,
        leftOut: all.length - objects.length,
        waiting: waiting.rows,
        query: rowQueryOf(wanted),
        order: wanted.order,
        threads,
        output: archive.name,
      },
      problems: waiting.problems,
    };
  }
}

function mayHold(object: ArchiveObject, { tenants, types, hosts }: Wanted): boolean {
  return isOfChannel({ tenants, types }, object.channel) && hosts?.some((host) => object.hosts.includes(host)) !== false;
}
