/** Searches of people and programs: where they can search, how many at a time, and that each is in the audit trail. */
import { nameOf } from '../access/access.ts';
import type { AuditEvent } from '../registry/registry.ts';
import { searchesMax, searchesPerPersonMax } from './limits.ts';
import { Places } from './places.ts';
import { auditOf, type SearchBy } from './search-audit.ts';
import { SearchError } from './search-error.ts';
import type { SearchStore } from './search-store.ts';
import type { Wanted } from './wanted.ts';

export interface SearchesParts {
  /** As the configuration has them now; the best first. */
  readonly stores: () => readonly SearchStore[];
  readonly record: (event: AuditEvent) => Promise<void>;
}

/** Begun and refused since the start. */
export interface SearchCounts {
  readonly running: number;
  readonly begun: number;
  readonly refused: number;
}

export class Searches {
  readonly #parts: SearchesParts;
  readonly #places = new Places({ each: searchesPerPersonMax, all: searchesMax, what: 'searches' });

  #begun = 0;
  #refused = 0;

  constructor(parts: SearchesParts) {
    this.#parts = parts;
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

  async record(wanted: Wanted, by: SearchBy, details: Readonly<Record<string, string>>): Promise<void> {
    await this.#parts.record(auditOf(wanted, by, details));
  }
}
