/**
 * Keeps a trouble that repeats from filling the channel: of events with the same name and source the first is told at once; those within
 * a window after it are counted, and told as one when it ends. A name with many sources (20,000 files at a start) is held to so many
 * a window, the others are told as one. Its memory is bounded by names, and sources per window.
 */
import { repeatWindowMs, sourcesPerWindowMax } from './limits.ts';
import type { PlatformEvent } from './platform-events.ts';

interface Window {
  readonly name: string;
  readonly endsMs: number;
  /** What came since the first, as one event. */
  repeated: PlatformEvent | undefined;
  count: number;
}

export interface Summed {
  readonly event: PlatformEvent;
  readonly count: number;
}

export class EventLimit {
  /** In the order in which they end. */
  readonly #windows = new Map<string, Window>();
  readonly #sources = new Map<string, number>();

  /** True: to be told at once. False: it was added to what is told later. */
  admit(event: PlatformEvent, nowMs: number): boolean {
    const key = `${event.name} ${event.source ?? ''}`;
    const window = this.#windows.get(key);
    if (window !== undefined) return add(window, event);
    const sources = this.#sources.get(event.name) ?? 0;
    if (sources < sourcesPerWindowMax) {
      this.#begin(key, event.name, nowMs);
      return true;
    }
    // Beyond that the source is not told: the event stands for several.
    const { source: _, ...rest } = event;
    const others = this.#windows.get(event.name) ?? this.#begin(event.name, event.name, nowMs);
    return add(others, { ...rest, fields: withoutSource(event.fields) });
  }

  /** What was summed in windows that have ended; with `all`, in every window. A window that had something begins anew. */
  due(nowMs: number, all = false): Summed[] {
    const summed: Summed[] = [];
    for (const [key, window] of this.#windows) {
      if (!all && window.endsMs > nowMs) break;
      this.#end(key, window);
      if (window.repeated === undefined) continue;
      summed.push({ event: window.repeated, count: window.count });
      if (!all) this.#begin(key, window.name, nowMs);
    }
    return summed;
  }

  /** When the next window ends; undefined when there is none. */
  get nextEndMs(): number | undefined {
    return this.#windows.values().next().value?.endsMs;
  }

  #begin(key: string, name: string, nowMs: number): Window {
    const window: Window = { name, endsMs: nowMs + repeatWindowMs, repeated: undefined, count: 0 };
    this.#windows.set(key, window);
    this.#sources.set(name, (this.#sources.get(name) ?? 0) + 1);
    return window;
  }

  #end(key: string, { name }: Window): void {
    this.#windows.delete(key);
    const left = (this.#sources.get(name) ?? 1) - 1;
    if (left === 0) this.#sources.delete(name);
    else this.#sources.set(name, left);
  }
}

function add(window: Window, event: PlatformEvent): false {
  const before = window.repeated?.sums ?? {};
  const sums = { ...before };
  for (const [name, value] of Object.entries(event.sums ?? {})) sums[name] = (before[name] ?? 0) + value;
  window.repeated = { ...event, sums };
  window.count += 1;
  return false;
}

/** What tells sources apart is not told of several. */
function withoutSource(fields: PlatformEvent['fields']): PlatformEvent['fields'] {
  const { log: _log, error: _error, tributary, event: _event, ...rest } = fields;
  const cause = typeof tributary === 'object' && tributary !== null && 'cause' in tributary ? { cause: tributary.cause } : {};
  return { ...rest, tributary: cause };
}
