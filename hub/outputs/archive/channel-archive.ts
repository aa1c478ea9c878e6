/**
 * The archive's reader of one back topic (group `archive`, blocking). Per object: plan → store the plan → write and sync the object →
 * commit index row, cursor, archived segments and the plan's end in one step (invariant 5). After a crash anywhere in between the
 * stored plan is found and runs again, and writes the same file.
 */
import { assert } from '@tributary/shared/assert.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { runUnderLease, type WorkEnd } from '../../groups/lease-runner.ts';
import { leaseMs, retryMsMin, runnerIdleMs } from '../../groups/limits.ts';
import { pause, Retry } from '../../groups/retry.ts';
import type { TopicPlace, TopicRunner } from '../../groups/topic-runners.ts';
import { Wake } from '../../groups/wake.ts';
import { archiveGroup, type ArchivePlan, type Lease, type Queue } from '../../queue/queue.ts';
import { isClosed } from '../../queue/queue-error.ts';
import type { ArchivedBefore } from './archived-before.ts';
import { choosePlan, type MeasuredEntry, type PlanRules } from './choose-plan.ts';
import type { ArchiveEvents } from './events.ts';
import type { Compression } from './frame-codec.ts';
import type { HeldRanges } from './held-ranges.ts';
import { lookMs, requestMs, retryMsMax } from './limits.ts';
import { objectName, storeIdInNames } from './object-name.ts';
import type { ObjectSink } from './object-sink.ts';

export interface ChannelArchiveOptions {
  readonly queue: Queue;
  readonly clock: Clock;
  readonly events: ArchiveEvents;
  readonly sink: ObjectSink;
  readonly before: ArchivedBefore;
  readonly owner: string;
  readonly place: TopicPlace;
  readonly rules: PlanRules;
  readonly compression: Compression;
  readonly encrypted: boolean;
}

export class ChannelArchive implements TopicRunner {
  readonly #options: ChannelArchiveOptions;
  readonly #wake = new Wake();
  /** Entries not passed, as far as they were measured. */
  #backlog: MeasuredEntry[] = [];
  /** Since when the first of them has been seen, by the clock that is never set. */
  #waitingSinceMs = 0;
  /** A request is open until everything there was is planned, and for a moment after, as more of it may be in the pipeline. */
  #requested = false;
  #requestedUntilMs = 0;
  /** A plan is stored that was not carried out yet, or it is not known. Only who has the lease stores one. */
  #mayHavePlan = true;

  constructor(options: ChannelArchiveOptions) {
    this.#options = options;
  }

  wake(): void {
    this.#wake.notify();
  }

  get isWoken(): boolean {
    return this.#wake.isNotified;
  }

  /** Somebody waits for the archive: what is there, or comes next, is written without waiting for more. */
  request(): void {
    this.#requested = true;
    this.#requestedUntilMs = this.#options.clock.now() + requestMs;
    this.#wake.notify();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { queue, clock, owner, place } = this.#options;
    const { topic, partition } = place;
    await queue.ensureGroup({ topic, group: archiveGroup, policy: { kind: 'blocking' }, from: 'beginning' });
    const request = { queue, clock, owner, group: { topic, group: archiveGroup, partition } };
    await runUnderLease(request, signal, (lease, inner) => this.#work(lease, inner));
    this.#options.events.settled(topic);
  }

  async #work(lease: Lease, signal: AbortSignal): Promise<WorkEnd> {
    const { clock, events, place } = this.#options;
    const retry = new Retry({ msMin: retryMsMin, msMax: retryMsMax });
    this.#backlog = [];
    this.#mayHavePlan = true;
    let cursor = lease.cursor;
    let held: HeldRanges | undefined;
    while (!signal.aborted) {
      try {
        held ??= await this.#heldBefore(lease);
        if (held === undefined) return 'ended';
        const plan = await this.#nextPlan(lease, cursor, signal);
        if (plan === 'idle') return 'idle';
        if (plan === undefined) continue;
        const end = plan === 'fenced' ? 'fenced' : await this.#execute({ lease, plan, held }, signal);
        if (end === 'fenced') events.fenced(place.topic);
        if (end === 'fenced' || end === 'aborted') return 'ended';
        cursor = end;
        this.#backlog = this.#backlog.filter((entry) => entry.sequence > cursor);
        this.#waitingSinceMs = clock.monotonic();
        this.#mayHavePlan = false;
        retry.succeeded();
        events.settled(place.topic);
      } catch (error) {
        if (signal.aborted || isClosed(error)) break;
        events.failed(place.topic, error, retry.nextMs);
        await retry.wait(clock, signal);
      }
    }
    return 'ended';
  }

