/**
 * What is put in order beside the work, by one hub of the site at a time: what is too old goes when the schedule is due or somebody asks for it, and
 * leftovers in the archive's store every hour. The queue trims itself, as only its writer knows when there is room to.
 *
 *   waiting ──(due, asked for, or the last run was broken off)──► running ──► waiting
 *
 * A hub that lost the lock, as it was stopped for a while, changes nothing more: still-held.ts says what that rests on.
 */
import { randomUUID } from 'node:crypto';
import { type OpenSchedule, openSchedule } from '@tributary/shared/schedule/schedule.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { Actor } from '../channels/channel-operations.ts';
import type { Cluster, HeldLock } from '../cluster/cluster.ts';
import { Wake } from '../groups/wake.ts';
import { pause } from '../groups/retry.ts';
import type { Findings } from '../health/findings.ts';
import type { MetricBook } from '../metrics/metric-book.ts';
import type { Registry } from '../registry/registry.ts';
import { ClockGuard } from './clock-guard.ts';
import { HouseRun } from './house-run.ts';
import { firstLookMs, goOnMs, leftoverAgeMs, lookMs, plannedMax, sweepIntervalMs } from './limits.ts';
import type { HousekeepingKind, Removal } from './removal.ts';
import { keepReport, keepWish, lastReport, lastWish, type RunReport } from './run-report.ts';
import { isLockOver } from './still-held.ts';

export interface HousekeepingParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly cluster: Pick<Cluster, 'underLock' | 'hubId' | 'announce' | 'onAnnounced'>;
  readonly registry: Pick<Registry, 'record' | 'meta' | 'setMeta'>;
  readonly metrics: Pick<MetricBook, 'add'>;
  readonly findings: Pick<Findings, 'set'>;
  /** As the configuration has them now. */
  readonly kinds: () => readonly HousekeepingKind[];
  readonly schedule: () => string;
  readonly archive: { sweep(beforeMs: number): Promise<void> };
  readonly openSchedule?: OpenSchedule;
}

export interface PlannedRemoval extends Removal {
  readonly kind: string;
}

export interface HousePlan {
  /** The first of them. */
  readonly removals: readonly Pick<PlannedRemoval, 'kind' | 'subject' | 'tenant' | 'type' | 'bytes' | 'why'>[];
  readonly kinds: readonly { readonly kind: string; readonly count: number; readonly bytes: number }[];
  /** What could not be looked through, as sentences. */
  readonly notes: readonly string[];
}

const wanted = 'housekeeping';

export class Housekeeping {
  readonly #parts: HousekeepingParts;
  readonly #wake = new Wake();
  readonly #guard: ClockGuard;
  #isDue = false;
  /** The schedule that is waited for; opened anew when it changes. */
  #scheduled: { readonly expression: string; readonly schedule: Disposable } | undefined;
  #nextSweepMs = 0;

  constructor(parts: HousekeepingParts) {
    this.#parts = parts;
    this.#guard = new ClockGuard(parts.registry);
  }

