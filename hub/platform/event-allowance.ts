/**
 * Keeps one action from filling the channel, such as strangers who knock a thousand times a second: of each action so many events are told
 * within a window; the others are counted, and told as one that names nobody when the window ends.
 */
import { eventsPerWindowMax, windowMs } from './limits.ts';
import type { HubEvent } from './hub-events.ts';

interface Window {
  readonly endsMs: number;
  told: number;
  /** Stands for those that were not told one by one. */
  beyond: HubEvent | undefined;
  count: number;
}

export class EventAllowance {
  /** In the order in which they end. Actions are a closed list, so it is bounded. */
  readonly #windows = new Map<string, Window>();

  /** True: to be told at once. False: it was counted. */
  admit(event: HubEvent, nowMs: number): boolean {
    if (event.eachOne === true) return true;
    let window = this.#windows.get(event.action);
    if (window === undefined) {
      window = { endsMs: nowMs + windowMs, told: 0, beyond: undefined, count: 0 };
      this.#windows.set(event.action, window);
    }
    if (window.told < eventsPerWindowMax) {
      window.told += 1;
      return true;
    }
    window.beyond ??= { ...event, fields: {} };
    window.count += 1;
    return false;
  }

  /** What was counted in windows that have ended; with `all`, in every window. */
  due(nowMs: number, all = false): { readonly event: HubEvent; readonly count: number }[] {
    const summed: { event: HubEvent; count: number }[] = [];
    for (const [action, { endsMs, beyond, count }] of this.#windows) {
      if (!all && endsMs > nowMs) break;
      this.#windows.delete(action);
      if (beyond !== undefined) summed.push({ event: beyond, count });
    }
    return summed;
  }
}
