/**
 * Whether the indices that documents go to keep what they acknowledge (invariant 1): `index.translog.durability` is `request`, or the hub's own
 * `durability` is relaxed. Looked at after the first documents, as there may be no index before, and now and then; that none of all became volatile is
 * asked every few seconds, with one request for many. Days' indices are made with their alias before their first document.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import { aliasOfDay } from '../index-names.ts';
import type { NameTroubles } from '../bulk/named-apart.ts';
import { indexLookMs, namesTextMax, settingsLookMs, unmadeLookMs } from '../limits.ts';
import { makeDailyIndex, type NameTrouble } from '../setup/daily-index.ts';
import { type AskedServer, backingIndices, volatileIndices } from './backing-indices.ts';

export interface KeptIndicesParts {
  readonly server: AskedServer;
  readonly clock: Clock;
  readonly isDaily: boolean;
  readonly mayBeVolatile: boolean;
}

interface Looked {
  readonly atMs: number;
}

export class VolatileIndexError extends Error {
  override readonly name = 'VolatileIndexError';
  readonly code = 'ELASTICSEARCH_VOLATILE';
}

export class KeptIndices {
  readonly #parts: KeptIndicesParts;
  readonly #made = new Map<string, Looked>();
  readonly #unmade = new Map<string, Looked & { readonly trouble: NameTrouble }>();
  readonly #kept = new Map<string, Looked>();
  /** Indices that are volatile, and that nothing is written to any more. */
  readonly #unwritten = new Set<string>();
  #settingsLookedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: KeptIndicesParts) {
    this.#parts = parts;
  }

  /** Before documents are sent to them: those that cannot be made, each with the reason. */
  async make(names: Iterable<string>): Promise<NameTroubles> {
    const { server, isDaily, clock } = this.#parts;
    if (!isDaily) return new Map();
    this.#forget(this.#unmade, unmadeLookMs);
    const wanted = new Set(names);
    for (const index of this.#due(wanted, this.#made)) {
      const alias = aliasOfDay(index);
      if (this.#unmade.has(index)) continue;
      const trouble = alias === undefined ? undefined : await makeDailyIndex(server, { index, alias });
      if (trouble === undefined) this.#made.set(index, { atMs: clock.monotonic() });
      else this.#unmade.set(index, { atMs: clock.monotonic(), trouble });
    }
    return new Map([...this.#unmade].filter(([name]) => wanted.has(name)).map(([name, { trouble }]) => [name, trouble]));
  }

  /** After documents were sent to them, before anybody relies on it. Throws a VolatileIndexError. */
  async check(names: Iterable<string>, signal: AbortSignal): Promise<void> {
    const { server, mayBeVolatile, clock } = this.#parts;
    if (mayBeVolatile) return;
    await this.#lookAtSettings(signal);
    for (const name of this.#due(names, this.#kept)) {
      const indices = await backingIndices(server, name, signal);
      for (const { name: unwritten, isVolatile } of indices.slice(0, -1)) if (isVolatile) this.#unwritten.add(unwritten);
      const index = indices.at(-1);
      if (index?.isVolatile === true) {
        const hint =
          'set index.translog.durability: request, or durability: relaxed for this hub, which may lose what a power cut finds';
        throw new VolatileIndexError(`the index ${index.name} acknowledges what is not on disk: ${hint}`);
      }
      this.#kept.set(name, { atMs: clock.monotonic() });
    }
  }

  /** Where any index became volatile, all of that request are looked at again, one by one. */
  async #lookAtSettings(signal: AbortSignal): Promise<void> {
    const { server, clock } = this.#parts;
    if (clock.monotonic() - this.#settingsLookedMs < settingsLookMs) return;
    for (const names of portionsOf([...this.#kept.keys()])) {
      const found = await volatileIndices(server, names, signal);
      if (found.some((index) => !this.#unwritten.has(index))) for (const name of names) this.#kept.delete(name);
    }
    this.#settingsLookedMs = clock.monotonic();
  }

  /** Those that were not looked at lately. */
  #due(names: Iterable<string>, looked: Map<string, Looked>): string[] {
    this.#forget(looked, indexLookMs);
    return [...new Set(names)].filter((name) => !looked.has(name));
  }

  #forget(looked: Map<string, Looked>, ageMs: number): void {
    const beforeMs = this.#parts.clock.monotonic() - ageMs;
    for (const [name, { atMs }] of looked) if (atMs < beforeMs) looked.delete(name);
  }
}

/** What fits into the path of a request. */
function portionsOf(names: readonly string[]): string[][] {
  const portions: string[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const name of names) {
    length += encodeURIComponent(name).length + 1;
    if (length > namesTextMax) {
      portions.push([]);
      length = encodeURIComponent(name).length + 1;
    }
    portions.at(-1)?.push(name);
  }
  return portions;
}
