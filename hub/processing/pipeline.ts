/**
 * The pipeline of one front topic: reads entries ahead, has them worked on in parallel, and commits them in order. A commit moves
 * the cursor and appends to the back topic in one step that also checks the lease's epoch (invariant 4), so a crash anywhere
 * leaves either both or nothing, and the same entries are worked on again.
 */
import { assert } from '@tributary/shared/assert.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { Burst } from '../groups/burst.ts';
import { runUnderLease, type WorkEnd } from '../groups/lease-runner.ts';
import { retryMsMax, retryMsMin, runnerIdleMs } from '../groups/limits.ts';
import { Retry } from '../groups/retry.ts';
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
import type { PipelineEvents } from './events.ts';
import { burstMsMax, entriesAheadMax, entriesPerCommitMax, readBytesMax } from './limits.ts';
import { type Processor, WorkEnded } from './pipeline-pool.ts';

export interface PipelineOptions {
  readonly queue: Queue;
  readonly clock: Clock;
  readonly events: PipelineEvents;
  readonly processor: Processor;
  readonly owner: string;
  readonly burst: Burst;
  readonly place: TopicPlace;
  /** Called before anything is published: the back topic's readers exist before what they must not miss. False: it has none. */
  readonly prepare: (channel: ChannelName) => Promise<boolean>;
}

interface Work {
  readonly entry: Entry;
  done: Promise<void>;
  result: Processed | undefined;
  error: unknown;
}

export class Pipeline implements TopicRunner {
  readonly #options: PipelineOptions;
  readonly #wake = new Wake();

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
    const request = { queue, clock, owner, group: { topic, group: pipelineGroup, partition } };
    await runUnderLease(request, signal, (lease, inner) => this.#work(lease, inner));
  }

  async #work(lease: Lease, signal: AbortSignal): Promise<WorkEnd> {
    const { clock, place, prepare } = this.#options;
    // Thrown out because nobody wants it any more: the next run waits until somebody does.
    if (!(await prepare(place.channel))) return 'idle';
    const ahead: Work[] = [];
    let readTo = lease.cursor;
    let patienceMs = burstMsMax;
    while (!signal.aborted) {
      // Not for ever: when its patience is spent it goes on until nothing is left.
      patienceMs -= await this.#options.burst.passed(patienceMs, signal);
      const entries = await this.#readAfter(readTo, entriesAheadMax - ahead.length);
      for (const entry of entries) {
        assert(entry.sequence === readTo + 1, 'entries are read in order and without holes');
        readTo = entry.sequence;
        ahead.push(this.#begin(entry));
      }
      const [first] = ahead;
      if (first === undefined) {
        if (!(await this.#wake.wait(clock, signal, runnerIdleMs)) && !signal.aborted) return 'idle';
        patienceMs = burstMsMax;
        continue;
      }
      await first.done;
      if (!(await this.#commitFinished(lease, ahead, signal))) break;
    }
    return 'ended';
  }

  #readAfter(afterSequence: number, entries: number): Promise<readonly Entry[]> {
    const { queue, place } = this.#options;
    if (entries <= 0) return Promise.resolve([]);
    return queue.read({ topic: place.topic, partition: place.partition, afterSequence }, { entries, bytes: readBytesMax });
  }

  #begin(entry: Entry): Work {
    assert(entry.format === 'batch', 'a front topic holds batches');
    const work: Work = { entry, done: Promise.resolve(), result: undefined, error: undefined };
    work.done = this.#process(work);
    return work;
  }

  /** Never rejects: a failure is told when the work's turn to be committed comes. */
  async #process(work: Work): Promise<void> {
    try {
      work.result = await this.#processed(work.entry);
    } catch (error) {
      work.error = error;
    }
  }

  /** A batch that holds up its thread gets another chance, alone; one that does it again is kept as a dead letter. */
  async #processed(given: Entry): Promise<Processed> {
    const { processor, place, events } = this.#options;
    const { channel, topic } = place;
    let entry = given;
    for (let stuckTimes = 0; ;) {
      try {
        return await processor.process(entry, { channel, isAlone: stuckTimes > 0 });
      } catch (error) {
        if (!(error instanceof WorkEnded)) throw error;
        if (error.kind === 'stuck') {
          stuckTimes += 1;
          events.stuck(topic, entry.sequence, error.message);
          if (stuckTimes > 1) return { kind: 'rejected', reason: `twice ${error.message}` };
        }
      }
      entry = await this.#readAgain(entry.sequence);
    }
  }

  /** Its body went to a thread that is gone. */
  async #readAgain(sequence: number): Promise<Entry> {
    const [entry] = await this.#readAfter(sequence - 1, 1);
    assert(entry?.sequence === sequence, 'what the group has not passed is still there');
    return entry;
  }

  /** Commits everything finished at the front of the line. False: fenced. */
  async #commitFinished(lease: Lease, ahead: Work[], signal: AbortSignal): Promise<boolean> {
    const { clock, events, place } = this.#options;
    const retry = new Retry({ msMin: retryMsMin, msMax: retryMsMax });
    let countMax = entriesPerCommitMax;
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
    const { queue, events, place } = this.#options;
    const publish: { topic: string; entry: NewEntry }[] = [];
    const deadLetters: { sequence: number; reason: string }[] = [];
    for (const { entry, result } of finished) {
      assert(result !== undefined, 'only what is finished is committed');
      if (result.kind === 'block') publish.push({ topic: backTopic(place.channel), entry: blockEntry(entry, result) });
      if (result.kind === 'rejected') deadLetters.push({ sequence: entry.sequence, reason: result.reason });
    }
    const to = finished.at(-1)?.entry.sequence;
    assert(to !== undefined, 'there is something to commit');
    const commit: Commit = { lease, to, publish, deadLetters };
    crashPoint('hub.pipeline.before-commit');
    const committed = await queue.commit(commit);
    crashPoint('hub.pipeline.after-commit');
    if (committed !== 'done') return committed;
    for (const { sequence, reason } of deadLetters) events.rejected(place.topic, sequence, reason);
    events.committed(
      finished.length,
      publish.reduce((sum, { entry }) => sum + entry.records, 0),
    );
    return 'done';
  }
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

/** The block's entry keeps what the archive must know of positions; cuts, lengths and drops are in the block itself. */
function blockEntry(entry: Entry, block: Extract<Processed, { kind: 'block' }>): NewEntry {
  return {
    format: 'block',
    records: block.records,
    inflatedBytes: block.inflatedBytes,
    createdMs: entry.createdMs,
    trims: [],
    hops: [],
    checksum: checksumOf(block.body),
    body: block.body,
    segments: block.kept.map((part) => {
      const segment = entry.segments[part.segment];
      assert(segment !== undefined, 'the thread names segments of the batch');
      const fromMark = part.from === segment.from ? segment.fromMark : '';
      return {
        ...segment,
        from: part.from,
        fromMark,
        to: part.to,
        toMark: part.to === segment.to ? segment.toMark : '',
        records: part.records,
        bytes: part.bytes,
        cuts: [],
        lengths: [],
        drops: [],
      };
    }),
  };
}
