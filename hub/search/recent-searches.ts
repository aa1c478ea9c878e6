/**
 * What came into the audit trail a moment ago. A page asks for records, counts and facets of the same conditions, again and again: that is one
 * search. Who asks for the counts alone is in the trail all the same.
 */
import { figuresHoldMs, recentSearchesMax } from './limits.ts';

interface Recent {
  readonly recorded: Promise<void>;
  readonly atMs: number;
}

export class RecentSearches {
  readonly #monotonic: () => number;
  /** By who asked for what, the oldest first. */
  readonly #recent = new Map<string, Recent>();

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Resolves when it is in the trail. */
  record(search: string, record: () => Promise<void>): Promise<void> {
    const recent: Recent = { recorded: record(), atMs: this.#monotonic() };
    this.#recent.delete(search);
    this.#recent.set(search, recent);
    recent.recorded.catch(() => {
      if (this.#recent.get(search) === recent) this.#recent.delete(search);
    });
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > recentSearchesMax && oldest !== undefined) this.#recent.delete(oldest);
    return recent.recorded;
  }

  /** Unless it came into the trail a moment ago, or is on its way there. */
  recordOnce(search: string, record: () => Promise<void>): Promise<void> {
    const recent = this.#recent.get(search);
    const isRecent = recent !== undefined && this.#monotonic() - recent.atMs < figuresHoldMs;
    return isRecent ? recent.recorded : this.record(search, record);
  }
}
