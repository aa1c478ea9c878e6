/**
 * Walks the dead letters of one topic and partition, in their order and under the lease of their group, up to where the last of those that
 * are meant was at the start.
 *
 * What is to stay is published again, behind all there is, in the very commit that moves the cursor past it: who dies in between has
 * passed all of an entry or none of it, and what was sent already is sent again, under the same id.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { OperationError } from '../channels/operation-error.ts';
import { type LeaseQueue, withLease } from '../groups/hold-lease.ts';
import { pause } from '../groups/retry.ts';
import type { Entry, Lease, NewEntry, Queue, TopicName } from '../queue/queue.ts';
import { type DeadLetter, deadLetterEntry, deadLetterGroup, deadLettersOf } from './dead-letter.ts';
import { leaseWaitMs, pageBytes, pageEntries, runBytes } from './limits.ts';

export interface LetterWalkParts {
  readonly queue: LeaseQueue & Pick<Queue, 'read' | 'commit'>;
  readonly clock: Clock;
  /** Nobody else's. */
  readonly owner: string;
}

export interface LetterPlace {
  readonly topic: TopicName;
  readonly partition: number;
}

export interface LetterWork {
  readonly isMeant: (letter: DeadLetter) => boolean;
  /** Undefined: it is gone. Otherwise it stays, as it is given. In the order of the letters. */
  readonly act: (letters: readonly DeadLetter[], signal: AbortSignal) => Promise<readonly (DeadLetter | undefined)[]>;
  /** Entries that cannot be read go, too. */
  readonly takesUnreadable: boolean;
  /** After each step that is durable: its counts, and the letters that are gone by it. */
  readonly tell: (counts: WalkCounts, gone: readonly DeadLetter[]) => void;
}

export interface WalkCounts {
  /** That were meant and are gone. */
  readonly gone: number;
  /** That were meant and stay. */
  readonly stayed: number;
  /** Entries that are not what they should be. */
  readonly unreadable: number;
}

interface Opened {
  readonly entry: Entry;
  /** Undefined: it cannot be read. */
  readonly letters: readonly DeadLetter[] | undefined;
}

/** Resolves when aborted, too. Rejects with an OperationError where somebody else works on them. */
export async function walkLetters(
  { queue, clock, owner }: LetterWalkParts,
  { topic, partition }: LetterPlace,
  work: LetterWork,
  signal: AbortSignal,
): Promise<void> {
  const group = { topic, group: deadLetterGroup, partition };
  const begun = new AbortController();
  const tooLate = new AbortController();
  const waiting = waitedTooLong(clock, AbortSignal.any([signal, begun.signal]), tooLate);
  try {
    await withLease({ queue, clock, group, owner }, AbortSignal.any([signal, tooLate.signal]), async (lease, inner) => {
      begun.abort();
      await new LetterWalk({ queue, clock, lease }, work, inner).run();
    });
  } finally {
    begun.abort();
    await waiting;
  }
  if (tooLate.signal.aborted)
    throw new OperationError('refused', `somebody else works on ${topic} in partition ${partition}: try again in a moment`);
}

async function waitedTooLong(clock: Clock, begun: AbortSignal, tooLate: AbortController): Promise<void> {
  await pause(clock, leaseWaitMs, begun);
  if (!begun.aborted) tooLate.abort();
}

interface WalkingParts {
  readonly queue: Pick<Queue, 'read' | 'commit'>;
  readonly clock: Clock;
  readonly lease: Lease;
}

class LetterWalk {
  readonly #parts: WalkingParts;
  readonly #work: LetterWork;
  readonly #signal: AbortSignal;

