/**
 * The reader of one back topic for Elasticsearch: reads entries ahead, has their lines made, gives them to the sender, and commits them in order when all
 * of their documents are settled. What the server refused for good is published to the topic of dead letters in the same step (invariants 4 and 6),
 * so a crash anywhere leaves either both or nothing.
 */
import { assert } from '@tributary/shared/assert.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { type DeadLetter, deadLetterEntry, deadLetterTopic, keepDeadLetters } from '../../dead-letters/dead-letter.ts';
import type { LeaseQueue } from '../../groups/hold-lease.ts';
import { runUnderLease, type WorkEnd } from '../../groups/lease-runner.ts';
import { retryMsMin as commitRetryMsMin, retryMsMax as commitRetryMsMax, runnerIdleMs } from '../../groups/limits.ts';
import { Retry } from '../../groups/retry.ts';
import type { TopicPlace, TopicRunner } from '../../groups/topic-runners.ts';
import { Wake } from '../../groups/wake.ts';
import type { DispatchBook } from '../../platform/dispatch/dispatch-book.ts';
import type { Commit, Entry, Lease, Queue } from '../../queue/queue.ts';
import type { Lines } from './bulk/bulk-contract.ts';
import type { Doubt } from './bulk/bulk-server.ts';
import type { BulkSender } from './bulk/bulk-sender.ts';
import { Piece } from './bulk/piece.ts';
import { Doubts, type LeftLease } from './doubts.ts';
import type { ElasticsearchTelling } from './elasticsearch-telling.ts';
import type { LineMaker } from './line-maker.ts';
import { aheadPiecesMax, bundleBytesMax, bundleEntriesMax, lettersBytesMax, readBytesMax, readEntriesMax } from './limits.ts';
import type { AheadBudget } from './ahead-budget.ts';

export interface TopicIndexerOptions {
  readonly queue: LeaseQueue & Pick<Queue, 'ensureGroup' | 'read' | 'commit'>;
  readonly clock: Clock;
  readonly owner: string;
  readonly output: string;
  readonly group: string;
  readonly place: TopicPlace;
  readonly lines: Pick<LineMaker, 'lines' | 'takenOver'>;
  readonly sender: Pick<BulkSender, 'send' | 'abandon'>;
  readonly telling: ElasticsearchTelling;
  readonly budget: AheadBudget;
  readonly dispatched: Pick<DispatchBook, 'add'>;
  /** Leases that this hub gave back with nothing under way, by their topic and partition. */
  readonly left: Map<string, LeftLease>;
}

interface Work {
  readonly first: number;
  readonly last: number;
  readonly inflatedBytes: number;
  /** That are held because of it: guessed until its lines are made. */
  bytes: number;
  /** Nobody waits for it any more. */
  isOver: boolean;
  done: Promise<void>;
  piece: Piece | undefined;
  lines: Pick<Lines, 'passedOver' | 'wild' | 'rejected' | 'kinds'> | undefined;
  error: unknown;
}

/** What was read of the topic and is not committed: entries for which there is no room yet, behind those that are in work. */
interface Line {
  readTo: number;
  readonly unbegun: Entry[][];
  readonly ahead: Work[];
}

export class TopicIndexer implements TopicRunner {
  readonly #options: TopicIndexerOptions;
  readonly #wake = new Wake();
  /** Of what was made into lines last: bytes of lines for one of what was in the blocks, at least 1. */
  #growth = 2;

  constructor(options: TopicIndexerOptions) {
    this.#options = options;
  }

  wake(): void {
    this.#wake.notify();
  }

