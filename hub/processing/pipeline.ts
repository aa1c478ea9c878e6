/**
 * The pipeline of one front topic: reads entries ahead, has them worked on in parallel (small ones in bundles), and commits them in order. A commit moves
 * the cursor and appends to the back topic in one step that also checks the lease's epoch (invariant 4), so a crash anywhere
 * leaves either both or nothing, and the same entries are worked on again.
 */
import { assert } from '@tributary/shared/assert.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { Burst } from '../groups/burst.ts';
import { runUnderLease, type WorkEnd } from '../groups/lease-runner.ts';
import { retryMsMax, retryMsMin, runnerIdleMs } from '../groups/limits.ts';
import { pause, Retry } from '../groups/retry.ts';
import type { Slots } from '../groups/slots.ts';
import type { TopicPlace, TopicRunner } from '../groups/topic-runners.ts';
import { Wake } from '../groups/wake.ts';
import {
  backTopic,
  type Commit,
  type CommitResult,
  type Entry,
  type Lease,
  type NewEntry,
  pipelineGroup,
  type Queue,
} from '../queue/queue.ts';
import type { Processed } from './batch-entry.ts';
import type { FailingRecord, ProcessReport } from './call-terms.ts';
import { blockEntry, bundlesOf, stayingEntry } from './bundles.ts';
import type { PipelineEvents } from './events.ts';
import {
  bundleBytesMax,
  bundlesAheadMax,
  bundlesPerCommitMax,
  burstMsMax,
  failingMax,
  gatherMs,
  readBytesMax,
  readEntriesMax,
  suspectEntriesMax,
  trialMsMax,
  retrialMsMax,
  retrialMsMin,
  triesAloneMax,
} from './limits.ts';
import { type Processor, WorkEnded } from './pipeline-pool.ts';

export interface PipelineOptions {
  readonly queue: Queue;
  readonly clock: Clock;
  readonly events: PipelineEvents;
  readonly processor: Processor;
  readonly owner: string;
  readonly burst: Burst;
  /** One place for all pipelines of the hub: who tries what a hub may not have survived has it. */
  readonly trials: Slots;
  readonly place: TopicPlace;
  /** Called before anything is published: the back topic's readers exist before what they must not miss. False: it has none. */
  readonly prepare: (channel: ChannelName) => Promise<boolean>;
  /** Its entries wait, kept. */
  readonly isHeld?: ((channel: ChannelName) => boolean) | undefined;
  /** Entries that are worked on together at most. */
  readonly bundleEntriesMax?: number | undefined;
  /** What a pipeline counted in batches that are committed now. */
  readonly onCounted?: ((channel: ChannelName, report: ProcessReport) => void) | undefined;
}

interface Work {
  readonly entries: readonly Entry[];
  /** Nothing else is in its thread meanwhile: one of these may be what ended a thread, or a hub. */
  readonly isAlone: boolean;
  /** How often its thread was ended because of it, and nobody knows at which record. */
  stuckTimes: number;
  /** Records of it that ended their thread at a step: they have failed there. */
  readonly failing: FailingRecord[];
  done: Promise<void>;
  result: Processed | undefined;
  /** Together they held up their thread: which one it was is seen when each is alone. */
  isToSplit: boolean;
  error: unknown;
}