  /** The run that is under way at any hub of the site, or was last. */
  get last(): RunReport | undefined {
    return lastReport(this.#parts.registry);
  }

  /** Resolves when aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { cluster } = this.#parts;
    const remove = cluster.onAnnounced((message) => message === wanted && this.#wake.notify());
    try {
      await cluster.underLock('housekeeping', signal, (lock, inner) => this.#keep(lock, inner));
    } finally {
      remove();
    }
  }

  /** Its configuration may be another now. */
  changed(): void {
    this.#wake.notify();
  }

  /** Has the hub that holds the lock begin a run; its report has the wish that is given back. */
  async ask({ actor, address }: Actor): Promise<string> {
    const { registry } = this.#parts;
    const event = { action: 'housekeeping-asked', actor, address, outcome: 'success', tenant: undefined, details: {} } as const;
    await registry.record(event);
    let wish = await this.#wished();
    while (wish === undefined) wish = await this.#wished();
    return wish;
  }

  /** What would go now. */
  async plan(): Promise<HousePlan> {
    const { clock, kinds } = this.#parts;
    const removals: HousePlan['removals'][number][] = [];
    const sums: { kind: string; count: number; bytes: number }[] = [];
    const clockTrouble = this.#guard.trouble(clock.now());
    const notes = clockTrouble === undefined ? [] : [clockTrouble];
    for (const one of kinds()) {
      const kind = one.name;
      const sum = { kind, count: 0, bytes: 0 };
      sums.push(sum);
      try {
        for await (const { subject, tenant, type, bytes, why } of one.plan(clock.now())) {
          sum.count += 1;
          sum.bytes += bytes;
          if (removals.length < plannedMax) removals.push({ kind, subject, tenant, type, bytes, why });
        }
      } catch (error) {
        notes.push(`${kind} cannot be looked through: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return { removals, kinds: sums, notes };
  }

  /** One wish is kept: who asks before its run began waits for the same one. Undefined: somebody else, here or at another hub, was first. */
  async #wished(): Promise<string | undefined> {
    const { registry, cluster } = this.#parts;
    const waiting = lastWish(registry);
    if (waiting !== '' && waiting !== this.last?.wish) return waiting;
    const wish = randomUUID();
    if (!(await keepWish(registry, wish))) return undefined;
    cluster.announce(wanted);
    return wish;
  }

  /** Resolves when aborted, or when the lock is lost. */
  async #keep(lock: HeldLock, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    this.#nextSweepMs = clock.monotonic() + firstLookMs;
    this.#isDue = this.last?.state === 'running';
    try {
      while (!signal.aborted && (await lock.isHeld())) {
        await this.#followSchedule();
        await this.#sweepNowAndThen(lock);
        const wish = lastWish(this.#parts.registry);
        const isWished = wish !== '' && wish !== this.last?.wish;
        if (isWished || (this.#isDue && this.#believesClock())) {
          if (await this.#clear(lock, isWished ? wish : '', signal)) continue;
          this.#isDue = true;
          if (await lock.isHeld()) await pause(clock, goOnMs, signal);
        } else await this.#wake.wait(clock, signal, Math.min(lookMs, this.#nextSweepMs - clock.monotonic()));
      }
    } catch (error) {
      if (!isLockOver(error)) throw error;
    } finally {
      this.#scheduled?.schedule[Symbol.dispose]();
      this.#scheduled = undefined;
    }
  }

  async #followSchedule(): Promise<void> {
    const expression = this.#parts.schedule();
    if (this.#scheduled?.expression === expression) return;
    this.#scheduled?.schedule[Symbol.dispose]();
    const open = this.#parts.openSchedule ?? openSchedule;
    const onDue = (): void => {
      this.#isDue = true;
      this.#wake.notify();
    };
    this.#scheduled = { expression, schedule: await open({ expression, timeZone: 'UTC', onDue }) };
  }

  /** What is due then waits for the next time that it is. */
  #believesClock(): boolean {
    const { clock, logger, findings } = this.#parts;
    const reason = this.#guard.trouble(clock.now());
    if (reason === undefined) return true;
    this.#isDue = false;
    logger.warn('housekeeping does not believe the clock', { reason });
    findings.set('housekeeping-failed', [{ kind: 'housekeeping-failed', subject: 'clock', level: 'yellow', reason }]);
    return false;
  }

  async #sweepNowAndThen(lock: HeldLock): Promise<void> {
    const { clock, archive, logger } = this.#parts;
    if (clock.monotonic() < this.#nextSweepMs) return;
    this.#nextSweepMs = clock.monotonic() + sweepIntervalMs;
    if (this.#guard.trouble(clock.now()) !== undefined) return;
    await this.#guard.note(clock.now(), lock);
    await archive
      .sweep(clock.now() - leftoverAgeMs)
      .catch((error: unknown) => logger.warn('the archive folder could not be looked over', { error }));
  }

  /** False where it was broken off. */
  async #clear(lock: HeldLock, wish: string, signal: AbortSignal): Promise<boolean> {
    const { clock, logger, cluster, registry, findings, kinds } = this.#parts;
    this.#isDue = false;
    await this.#guard.note(clock.now(), lock);
    const started = { hubId: cluster.hubId, startedMs: clock.now(), wish };
    await keepReport(registry, { ...started, state: 'running', endedMs: null, kinds: [], notes: [] }, lock);
    logger.info('housekeeping begins', { kinds: kinds().map(({ name }) => name) });
    const run = await new HouseRun({ ...this.#parts, lock }, signal).run(kinds());
    if (!run.isDone) return false;
    const { notes } = run;
    await keepReport(
      registry,
      { ...started, state: 'done', endedMs: clock.now(), kinds: [...run.kinds], notes: [...notes] },
      lock,
    );
    const removed = run.kinds.reduce((sum, kind) => sum + kind.removed, 0);
    const bytes = run.kinds.reduce((sum, kind) => sum + kind.bytes, 0);
    logger.info('housekeeping is done', { removed, bytes, failed: notes.length });
    const [first] = notes;
    const more = notes.length > 1 ? ` (and ${notes.length - 1} more)` : '';
    const reason = `housekeeping could not do all: ${first}${more}; it is tried again by the next run: tributary-hub housekeeping`;
    findings.set(
      'housekeeping-failed',
      first === undefined ? [] : [{ kind: 'housekeeping-failed', subject: 'housekeeping', level: 'yellow', reason }],
    );
    return true;
  }
}
