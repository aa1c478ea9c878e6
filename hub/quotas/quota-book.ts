/**
 * Where the sums of quotas are kept. A hub alone has them in its registry. The hubs of a site each keep their own, and tell them to each other
 * about every second: a quota holds for the site, as exactly as that.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { DayNotes } from '../cluster/day-notes.ts';
import type { Registry } from '../registry/registry.ts';
import { saveIntervalMs, tellIntervalMs } from './limits.ts';
import { parseSums, type QuotaSums, sumsOf } from './quota-sums.ts';

/** By the quota's key. */
export type SumsByKey = ReadonlyMap<string, Readonly<QuotaSums>>;

export interface BookPage {
  readonly own: SumsByKey;
  /** Of each other hub. */
  readonly others: readonly SumsByKey[];
}

export interface QuotaBook {
  /** How often it is written to and read. */
  readonly intervalMs: number;
  /** What is known of a day, of these quotas. */
  read(day: number, keys: readonly string[]): Promise<BookPage>;
  /** Keeps what this hub has summed up. Answers with what the others have. */
  write(day: number, own: SumsByKey): Promise<readonly SumsByKey[]>;
}

export class OwnBook implements QuotaBook {
  readonly intervalMs = saveIntervalMs;
  readonly #registry: Pick<Registry, 'meta' | 'setMeta'>;
  readonly #written = new Map<string, string>();

  constructor(registry: Pick<Registry, 'meta' | 'setMeta'>) {
    this.#registry = registry;
  }

  async read(day: number, keys: readonly string[]): Promise<BookPage> {
    const own = keys.flatMap((key) => {
      const sums = sumsOf(this.#registry.meta(key), day);
      return sums === undefined ? [] : [[key, sums] as const];
    });
    return { own: new Map(own), others: [] };
  }

  async write(_day: number, own: SumsByKey): Promise<readonly SumsByKey[]> {
    const changed = [...own]
      .map(([key, sums]) => [key, JSON.stringify(sums)] as const)
      .filter(([key, text]) => this.#written.get(key) !== text);
    if (changed.length > 0) await this.#registry.setMeta(Object.fromEntries(changed));
    for (const [key, text] of changed) this.#written.set(key, text);
    return [];
  }
}

export class SiteBook implements QuotaBook {
  readonly intervalMs = tellIntervalMs;
  readonly #notes: DayNotes;
  readonly #hubId: Id;

  constructor(notes: DayNotes, hubId: Id) {
    this.#notes = notes;
    this.#hubId = hubId;
  }

  async read(day: number): Promise<BookPage> {
    return this.#pageOf(await this.#notes.read(day), day);
  }

  /** What changes nothing costs no write; what the store has lost is written again. */
  async write(day: number, own: SumsByKey): Promise<readonly SumsByKey[]> {
    const text = JSON.stringify([...own]);
    const notes = await this.#notes.read(day);
    const isKnown = notes.get(this.#hubId) === text || (own.size === 0 && !notes.has(this.#hubId));
    return this.#pageOf(isKnown ? notes : await this.#notes.write(day, text), day).others;
  }

  #pageOf(notes: ReadonlyMap<Id, string>, day: number): BookPage {
    const others = [...notes].filter(([hubId]) => hubId !== this.#hubId).map(([, text]) => sumsIn(text, day));
    return { own: sumsIn(notes.get(this.#hubId) ?? '[]', day), others };
  }
}

/** Another hub may be of another version: what makes no sense here counts for nothing. */
function sumsIn(text: string, day: number): SumsByKey {
  const sums = new Map<string, QuotaSums>();
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch {
    return sums;
  }
  if (!Array.isArray(rows)) return sums;
  for (const row of rows) {
    if (!Array.isArray(row)) continue;
    const [key, value]: readonly unknown[] = row;
    const parsed = parseSums(value, day);
    if (typeof key === 'string' && parsed !== undefined) sums.set(key, parsed);
  }
  return sums;
}