export class Pipeline implements TopicRunner {
  readonly #options: PipelineOptions;
  readonly #wake = new Wake();
  /** Nothing more is read before, by the clock that is never set. */
  #gatherUntilMs = Number.NEGATIVE_INFINITY;
  /** The entry that was tried last, and did not end this hub: that its lease went to another meanwhile is not its fault. */
  #survived = 0;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  wake(): void {
    this.#wake.notify();
  }

  get isWoken(): boolean {
    return this.#wake.isNotified;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { queue, clock, owner, place, prepare } = this.#options;
    const { topic, partition, channel } = place;
    // Without a group of its own it keeps nothing back from those that read the front topic.
    while (!(await prepare(channel))) {
      if (!(await this.#wake.wait(clock, signal, runnerIdleMs)) || signal.aborted) return;
    }
    await queue.ensureGroup({ topic, group: pipelineGroup, policy: { kind: 'blocking' }, from: 'beginning' });
    while (this.#options.isHeld?.(channel) === true) {
      if (!(await this.#wake.wait(clock, signal, runnerIdleMs)) || signal.aborted) return;
    }
    const request = { queue, clock, owner, group: { topic, group: pipelineGroup, partition } };
    await runUnderLease(request, signal, (lease, inner) => this.#work(lease, inner));
  }

  async #work(lease: Lease, signal: AbortSignal): Promise<WorkEnd> {
    const { clock, place, prepare } = this.#options;
    // Thrown out because nobody wants it any more: the next run waits until somebody does.
    if (!(await prepare(place.channel))) return 'idle';
    const ahead: Work[] = [];
    let readTo = lease.cursor;
    let suspects = lease.isAfterUnclean ? await this.#countSuspects(readTo) : 0;
    if (suspects > 0 && this.#survived !== readTo + 1) await pause(clock, retrialMs(lease.triesOfNext), signal);
    let patienceMs = burstMsMax;
    while (!signal.aborted) {
      if (suspects > 0) {
        const tried = await this.#tryAlone(lease, { after: readTo, isFirst: readTo === lease.cursor }, signal);
        if (tried === 'fenced') return 'ended';
        suspects = tried === 'none' ? 0 : suspects - 1;
        if (tried === 'done') readTo += 1;
        continue;
      }
      // Not for ever: when its patience is spent it goes on until nothing is left.
      patienceMs -= await this.#options.burst.passed(patienceMs, signal);
      const entries = await this.#readMore(readTo, ahead, signal);
      for (const entry of entries) {
        assert(entry.sequence === readTo + 1, 'entries are read in order and without holes');
        readTo = entry.sequence;
      }
      for (const bundle of bundlesOf(entries, this.#options.bundleEntriesMax)) ahead.push(this.#begin(bundle));
      const [first] = ahead;
      if (first === undefined) {
        if (!(await this.#wake.wait(clock, signal, runnerIdleMs)) && !signal.aborted) return 'idle';
        patienceMs = burstMsMax;
        continue;
      }
      await first.done;
      if (first.isToSplit) ahead.splice(0, 1, ...(await this.#split(first)));
      else if (!(await this.#commitFinished(lease, ahead, signal))) break;
    }
    return 'ended';
  }

  /**
   * The next entry, when the hub that had this pipeline before did not end as it should: it may have ended because of what it worked on. Each
   * try is counted before it begins, durably; one that was never survived is kept as a dead letter, and the others go on.
   *
   * Only the first one can have been counted before, as each is committed before the next. No two of these are in work at a time, in the whole
   * hub: should it end again, that counts for one of them, and not for those that have nothing to do with it.
   */
  async #tryAlone(
    lease: Lease,
    { after, isFirst }: { readonly after: number; readonly isFirst: boolean },
    signal: AbortSignal,
  ): Promise<'done' | 'none' | 'fenced'> {
    const [entry] = await this.#readAfter(after, { entries: 1, bytes: 1 });
    if (entry === undefined) return 'none';
    const work = isFirst ? await this.#tryFirst(lease, entry, signal) : await this.#beginTry(lease, entry);
    if (work === undefined) return 'fenced';
    await work.done;
    this.#survived = entry.sequence;
    return (await this.#commitFinished(lease, [work], signal)) ? 'done' : 'fenced';
  }

  /** What comes from now on was in no hub that ended. */
  async #countSuspects(afterSequence: number): Promise<number> {
    const { queue, place } = this.#options;
    const from = { topic: place.topic, partition: place.partition, afterSequence };
    return (await queue.read(from, { entries: suspectEntriesMax, bytes: 1, bodies: false })).length;
  }

  async #tryFirst(lease: Lease, entry: Entry, signal: AbortSignal): Promise<Work | undefined> {
    const { trials, processor, place } = this.#options;
    return await trials.run(async () => {
      if (signal.aborted) return undefined;
      // That its thread has to be started takes much longer than the entry, and nothing that ends the hub meanwhile is because of it.
      const ready = processor.process([], { channel: place.channel, isAlone: true }).catch(() => undefined);
      await this.#forAWhile(ready, signal);
      const work = await this.#beginTry(lease, entry);
      await this.#forAWhile(work?.done, signal);
      return work;
    });
  }

  /** What takes long lets the others go on. */
  async #forAWhile(done: Promise<unknown> | undefined, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    await Promise.race([done, pause(this.#options.clock, trialMsMax, AbortSignal.any([signal, over.signal]))]);
    over.abort();
  }

  /** Undefined: fenced. */
  async #beginTry(lease: Lease, entry: Entry): Promise<Work | undefined> {
    const tries = await this.#options.queue.attempt(lease, entry.sequence);
    if (tries === 'fenced') return undefined;
    const isDeadly = tries > triesAloneMax && entry.sequence !== this.#survived;
    return isDeadly ? setAside(entry) : this.#begin([entry], { isAlone: true });
  }

  /** Nothing where enough is under way. */
  async #readMore(readTo: number, ahead: readonly Work[], signal: AbortSignal): Promise<readonly Entry[]> {
    if (ahead.length >= bundlesAheadMax) return [];
    const bytes = readBytesMax - ahead.reduce((sum, { entries }) => sum + bodyBytes(entries), 0);
    if (bytes <= 0) return [];
    const { clock } = this.#options;
    const gatherForMs = this.#gatherUntilMs - clock.monotonic();
    if (ahead.length === 0 && gatherForMs > 0) await pause(clock, gatherForMs, signal);
    const entries = await this.#readAfter(readTo, { entries: readEntriesMax, bytes });
    // A little comes now and then: the next of it may gather. What fills a bundle by itself waits for nothing.
    const isLittle = entries.length < readEntriesMax && bodyBytes(entries) < bundleBytesMax;
    if (entries.length > 0) this.#gatherUntilMs = isLittle ? clock.monotonic() + gatherMs : Number.NEGATIVE_INFINITY;
    return entries;
  }

  #readAfter(afterSequence: number, limits: { readonly entries: number; readonly bytes: number }): Promise<readonly Entry[]> {
    const { queue, place } = this.#options;
    return queue.read({ topic: place.topic, partition: place.partition, afterSequence }, limits);
  }

  #begin(entries: readonly Entry[], changes: Partial<Pick<Work, 'isAlone' | 'stuckTimes' | 'failing'>> = {}): Work {
    for (const { format } of entries) assert(format === 'batch', 'a front topic holds batches');
    const work: Work = { ...newWork(entries), ...changes };
    work.done = this.#process(work);
    return work;
  }

  /** Never rejects: a failure is told when the work's turn to be committed comes. */
  async #process(work: Work): Promise<void> {
    try {
      work.result = await this.#processed(work);
    } catch (error) {
      work.error = error;
    }
  }

  /**
   * A record that ends its thread at a step has failed there, and the batch is done again without it. Where nobody knows which record it
   * was the batch gets another chance, alone; one that does it again is kept as a dead letter. Undefined where that was a bundle.
   */
  async #processed(work: Work): Promise<Processed | undefined> {
    const { processor, place, events } = this.#options;
    const { channel, topic } = place;
    const { failing } = work;
    let { entries } = work;
    const sequence = firstOf(entries);
    for (;;) {
      try {
        return await processor.process(entries, { channel, isAlone: work.isAlone || work.stuckTimes > 0, failing });
      } catch (error) {
        if (!(error instanceof WorkEnded)) throw error;
        if (error.kind === 'stuck') {
          events.stuck(topic, sequence, error.message);
          const end = endOf(work, error);
          if (end !== 'again') return end;
        }
      }
      entries = await this.#readAgain(entries);
    }
  }

  async #split({ entries, failing }: Work): Promise<Work[]> {
    const alone = await this.#readAgain(entries);
    return alone.map((entry, index) => {
      const own = failing.filter((record) => record.entry === index).map((record) => ({ ...record, entry: 0 }));
      return this.#begin([entry], { isAlone: true, stuckTimes: 1, failing: own });
    });
  }

  /** Their bodies went to a thread that is gone. */
  async #readAgain(gone: readonly Entry[]): Promise<readonly Entry[]> {
    const first = firstOf(gone);
    const entries: Entry[] = [];
    while (entries.length < gone.length) {
      const limits = { entries: gone.length - entries.length, bytes: readBytesMax };
      const read = await this.#readAfter(first + entries.length - 1, limits);
      assert(read[0]?.sequence === first + entries.length, 'what the group has not passed is still there');
      entries.push(...read);
    }
    return entries;
  }

  /** Commits everything finished at the front of the line. False: fenced. */
  async #commitFinished(lease: Lease, ahead: Work[], signal: AbortSignal): Promise<boolean> {
    const { clock, events, place } = this.#options;
    const retry = new Retry({ msMin: retryMsMin, msMax: retryMsMax });
    let countMax = bundlesPerCommitMax;
    while (!signal.aborted) {
      const finished = takeFinished(ahead, countMax);
      const result = await this.#commit(lease, finished);
      if (result === 'done') {
        ahead.splice(0, finished.length);
        return true;
      }
      if (result === 'fenced') {
        events.fenced(place.topic);
        return false;
      }
      // What does not fit together may fit one by one.
      if (countMax === 1 || finished.length === 1) {
        if (retry.nextMs === retryMsMin) events.full(backTopic(place.channel));
        await retry.wait(clock, signal);
      }
      countMax = 1;
    }
    return true;
  }

  async #commit(lease: Lease, finished: readonly Work[]): Promise<CommitResult> {
    const { queue, events, place, onCounted } = this.#options;
    const publish: { topic: string; entry: NewEntry }[] = [];
    const deadLetters: { sequence: number; reason: string }[] = [];
    for (const { entries, result } of finished) {
      assert(result !== undefined, 'only what is finished is committed');
      publish.push(...(await this.#routed(entries, result)));
      if (result.block !== undefined) publish.push({ topic: backTopic(place.channel), entry: blockEntry(entries, result.block) });
      for (const { entry, reason } of result.rejected) deadLetters.push({ sequence: firstOf(entries) + entry, reason });
    }
    const to = finished.at(-1)?.entries.at(-1)?.sequence;
    assert(to !== undefined, 'there is something to commit');
    const commit: Commit = { lease, to, publish, deadLetters };
    crashPoint('hub.pipeline.before-commit');
    const committed = await queue.commit(commit);
    crashPoint('hub.pipeline.after-commit');
    if (committed !== 'done') return committed;
    for (const { sequence, reason } of deadLetters) events.rejected(place.topic, sequence, reason);
    for (const { result } of finished) if (result?.report !== undefined) onCounted?.(place.channel, result.report);
    events.committed(
      finished.reduce((sum, { entries }) => sum + entries.length, 0),
      publish.reduce((sum, { entry }) => sum + entry.records, 0),
    );
    return 'done';
  }

  /**
   * What goes to other log types of the tenant. Their readers are there before anything is; where nobody reads a type, its documents stay in
   * the channel's own.
   */
  async #routed(entries: readonly Entry[], { routed = [] }: Processed): Promise<{ topic: string; entry: NewEntry }[]> {
    const { prepare, place, events } = this.#options;
    const [tenant = ''] = place.channel.split('/');
    const published: { topic: string; entry: NewEntry }[] = [];
    for (const { type, block } of routed) {
      const channel: ChannelName = `${tenant}/${type}`;
      if (await prepare(channel)) published.push({ topic: backTopic(channel), entry: blockEntry(entries, block) });
      else {
        events.stayed(place.channel, type);
        published.push({ topic: backTopic(place.channel), entry: stayingEntry(entries, block) });
      }
    }
    return published;
  }
}

