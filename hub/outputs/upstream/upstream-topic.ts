/**
 * The upstream's reader of one front topic in one partition: hands entries to the outbox as there is room for them, and moves the
 * group's cursor over those that the upstream has answered. A crash in between sends again what was not committed; the upstream knows it.
 *
 * What is rejected for good becomes a dead letter in the commit that moves the cursor over it (invariant 6).
 */
import { assert } from '@tributary/shared/assert.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { runUnderLease, type WorkEnd } from '../../groups/lease-runner.ts';
import { retryMsMax, retryMsMin, runnerIdleMs } from '../../groups/limits.ts';
import { Retry } from '../../groups/retry.ts';
import type { TopicPlace, TopicRunner } from '../../groups/topic-runners.ts';
import { Wake } from '../../groups/wake.ts';
import type { Entry, Lease, Queue } from '../../queue/queue.ts';
import { type FollowParts, followSister } from './follow-sister.ts';
import { commitIntervalMs, readBytesMax, readEntriesMax } from './limits.ts';
import type { PlaceEntries } from './place-entries.ts';
import type { UpstreamOutbox } from './upstream-outbox.ts';
import type { UpstreamWays } from './upstream-ways.ts';

/** `quiet`: its sister is sent to now. */
type SendEnd = WorkEnd | 'quiet';

export interface UpstreamTopicOptions {
  readonly queue: Queue;
  readonly clock: Clock;
  readonly outbox: UpstreamOutbox;
  readonly group: string;
  /** Owner of the lease, the same after a restart. */
  readonly owner: string;
  readonly place: TopicPlace;
  readonly ways: UpstreamWays;
  /** Of the output. */
  readonly name: string;
  readonly onFenced: (topic: string) => void;
}

export class UpstreamTopic implements TopicRunner {
  readonly #options: UpstreamTopicOptions;
  readonly #wake = new Wake();
  #mayHaveMore = true;
  #committedMs = Number.NEGATIVE_INFINITY;

  constructor(options: UpstreamTopicOptions) {
    this.#options = options;
  }

  wake(): void {
    this.#mayHaveMore = true;
    this.#wake.notify();
  }

  get isWoken(): boolean {
    return this.#wake.isNotified;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { queue, clock, owner, place, group } = this.#options;
    const { topic, partition } = place;
    await queue.ensureGroup({ topic, group, policy: { kind: 'blocking' }, from: 'beginning' });
    const request = { queue, clock, owner, group: { topic, group, partition } };
    await runUnderLease(request, signal, (lease, inner) => this.#hold(lease, inner));
  }

  async #hold(lease: Lease, signal: AbortSignal): Promise<WorkEnd> {
    const { ways, name, place, onFenced } = this.#options;
    const removeListener = ways.onChanged(() => this.#wake.notify());
    try {
      let { cursor } = lease;
      for (;;) {
        const followed = await followSister(this.#followParts(), lease, cursor, signal);
        if (followed.end === 'fenced') onFenced(place.topic);
        if (followed.end !== 'send') return followed.end === 'idle' ? 'idle' : 'ended';
        const entries = await this.#options.outbox.enter(place, followed.cursor, () => this.#wake.notify());
        const end = await this.#send(lease, entries, signal);
        if (end !== 'quiet') return end;
        cursor = entries.committedTo;
      }
    } finally {
      removeListener();
      ways.left(name, place);
    }
  }

  #followParts(): FollowParts {
    const { queue, clock, ways, name, outbox, place } = this.#options;
    const onFollowed = (from: number, to: number): void => outbox.wentOtherWay(place, from, to);
    return { queue, clock, ways, name, wake: this.#wake, onFollowed };
  }

  async #send(lease: Lease, entries: PlaceEntries, signal: AbortSignal): Promise<SendEnd> {
    const { outbox } = this.#options;
    let end: SendEnd = 'ended';
    try {
      this.#mayHaveMore = true;
      end = await this.#work(lease, entries, signal);
      return end;
    } finally {
      // What is at rest stays known; anything else is read again from the cursor by whoever has it next.
      if (end !== 'idle') outbox.leave(entries);
    }
  }

  async #work(lease: Lease, entries: PlaceEntries, signal: AbortSignal): Promise<SendEnd> {
    const { clock, ways, name } = this.#options;
    while (!signal.aborted) {
      if (ways.of(name)?.isQuiet === true) {
        const isOwner = !entries.hasAnswered || (await this.#commit(lease, entries, signal));
        return isOwner ? 'quiet' : 'ended';
      }
      const read = await this.#read(entries);
      const dueMs = this.#commitDueMs(entries);
      if (dueMs <= 0 && !(await this.#commit(lease, entries, signal))) return 'ended';
      if (read > 0 || dueMs <= 0) continue;
      const isWoken = await this.#wake.wait(clock, signal, Math.min(dueMs, runnerIdleMs));
      if (!isWoken && entries.waiting === 0 && !signal.aborted) return 'idle';
    }
    // What is answered and not committed would only be sent again.
    if (entries.hasAnswered) await this.#commit(lease, entries, AbortSignal.timeout(retryMsMax));
    return 'ended';
  }

  async #read(entries: PlaceEntries): Promise<number> {
    const { queue, outbox, place } = this.#options;
    if (!this.#mayHaveMore || !outbox.hasRoom(entries)) return 0;
    this.#mayHaveMore = false;
    const from = { topic: place.topic, partition: place.partition, afterSequence: entries.knownTo };
    const read = await queue.read(from, { entries: readEntriesMax, bytes: readBytesMax });
    if (read.length === 0) return 0;
    this.#mayHaveMore = true;
    assertInOrder(read, entries.knownTo);
    await outbox.append(entries, place, read);
    return read.length;
  }

  /** In how many milliseconds the next commit is due. Infinity: nothing is answered. */
  #commitDueMs(entries: PlaceEntries): number {
    if (!entries.hasAnswered) return Number.POSITIVE_INFINITY;
    if (entries.hasManyAnswered) return 0;
    return this.#committedMs + commitIntervalMs - this.#options.clock.monotonic();
  }

  /** False: fenced. */
  async #commit(lease: Lease, entries: PlaceEntries, signal: AbortSignal): Promise<boolean> {
    const { queue, clock, outbox, onFenced, ways, name, place } = this.#options;
    const run = entries.answered();
    if (run === undefined) return true;
    const retry = new Retry({ msMin: retryMsMin, msMax: retryMsMax });
    do {
      crashPoint('hub.upstream.before-commit');
      const result = await queue.commit({ lease, to: run.to, deadLetters: run.deadLetters });
      crashPoint('hub.upstream.after-commit');
      if (result === 'done') {
        this.#committedMs = clock.monotonic();
        outbox.committed(entries, run);
        ways.passed(name, place, run.to);
        return true;
      }
      if (result === 'fenced') {
        onFenced(place.topic);
        return false;
      }
      // Dead letters find no room.
      await retry.wait(clock, signal);
    } while (!signal.aborted);
    return true;
  }
}

function assertInOrder(entries: readonly Entry[], after: number): void {
  let before = after;
  for (const { sequence } of entries) {
    assert(sequence === before + 1, 'entries are read in order and without holes');
    before = sequence;
  }
}
