/** Searches of people and programs: where they can search, how many at a time, and that each is in the audit trail. */
import { hash } from 'node:crypto';
import type { Clock } from '@tributary/shared/clock.ts';
import { nameOf } from '../access/access.ts';
import type { Registry } from '../registry/registry.ts';
import { searchesMax, searchesPerPersonMax } from './limits.ts';
import { PageSeals } from './page-seals.ts';
import { Places } from './places.ts';
import { RecentSearches } from './recent-searches.ts';
import { auditOf, type SearchBy } from './search-audit.ts';
import { SearchError } from './search-error.ts';
import type { SearchStore } from './search-store.ts';
import type { AskedFor, Wanted } from './wanted.ts';

export interface SearchesParts {
  /** As the configuration has them now; the best first. */
  readonly stores: () => readonly SearchStore[];
  readonly registry: Pick<Registry, 'record' | 'meta' | 'setMeta'>;
  readonly clock: Clock;
}

/** A search as it was asked for, by whom, and of what. */
export interface SearchAsked {
  readonly asked: AskedFor;
  readonly wanted: Wanted;
  readonly by: SearchBy;
  readonly store: string;
}

/** `histogram` and `facets` are counts of what a search finds. */
export type SearchWay = 'search' | 'export' | 'context' | 'histogram' | 'facets';

/** Begun and refused since the start. */
export interface SearchCounts {
  readonly running: number;
  readonly begun: number;
  readonly refused: number;
}

export class Searches {
  readonly #parts: SearchesParts;
  readonly #places = new Places({ each: searchesPerPersonMax, all: searchesMax, what: 'searches' });
  readonly #recent: RecentSearches;
  readonly pages: PageSeals;
  #begun = 0;
  #refused = 0;

  constructor(parts: SearchesParts) {
    this.#parts = parts;
    this.#recent = new RecentSearches(() => parts.clock.monotonic());
    this.pages = new PageSeals(parts.registry, parts.clock);
  }

  get stores(): readonly SearchStore[] {
    return this.#parts.stores();
  }

  /** Throws a SearchError. Without a name the best there is. */
  store(name: string | undefined): SearchStore {
    const { stores } = this;
    const found =
      name === undefined || name === '' ? stores[0] : stores.find((store) => store.name === name || store.kind === name);
    if (found !== undefined) return found;
    if (stores.length === 0)
      throw new SearchError('no-store', 'there is nothing to search: configure an output of kind archive or elasticsearch');
    throw new SearchError('unknown-store', 'no store of this name can be searched: GET /api/v1/stores lists them');
  }

  /** A place among the searches that run, until it is disposed. Throws a SearchError where there is none. */
  begin({ principal }: SearchBy): Disposable {
    try {
      const place = this.#places.take(nameOf(principal));
      this.#begun += 1;
      return place;
    } catch (error) {
      this.#refused += 1;
      throw error;
    }
  }

  get counts(): SearchCounts {
    return { running: this.#places.taken, begun: this.#begun, refused: this.#refused };
  }

  /** Resolves when it is in the trail. Counts of what was searched for a moment ago are there with it. */
  async record(search: SearchAsked, way: SearchWay, details: Readonly<Record<string, string>> = {}): Promise<void> {
    const { wanted, by, store } = search;
    const record = (): Promise<void> => this.#parts.registry.record(auditOf(wanted, by, { store, way, ...details }));
    const isOfFigures = way === 'histogram' || way === 'facets';
    if (isOfFigures) await this.#recent.recordOnce(searchName(search), record);
    else await this.#recent.record(searchName(search), record);
  }
}

/** Short, as many are remembered. The range of time as it was typed: `now-1h` is the same search a second later. */
function searchName({ asked, wanted: { tenants }, by, store }: SearchAsked): string {
  const { tenant, type, host, from, to, text, regex, query, ignore_case: ignoreCase } = asked;
  const all = [nameOf(by.principal), store, tenants, tenant, type, host, from, to, text, regex, query, ignoreCase];
  return hash('sha256', JSON.stringify(all), 'base64url');
}