  /** Undefined when another owner has the group now. */
  async #heldBefore(lease: Lease): Promise<HeldRanges | undefined> {
    const { before, events, place } = this.#options;
    const held = await before.heldFor(lease, place.channel);
    if (held !== 'fenced') return held;
    events.fenced(place.topic);
    return undefined;
  }

  /** The plan that a crash or an error left, or a new one when it is due; undefined after a wait. */
  async #nextPlan(lease: Lease, cursor: number, signal: AbortSignal): Promise<ArchivePlan | 'fenced' | 'idle' | undefined> {
    const { queue, clock, place, rules, compression, encrypted } = this.#options;
    const { topic, partition, channel } = place;
    const current = this.#mayHavePlan ? await queue.currentPlan(lease) : undefined;
    if (current !== undefined) return current;
    this.#mayHavePlan = false;
    const measured = await queue.measure({ topic, partition, afterSequence: this.#backlog.at(-1)?.sequence ?? cursor });
    if (this.#backlog.length === 0) this.#waitingSinceMs = clock.monotonic();
    this.#backlog.push(...measured.entries);
    const nowMs = clock.now();
    const nowMonotonicMs = clock.monotonic();
    const waitedMs = nowMonotonicMs - this.#waitingSinceMs;
    const requested = this.#requested || nowMs < this.#requestedUntilMs;
    const choice = choosePlan(this.#backlog, rules, { nowMs, waitedMs, requested });
    if (choice.kind !== 'due') {
      const ms = choice.kind === 'wait' ? choice.ms : runnerIdleMs;
      const isWoken = await this.#wake.wait(clock, signal, ms);
      if (!requested && choice.kind === 'wait') await this.#untilNextLook(nowMonotonicMs, signal);
      return isWoken || signal.aborted || choice.kind === 'wait' ? undefined : 'idle';
    }
    const { first, last } = choice;
    assert(first.sequence === cursor + 1, 'a plan begins where the group is');
    if (last === this.#backlog.at(-1)) this.#requested = false;
    const range = { partition, first: first.sequence, last: last.sequence };
    const storeId = storeIdInNames(queue.storeId, lease.generation);
    const name = objectName({ ...range, channel, storeId, receivedMs: first.receivedMs, compression, encrypted });
    this.#mayHavePlan = true;
    const plan = await queue.plan(lease, { ...range, topic, name, createdMs: nowMs });
    crashPoint('hub.archive.after-plan');
    return plan;
  }

  /** What comes meanwhile is looked at together, unless somebody waits for it. */
  async #untilNextLook(lookedMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const ms = lookedMs + lookMs - clock.monotonic();
    if (ms > 0 && !this.#requested) await pause(clock, ms, signal);
  }

  /** The cursor's new place. */
  async #execute(
    { lease, plan, held }: { readonly lease: Lease; readonly plan: ArchivePlan; readonly held: HeldRanges },
    signal: AbortSignal,
  ): Promise<number | 'fenced' | 'aborted'> {
    const { queue, sink, events, place } = this.#options;
    const isOurs = async (): Promise<boolean> => (await queue.renew(lease, leaseMs)) !== undefined;
    const written = await sink.write({ plan, channel: place.channel, held, isOurs }, signal);
    if (written === undefined) return 'aborted';
    const { archived, rejected } = written;
    crashPoint('hub.archive.before-commit');
    const result = await queue.commit({ lease, to: plan.last, archived, deadLetters: rejected });
    crashPoint('hub.archive.after-commit');
    if (result === 'fenced') return 'fenced';
    assert(result === 'done', 'what publishes nothing needs no room');
    for (const { sequence, reason } of rejected) events.rejected(place.topic, sequence, reason);
    if (archived.object !== undefined) events.committed(archived.object);
    return plan.last;
  }
}
