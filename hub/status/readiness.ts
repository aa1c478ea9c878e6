/**
 * Whether this hub truly takes data now: what a virtual address, a balancer or an orchestrator asks before it sends anybody here.
 *
 * Ready is a hub that has started and is not draining, whose store takes entries, and whose listeners each take a connection that the hub
 * makes to itself (own-knock.ts). A process that is stopped, or whose event loop is stuck, cannot answer at all: whoever asks must take
 * silence for no, within a second.
 *
 * Not part of it: what makes a hub slow (a full topic gives its channel less credit), and what other hubs do. Hubs that share a store
 * are not ready together when it is gone: then nobody can take data, and an address that is nowhere says so soonest.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { HubStore } from '../store/hub-store.ts';
import type { HubState } from './hub-status.ts';
import { awayText } from './starting-status.ts';

export interface Verdict {
  readonly ready: boolean;
  /** For a person; empty when it is ready. */
  readonly why: string;
}

export interface ReadinessParts {
  readonly state: () => HubState;
  readonly store: Pick<HubStore, 'state' | 'away'>;
  /** Each rejects with the reason while its listener takes no connection. */
  readonly doors: () => readonly (() => Promise<void>)[];
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** An answer holds for so long, so that whoever asks often costs no more. */
const verdictHoldsMs = 500;

export class Readiness {
  readonly #parts: ReadinessParts;
  #asked: { readonly atMs: number; readonly doors: Promise<string> } | undefined;

  constructor(parts: ReadinessParts) {
    this.#parts = parts;
  }

  async verdict(): Promise<Verdict> {
    const before = this.#fromMemory();
    if (before !== '') return { ready: false, why: before };
    const now = this.#parts.clock.monotonic();
    if (this.#asked === undefined || now - this.#asked.atMs >= verdictHoldsMs) {
      this.#asked = { atMs: now, doors: closedDoor(this.#parts.doors()) };
    }
    const door = await this.#asked.doors;
    // It may have begun to drain, or lost its store, while its doors were tried.
    const why = door === '' ? this.#fromMemory() : door;
    return { ready: why === '', why };
  }

  #fromMemory(): string {
    const { state, store } = this.#parts;
    const now = state();
    if (now !== 'ready') return now === 'starting' ? 'the hub is starting' : 'the hub is draining: it stops';
    if (store.away !== undefined && store.state === 'away') return `the store is away: ${awayText(store.away)}`;
    return store.state === 'open' ? '' : `the store takes nothing in now (${store.state})`;
  }
}

async function closedDoor(doors: readonly (() => Promise<void>)[]): Promise<string> {
  const reasons = await Promise.all(doors.map((knock) => knock().then(() => '', messageOf)));
  return reasons.find((reason) => reason !== '') ?? '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