/** What becomes of work whose thread was ended because of it. Undefined: each of its entries is tried alone. */
function endOf(work: Work, { failing, message }: WorkEnded): Processed | undefined | 'again' {
  if (failing !== undefined && work.failing.length < failingMax) {
    work.failing.push(failing);
    return 'again';
  }
  work.stuckTimes += 1;
  if (work.stuckTimes > 1) return { block: undefined, rejected: [{ entry: 0, reason: `twice ${message}` }] };
  if (work.entries.length === 1) return 'again';
  work.isToSplit = true;
  return undefined;
}

/** As it is before anything was done. */
function newWork(entries: readonly Entry[]): Work {
  const done = Promise.resolve();
  return { entries, isAlone: false, stuckTimes: 0, failing: [], done, result: undefined, isToSplit: false, error: undefined };
}

/**
 * The more often the hub ended with the entry in hand, the longer it is up before the next try. Something else that ends hubs soon after their start
 * finds nothing in hand then, and is not laid to the entry's charge.
 */
function retrialMs(tries: number): number {
  if (tries === 0 || tries >= triesAloneMax) return 0;
  return Math.min(retrialMsMin * 2 ** (tries - 1), retrialMsMax);
}

/** An entry that is not to be tried again. */
function setAside(entry: Entry): Work {
  const reason = `${triesAloneMax} times its hub ended while it was worked on, alone`;
  return { ...newWork([entry]), result: { block: undefined, rejected: [{ entry: 0, reason }] } };
}

/** The finished work at the front of the line, at most `countMax`. Throws what the first one failed with. */
function takeFinished(ahead: readonly Work[], countMax: number): Work[] {
  const finished: Work[] = [];
  for (const work of ahead) {
    if (work.result === undefined || finished.length === countMax) break;
    finished.push(work);
  }
  if (finished.length > 0) return finished;
  const error = ahead[0]?.error;
  throw error instanceof Error ? error : new Error(String(error));
}

function firstOf(entries: readonly Entry[]): number {
  const [first] = entries;
  assert(first !== undefined, 'there is something to work on');
  return first.sequence;
}

function bodyBytes(entries: readonly Entry[]): number {
  return entries.reduce((sum, { bodyBytes: bytes }) => sum + bytes, 0);
}