  get isWoken(): boolean {
    return this.#wake.isNotified;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { queue, clock, owner, group, place } = this.#options;
    const { topic, partition, channel } = place;
    await queue.ensureGroup({ topic, group, policy: { kind: 'blocking' }, from: 'beginning' });
    await keepDeadLetters(queue, channel);
    const request = { queue, clock, owner, group: { topic, group, partition } };
    await runUnderLease(request, signal, (lease, inner) => this.#work(lease, inner));
  }

  async #work(lease: Lease, signal: AbortSignal): Promise<WorkEnd> {
    const { clock, telling, place } = this.#options;
    const line: Line = { readTo: lease.cursor, unbegun: [], ahead: [] };
    const { ahead } = line;
    const doubts = new Doubts(lease, this.#options.left.get(leftName(place)));
    this.#options.left.delete(leftName(place));
    if (!doubts.isOwnAgain) this.#options.lines.takenOver(place.channel);
    const retry = new Retry({ msMin: commitRetryMsMin, msMax: commitRetryMsMax });
    try {
      while (!signal.aborted) {
        const isMore = await this.#goAhead(line, doubts);
        const [first] = ahead;
        if (first === undefined) {
          if (await this.#wake.wait(clock, signal, runnerIdleMs)) continue;
          // All that was read is committed.
          const { epoch, generation } = lease;
          this.#options.left.set(leftName(place), { epoch, cursor: line.readTo, generation });
          if (!signal.aborted) return 'idle';
          continue;
        }
        if (!isMore) await this.#doneOrWoken(first, signal);
        if (first.error !== undefined) {
          telling.failed(place.topic, first.error, retry.nextMs);
          await retry.wait(clock, signal);
          return 'ended';
        }
        for (const { piece, last } of ahead) if (piece?.isAnyThere === true) doubts.found(last);
        if (!(await this.#commitFinished(lease, ahead, signal))) break;
      }
    } finally {
      for (const work of ahead) this.#leave(work);
    }
    return 'ended';
  }

  /** The first is settled, or more has come and there is room for it. */
  async #doneOrWoken(first: Work, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const woken = this.#wake.wait(this.#options.clock, AbortSignal.any([signal, over.signal]));
    await Promise.race([first.done, woken]);
    over.abort();
    await woken;
  }

  /** Reads and begins what there is room for. True: something was begun, and more may wait. */
  async #goAhead(line: Line, doubts: Doubts): Promise<boolean> {
    const { ahead, unbegun } = line;
    if (unbegun.length === 0 && this.#hasRoom(ahead)) {
      const entries = await this.#read(line.readTo);
      line.readTo = entries.at(-1)?.sequence ?? line.readTo;
      unbegun.push(...bundlesOf(entries));
    }
    let isAny = false;
    for (let [next] = unbegun; next !== undefined && this.#hasRoom(ahead); [next] = unbegun) {
      unbegun.shift();
      ahead.push(this.#begin(next, doubts));
      isAny = true;
    }
    return isAny;
  }

  #hasRoom(ahead: readonly Work[]): boolean {
    return ahead.length === 0 || (ahead.length < aheadPiecesMax && this.#options.budget.hasRoom);
  }

  async #read(afterSequence: number): Promise<readonly Entry[]> {
    const { queue, place } = this.#options;
    const { topic, partition } = place;
    const entries = await queue.read({ topic, partition, afterSequence }, { entries: readEntriesMax, bytes: readBytesMax });
    for (const [index, { sequence }] of entries.entries()) {
      assert(sequence === afterSequence + 1 + index, 'entries are read in order and without holes');
    }
    return entries;
  }

  #begin(entries: readonly Entry[], doubts: Doubts): Work {
    const [first] = entries;
    const last = entries.at(-1);
    assert(first !== undefined && last !== undefined, 'a bundle holds something');
    const inflatedBytes = entries.reduce((sum, entry) => sum + entry.inflatedBytes, 0);
    const bytes = Math.ceil(inflatedBytes * this.#growth);
    const work: Work = {
      first: first.sequence,
      last: last.sequence,
      inflatedBytes,
      bytes,
      isOver: false,
      done: Promise.resolve(),
      piece: undefined,
      lines: undefined,
      error: undefined,
    };
    this.#options.budget.take(bytes);
    const doubt = entries.map((entry) => doubts.of(entry)).reduce(greaterDoubt);
    const sinceMs = Math.min(...entries.map(({ createdMs, receivedMs }) => Math.min(createdMs, receivedMs)));
    const made = this.#options.lines.lines(this.#options.place.channel, entries);
    work.done = this.#send(work, made, { sinceMs, doubt });
    return work;
  }

  /** Never rejects: a failure is told when its turn comes. Holds nothing of the entries while it waits. */
  async #send(
    work: Work,
    made: Promise<Lines>,
    { sinceMs, doubt }: { readonly sinceMs: number; readonly doubt: Doubt },
  ): Promise<void> {
    const { sender, budget } = this.#options;
    try {
      const { bytes, ends, names, refused, isRestored, ...counts } = await made;
      // Whoever has the lease by now sends it.
      if (work.isOver) return;
      this.#growth = Math.max(1, bytes.length / work.inflatedBytes);
      const heldBytes = Math.max(work.inflatedBytes, bytes.length);
      budget.take(heldBytes - work.bytes);
      work.bytes = heldBytes;
      work.lines = counts;
      work.piece = new Piece({ bytes, ends, names, refused }, isRestored ? 0 : sinceMs);
      sender.send(work.piece, isRestored ? 'anywhere' : doubt);
      await work.piece.settled;
    } catch (error) {
      work.error = error;
    }
  }

  #leave(work: Work): void {
    work.isOver = true;
    if (work.piece !== undefined) this.#options.sender.abandon(work.piece);
    this.#options.budget.giveBack(work.bytes);
  }