  constructor(parts: WalkingParts, work: LetterWork, signal: AbortSignal) {
    this.#parts = parts;
    this.#work = work;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const until = await this.#lastMeant();
    for await (const page of this.#pages(until)) {
      for (const run of inRuns(page)) {
        if (this.#signal.aborted) return;
        await this.#pass(run);
      }
    }
  }

  /** Sequence of the last entry with a letter that is meant; 0 where there is none. */
  async #lastMeant(): Promise<number> {
    let last = 0;
    for await (const page of this.#pages(Infinity)) {
      for (const { entry, letters } of page) if (this.#concerns(letters)) last = entry.sequence;
    }
    return last;
  }

  #concerns(letters: readonly DeadLetter[] | undefined): boolean {
    return letters === undefined ? this.#work.takesUnreadable : letters.some((letter) => this.#work.isMeant(letter));
  }

  async *#pages(until: number): AsyncGenerator<readonly Opened[]> {
    const { queue, lease } = this.#parts;
    const { topic, partition } = lease;
    for (let afterSequence = lease.cursor; afterSequence < until && !this.#signal.aborted;) {
      const page = await queue.read({ topic, partition, afterSequence }, { entries: pageEntries, bytes: pageBytes });
      const last = page.at(-1);
      if (last === undefined) return;
      afterSequence = last.sequence;
      yield page.filter(({ sequence }) => sequence <= until).map((entry) => ({ entry, letters: lettersOf(entry) }));
    }
  }

  async #pass(run: readonly Opened[]): Promise<void> {
    const { queue, clock, lease } = this.#parts;
    const { act, isMeant, takesUnreadable, tell } = this.#work;
    const letters = run.flatMap((opened) => opened.letters ?? []);
    const meant = letters.filter(isMeant);
    const acted = meant.length === 0 ? [] : await act(meant, this.#signal);
    const became = new Map(meant.map((letter, index) => [letter, acted[index]]));
    const rest = letters.flatMap((letter) => (became.has(letter) ? (became.get(letter) ?? []) : letter));
    const unreadable = run.filter((opened) => opened.letters === undefined).map(({ entry }) => asNew(entry));
    const publish = [...restEntries(rest, clock.now()), ...(takesUnreadable ? [] : unreadable)];
    const to = run.at(-1)?.entry.sequence ?? lease.cursor;
    crashPoint('hub.dead-letters.before-commit');
    const result = await queue.commit({ lease, to, publish: publish.map((entry) => ({ topic: lease.topic, entry })) });
    if (result === 'full') throw new OperationError('refused', 'the store has no room: make some, and try again');
    if (result === 'fenced')
      throw new OperationError('refused', 'the store changed, or somebody else goes on with it: try again');
    crashPoint('hub.dead-letters.after-commit');
    const gone = meant.filter((letter) => became.get(letter) === undefined);
    tell({ gone: gone.length, stayed: meant.length - gone.length, unreadable: unreadable.length }, gone);
  }
}

/** Undefined where it is not what it should be. */
export function lettersOf(entry: Pick<Entry, 'body'>): readonly DeadLetter[] | undefined {
  try {
    return deadLettersOf(entry);
  } catch {
    return undefined;
  }
}

function* inRuns(page: readonly Opened[]): Generator<readonly Opened[]> {
  let run: Opened[] = [];
  let bytes = 0;
  for (const opened of page) {
    if (run.length > 0 && bytes + opened.entry.inflatedBytes > runBytes) {
      yield run;
      run = [];
      bytes = 0;
    }
    run.push(opened);
    bytes += opened.entry.inflatedBytes;
  }
  if (run.length > 0) yield run;
}

/** Of no more than a run each: what is refused again has a reason of another length, and an entry has an end. */
function* restEntries(letters: readonly DeadLetter[], nowMs: number): Generator<NewEntry> {
  let part: DeadLetter[] = [];
  let length = 0;
  for (const letter of letters) {
    if (part.length > 0 && length + letter.document.length > runBytes) {
      yield deadLetterEntry(part, nowMs);
      part = [];
      length = 0;
    }
    part.push(letter);
    length += letter.document.length + letter.reason.length;
  }
  if (part.length > 0) yield deadLetterEntry(part, nowMs);
}

function asNew({ format, records, inflatedBytes, segments, trims, createdMs, hops, checksum, body }: Entry): NewEntry {
  return { format, records, inflatedBytes, segments, trims, createdMs, hops, checksum, body };
}
