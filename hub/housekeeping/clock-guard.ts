/**
 * Whether the clock may be believed: all that goes does so by its age, so one that was set a year ahead would have everything go at once. The site
 * remembers when it was last looked at; a clock that has leapt far beyond that is believed once a person says so, by asking for a run.
 */
import type { Fence } from '../cluster/cluster.ts';
import type { Registry } from '../registry/registry.ts';
import { clockLeapMsMax } from './limits.ts';

const seenKey = 'housekeeping-clock';

export class ClockGuard {
  readonly #registry: Pick<Registry, 'meta' | 'setMeta'>;

  constructor(registry: Pick<Registry, 'meta' | 'setMeta'>) {
    this.#registry = registry;
  }

  /** A sentence for people; undefined of a clock that may be believed. */
  trouble(nowMs: number): string | undefined {
    const seenMs = this.#seenMs;
    if (seenMs === undefined || nowMs <= seenMs + clockLeapMsMax) return undefined;
    return (
      `the clock says ${minuteOf(nowMs)}, and said ${minuteOf(seenMs)} when it was last looked at, so nothing goes by its age: ` +
      'set the clock; where it is right, as the site was off for so long, see what would go (tributary-hub housekeeping --dry-run) ' +
      'and ask for it: tributary-hub housekeeping'
    );
  }

  /** It is right. One that was set back is no news of how late it is. */
  async note(nowMs: number, fence: Fence): Promise<void> {
    if (nowMs > (this.#seenMs ?? -1)) await this.#registry.setMeta({ [seenKey]: String(nowMs) }, { fence });
  }

  get #seenMs(): number | undefined {
    const text = this.#registry.meta(seenKey);
    return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
  }
}

function minuteOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}
