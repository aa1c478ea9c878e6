/** A stream as far as the upstream knows it: from the entries that it read, and from what the queue told of its gaps. */
import type { GapCause, Mark } from '@tributary/protocol/messages.ts';
import type { OutboxStream } from '@tributary/protocol/session/outbox.ts';
import type { GapRecord, StreamInfo } from '../../queue/queue.ts';
import type { KnownEntry } from './known-entry.ts';
import { gapsPerStreamMax } from './limits.ts';

export class KnownStream {
  readonly name: string;
  readonly info: StreamInfo;
  readonly start: number;
  end: number;
  endMark: Mark = '';
  /** The upstream answered for everything before it. */
  ackedTo: number;
  lastMs: number;
  /** Why the upstream has other content; undefined: it has not. */
  diverged: string | undefined;
  #gaps: readonly GapRecord[] = [];
  /** What the upstream never takes: ends of batches, by where they begin. */
  readonly #rejected = new Map<number, number>();
  /** In the order of their positions. */
  #entries: KnownEntry[] = [];
  /** Those that bring nothing beyond what was there before them: what came late, or twice. */
  readonly #others = new Set<KnownEntry>();

  constructor(info: StreamInfo, about: { readonly name: string; readonly start: number; readonly nowMs: number }) {
    this.info = info;
    this.name = about.name;
    this.start = about.start;
    this.end = about.start;
    this.ackedTo = about.start;
    this.lastMs = about.nowMs;
  }

  get isKnownByEntries(): boolean {
    return this.#entries.length + this.#others.size > 0;
  }

  outboxStream(): OutboxStream {
    const { key, identity, attributes } = this.info;
    const origin = { siteId: key.siteId, agentId: key.agentId };
    const { streamId } = key;
    const isReplaced = this.diverged !== undefined;
    const { start, end, endMark } = this;
    return { streamId, origin, identity, attributes, start, end, endMark, replaced: isReplaced, hasOtherWays: true };
  }

  add(entry: KnownEntry, nowMs: number): void {
    this.lastMs = nowMs;
    const end = this.#endOf(entry);
    if (end <= this.end) {
      this.#others.add(entry);
      return;
    }
    this.#entries.push(entry);
    const last = entry.batch.segments.find(({ streamId, to }) => streamId === this.name && to === end);
    this.end = end;
    this.endMark = last?.toMark ?? '';
  }

  /** The upstream never takes it: where it is asked for again, it is lost. */
  reject(entry: KnownEntry): void {
    for (const { streamId, from, to } of entry.batch.segments) if (streamId === this.name) this.#rejected.set(from, to);
    const oldest = this.#rejected.keys().next().value;
    if (this.#rejected.size > gapsPerStreamMax && oldest !== undefined) this.#rejected.delete(oldest);
    this.remove(entry);
  }

  remove(entry: KnownEntry): void {
    if (this.#others.delete(entry)) return;
    if (this.#entries[0] === entry) this.#entries.shift();
    else this.#entries = this.#entries.filter((other) => other !== entry);
  }

  /** Its entries are read anew, or another hub has them now: what was known of them says nothing any more. */
  reset(): void {
    this.#entries = [];
    this.#others.clear();
    this.end = this.start;
    this.endMark = '';
  }

  /** What is lost at the stream's end: nothing follows it. */
  endsAt(end: number, endMark: Mark): void {
    this.end = Math.max(this.end, end);
    this.endMark = endMark;
  }

  /** The oldest entry that goes beyond a position. */
  firstAfter(position: number): KnownEntry | undefined {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry !== undefined && this.#endOf(entry) > position) high = middle;
      else low = middle + 1;
    }
    return this.#entries[low];
  }

  markAt(position: number): Mark | undefined {
    if (position === this.end && this.endMark !== '') return this.endMark;
    for (const entry of [this.firstAfter(position - 1), this.firstAfter(position)]) {
      for (const { streamId, from, to, fromMark, toMark } of entry?.batch.segments ?? []) {
        if (streamId !== this.name) continue;
        if (to === position) return toMark;
        if (from === position) return fromMark;
      }
    }
    return undefined;
  }

  setGaps(gaps: readonly GapRecord[]): void {
    this.#gaps = gaps.slice(-gapsPerStreamMax);
  }

  /** Why `[from, to)` never comes: as it was recorded here; or the upstream had it, and lost it. */
  causeOf(from: number, to: number): GapCause | undefined {
    const recorded = this.#gaps.find((gap) => gap.to > from && gap.from < to);
    if (recorded !== undefined) return recorded.cause;
    for (const [begin, end] of this.#rejected) if (end > from && begin < to) return 'rejected';
    return from < this.ackedTo ? 'store-lost' : undefined;
  }

  /** Whether all of `[from, to)` was recorded as lost. */
  isLost(from: number, to: number): boolean {
    let reached = from;
    for (const gap of this.#gaps) if (gap.from <= reached && gap.to > reached) reached = gap.to;
    return reached >= to;
  }

  #endOf({ ends }: KnownEntry): number {
    return ends.get(this.name) ?? 0;
  }
}
