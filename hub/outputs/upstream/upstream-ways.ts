/**
 * The upstreams of this hub that stand in for each other. Of a pair one is sent to; the other is quiet, and its cursors follow those
 * of its sister: it keeps nothing back in the queue, and goes on where the sister ends.
 *
 * A cursor follows committed cursors only, and those are moved only over what was answered (or followed in its turn). So whatever
 * dies in between, what no site above has acked is before neither cursor; what one has acked and not noted yet is sent by the other way
 * again, and the site above both knows it.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Queue } from '../../queue/queue.ts';
import { cursorsLookMs } from './limits.ts';
import { type ActiveWay, UpstreamPair, type WayReport } from './upstream-pair.ts';

export interface UpstreamWaysParts {
  readonly queue: Pick<Queue, 'status' | 'onStoreChanged'>;
  readonly clock: Clock;
  /** How long the first of two is to be reached before it is sent to again. */
  readonly backAfterMs?: number;
}

export interface PlaceName {
  readonly topic: string;
  readonly partition: number;
}

interface Member {
  readonly group: string;
  readonly report: () => WayReport;
}

interface Couple {
  readonly primary: string;
  readonly standby: string;
  readonly pair: UpstreamPair;
}

export class UpstreamWays implements Disposable {
  readonly #parts: UpstreamWaysParts;
  readonly #members = new Map<string, Member>();
  readonly #couples = new Set<Couple>();
  readonly #listeners = new Set<() => void>();
  /** Committed cursors by group, topic and partition, as runners of this hub told them. */
  readonly #cursors = new Map<string, number>();
  readonly #removeListener: () => void;
  #asked: { readonly atMs: number; readonly cursors: Promise<ReadonlyMap<string, number>> } | undefined;

  constructor(parts: UpstreamWaysParts) {
    this.#parts = parts;
    // After that a cursor may be of entries that are no more.
    this.#removeListener = parts.queue.onStoreChanged(() => {
      this.#cursors.clear();
      this.#asked = undefined;
    });
  }

  [Symbol.dispose](): void {
    this.#removeListener();
  }

  /** An upstream that others may stand in for. Returns its own removal. */
  join(name: string, member: Member): () => void {
    this.#members.set(name, member);
    return () => {
      if (this.#members.get(name) === member) this.#members.delete(name);
    };
  }

  /** Returns the end of it. */
  couple(about: { readonly primary: string; readonly standby: string; readonly afterMs: number }): () => void {
    const { primary, standby, afterMs } = about;
    const couple = { primary, standby, pair: new UpstreamPair({ afterMs, backAfterMs: this.#parts.backAfterMs }) };
    this.#couples.add(couple);
    this.#changed();
    return () => {
      this.#couples.delete(couple);
      this.#changed();
    };
  }

  /** Decides anew for a standby. Returns who is active now where that changed. */
  look(standby: string): ActiveWay | undefined {
    const couple = this.#coupleOf(standby);
    const [primary, other] = [this.#report(couple?.primary), this.#report(couple?.standby)];
    if (couple === undefined || !couple.pair.look(this.#parts.clock.monotonic(), primary, other)) return undefined;
    this.#changed();
    return couple.pair.active;
  }

  /** What there is between this upstream and its sister; undefined: it has none. */
  of(name: string): { readonly isQuiet: boolean; readonly sister: string } | undefined {
    const couple = this.#coupleOf(name);
    if (couple === undefined) return undefined;
    const isPrimary = couple.primary === name;
    const isActive = couple.pair.active === (isPrimary ? 'primary' : 'standby');
    return { isQuiet: !isActive, sister: isPrimary ? couple.standby : couple.primary };
  }

  /** Told when another one is active, or a sister comes or goes. Returns its own removal. */
  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A runner of this hub has the place, with this cursor. */
  passed(name: string, place: PlaceName, cursor: number): void {
    const group = this.#members.get(name)?.group;
    if (group !== undefined && this.#coupleOf(name) !== undefined) this.#cursors.set(keyOf(group, place), cursor);
  }

  /** No runner of this hub has the place any more: another hub may move the cursor. */
  left(name: string, place: PlaceName): void {
    const group = this.#members.get(name)?.group;
    if (group !== undefined) this.#cursors.delete(keyOf(group, place));
  }

  /** Up to where the sister has passed on everything, durably; 0 where that is not known. */
  async cursorOfSister(name: string, place: PlaceName): Promise<number> {
    const sister = this.of(name)?.sister;
    const group = sister === undefined ? undefined : this.#members.get(sister)?.group;
    if (group === undefined) return 0;
    const key = keyOf(group, place);
    return this.#cursors.get(key) ?? (await this.#storedCursors()).get(key) ?? 0;
  }

  /** Where no runner of this hub works for the sister: it has nothing to do there, or another hub has it. */
  async #storedCursors(): Promise<ReadonlyMap<string, number>> {
    const nowMs = this.#parts.clock.monotonic();
    if (this.#asked === undefined || nowMs - this.#asked.atMs >= cursorsLookMs) {
      const cursors = this.#parts.queue
        .status()
        .then(({ groups }) => new Map(groups.map((group) => [keyOf(group.group, group), group.cursor])));
      this.#asked = { atMs: nowMs, cursors };
    }
    return await this.#asked.cursors;
  }

  #coupleOf(name: string): Couple | undefined {
    for (const couple of this.#couples) if (couple.primary === name || couple.standby === name) return couple;
    return undefined;
  }

  #report(name: string | undefined): WayReport {
    const member = name === undefined ? undefined : this.#members.get(name);
    return member?.report() ?? { connected: false, waits: false, answered: 0 };
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function keyOf(group: string, { topic, partition }: PlaceName): string {
  return `${group}\n${topic}#${partition}`;
}
