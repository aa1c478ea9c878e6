/**
 * The entries of one topic and partition: those that wait for their answer, in order, so that the cursor moves over what is answered and
 * no further; and those behind the cursor, that the upstream may ask for again.
 */
import type { KnownEntry } from './known-entry.ts';
import { entriesPerCommitMax, retainedEntriesMax, retainedMs } from './limits.ts';

/** What is to be committed: everything up to `to`. */
export interface AnsweredRun {
  readonly to: number;
  readonly entries: readonly KnownEntry[];
  readonly deadLetters: readonly { readonly sequence: number; readonly reason: string }[];
}

interface Waiting {
  readonly sequence: number;
  /** Undefined for an entry that is not chosen. */
  readonly entry: KnownEntry | undefined;
}

export class PlaceEntries {
  readonly name: string;
  readonly beginnings: ReadonlyMap<string, number>;
  /** Something of it was answered, or there is room. */
  wake: () => void;
  readonly #bySequence = new Map<number, KnownEntry>();
  #waiting: Waiting[] = [];
  #retained: KnownEntry[] = [];
  #bodies = 0;
  /** Everything up to it is known. */
  knownTo: number;
  /** Everything up to it is answered, and the group's cursor is there. */
  committedTo: number;

  constructor(about: {
    readonly name: string;
    readonly cursor: number;
    readonly beginnings: ReadonlyMap<string, number>;
    readonly wake: () => void;
  }) {
    this.name = about.name;
    this.beginnings = about.beginnings;
    this.knownTo = about.cursor;
    this.committedTo = about.cursor;
    this.wake = about.wake;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether a body of it is in memory. */
  get hasBodies(): boolean {
    return this.#bodies > 0;
  }

  add(sequence: number, entry: KnownEntry | undefined): void {
    if (entry !== undefined) this.#bySequence.set(sequence, entry);
    this.#waiting.push({ sequence, entry });
    this.knownTo = sequence;
  }

  addRetained(entry: KnownEntry): void {
    this.#bySequence.set(entry.sequence, entry);
    this.#retained.push(entry);
  }

  find(sequence: number): KnownEntry | undefined {
    return this.#bySequence.get(sequence);
  }

  countBody(change: 1 | -1): void {
    this.#bodies += change;
  }

  get hasAnswered(): boolean {
    return isAnswered(this.#waiting[0]);
  }

  /** Whether so many are answered that there is no sense in waiting for more. */
  get hasManyAnswered(): boolean {
    return isAnswered(this.#waiting[entriesPerCommitMax - 1]) || isAnswered(this.#waiting.at(-1));
  }

  answered(): AnsweredRun | undefined {
    const run: Waiting[] = [];
    for (const waiting of this.#waiting) {
      if (!isAnswered(waiting) || run.length === entriesPerCommitMax) break;
      run.push(waiting);
    }
    const last = run.at(-1);
    if (last === undefined) return undefined;
    const entries = run.flatMap(({ entry }) => (entry === undefined ? [] : [entry]));
    const deadLetters = entries.flatMap(({ sequence, rejected }) =>
      rejected === undefined ? [] : [{ sequence, reason: rejected }],
    );
    return { to: last.sequence, entries, deadLetters };
  }

  /** The run is committed. Returns what need not be known any more. */
  committed(run: AnsweredRun, nowMs: number): readonly KnownEntry[] {
    this.committedTo = run.to;
    const first = this.#waiting.findIndex(({ sequence }) => sequence > run.to);
    this.#waiting = first < 0 ? [] : this.#waiting.slice(first);
    const setAside = run.entries.filter(({ rejected }) => rejected !== undefined);
    for (const entry of run.entries) if (entry.rejected === undefined) this.#retained.push(entry);
    return [...setAside, ...this.#expired(nowMs)];
  }

  remove(entry: KnownEntry): void {
    this.#bySequence.delete(entry.sequence);
  }

  all(): Iterable<KnownEntry> {
    return this.#bySequence.values();
  }

  #expired(nowMs: number): readonly KnownEntry[] {
    let count = Math.max(0, this.#retained.length - retainedEntriesMax);
    while ((this.#retained[count]?.sinceMs ?? nowMs) < nowMs - retainedMs) count += 1;
    return this.#retained.splice(0, count);
  }
}

function isAnswered(waiting: Waiting | undefined): boolean {
  if (waiting === undefined) return false;
  return waiting.entry === undefined || waiting.entry.isDone;
}