  /** Commits everything settled at the front of the line. False: fenced. */
  async #commitFinished(lease: Lease, ahead: Work[], signal: AbortSignal): Promise<boolean> {
    const { queue, clock, telling, place, budget } = this.#options;
    const unsettled = ahead.findIndex(({ piece }) => piece?.isSettled !== true);
    const finished = ahead.slice(0, unsettled === -1 ? ahead.length : unsettled);
    if (finished.length === 0) return true;
    const retry = new Retry({ msMin: commitRetryMsMin, msMax: commitRetryMsMax });
    const { commit, letters } = this.#commitOf(lease, finished);
    while (!signal.aborted) {
      crashPoint('hub.elasticsearch.before-commit');
      const result = await queue.commit(commit);
      crashPoint('hub.elasticsearch.after-commit');
      if (result === 'fenced') {
        telling.fenced(place.topic);
        return false;
      }
      if (result === 'done') break;
      if (retry.nextMs === commitRetryMsMin) telling.full(deadLetterTopic(place.channel));
      await retry.wait(clock, signal);
    }
    if (signal.aborted) return true;
    ahead.splice(0, finished.length);
    for (const { bytes } of finished) budget.giveBack(bytes);
    this.#told(finished, letters);
    return true;
  }

  #commitOf(lease: Lease, finished: readonly Work[]): { readonly commit: Commit; readonly letters: readonly DeadLetter[] } {
    const { output, clock, place } = this.#options;
    const nowMs = clock.now();
    const letters = finished.flatMap(({ piece }) => piece?.letters(output, nowMs) ?? []);
    const to = finished.at(-1)?.last;
    assert(to !== undefined, 'there is something to commit');
    const topic = deadLetterTopic(place.channel);
    const publish = portionsOf(letters).map((portion) => ({ topic, entry: deadLetterEntry(portion, nowMs) }));
    const deadLetters = finished.flatMap(({ lines }) => lines?.rejected ?? []);
    return { commit: { lease, to, publish, deadLetters }, letters };
  }

  #told(finished: readonly Work[], letters: readonly DeadLetter[]): void {
    const { telling, place, dispatched } = this.#options;
    const [tenant = ''] = place.channel.split('/');
    for (const { lines } of finished) if (lines !== undefined) dispatched.add(tenant, lines.kinds);
    const passedOver = finished.reduce((sum, { lines }) => sum + (lines?.passedOver ?? 0), 0);
    const wild = finished.reduce((sum, { lines }) => sum + (lines?.wild ?? 0), 0);
    telling.committed(place.topic, { refused: letters.length, passedOver, wild });
    const [first] = letters;
    if (first !== undefined)
      telling.refused(place.topic, letters.length, { index: first.index, type: first.type, reason: first.reason });
    for (const { lines } of finished)
      for (const { sequence, reason } of lines?.rejected ?? []) telling.rejected(place.topic, sequence, reason);
  }
}

function leftName({ topic, partition }: TopicPlace): string {
  return `${topic}/${partition}`;
}

function greaterDoubt(one: Doubt, other: Doubt): Doubt {
  if (one === 'anywhere' || other === 'none') return one;
  return other;
}

/** In their order, as many as an entry may hold. */
function portionsOf(letters: readonly DeadLetter[]): DeadLetter[][] {
  const portions: DeadLetter[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const letter of letters) {
    if (bytes + letter.document.length > lettersBytesMax) {
      portions.push([]);
      bytes = 0;
    }
    portions.at(-1)?.push(letter);
    bytes += letter.document.length;
  }
  return portions;
}

/** All of the entries in their order, as many together as make a call of a thread worth it. */
function bundlesOf(entries: readonly Entry[]): Entry[][] {
  const bundles: Entry[][] = [];
  let open: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (open.length > 0 && (open.length === bundleEntriesMax || bytes + entry.inflatedBytes > bundleBytesMax)) {
      bundles.push(open);
      open = [];
      bytes = 0;
    }
    open.push(entry);
    bytes += entry.inflatedBytes;
  }
  if (open.length > 0) bundles.push(open);
  return bundles;
}
