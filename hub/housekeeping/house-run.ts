/**
 * One run: kind after kind, each removal told to the audit trail before it is done, a few of them side by side. One that fails stops neither the
 * others nor the other kinds, and is planned again by the next run. Who has lost the lock removes nothing more (still-held.ts).
 */
import type { Clock } from '@tributary/shared/clock.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { HeldLock } from '../cluster/cluster.ts';
import type { MetricBook } from '../metrics/metric-book.ts';
import type { Registry } from '../registry/registry.ts';
import { notesMax } from './limits.ts';
import type { HousekeepingKind, Removal } from './removal.ts';
import { removedMetrics } from './removed-metrics.ts';
import type { KindSums } from './run-report.ts';
import { type CheckHeld, checkHeld, isLockOver } from './still-held.ts';

export interface HouseRunParts {
  readonly registry: Pick<Registry, 'record'>;
  readonly metrics: Pick<MetricBook, 'add'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly logger: Logger;
  readonly lock: HeldLock;
}

export interface RunResult {
  readonly kinds: readonly KindSums[];
  readonly notes: readonly string[];
  /** It came to its end. */
  readonly isDone: boolean;
}

export class HouseRun {
  readonly #parts: HouseRunParts;
  readonly #signal: AbortSignal;
  readonly #kinds: { kind: string; removed: number; bytes: number; failed: number }[] = [];
  readonly #notes: string[] = [];
  readonly #check: CheckHeld;
  #isOver = false;

  constructor(parts: HouseRunParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
    this.#check = checkHeld(parts, signal);
  }

  async run(kinds: readonly HousekeepingKind[]): Promise<RunResult> {
    for (const kind of kinds) {
      if (!(await this.#mayGoOn())) break;
      try {
        await this.#clear(kind);
      } catch (error) {
        if (!this.#ends(error)) this.#note(kind.name, 'cannot be looked through', error);
      }
    }
    return { kinds: this.#kinds, notes: this.#notes, isDone: await this.#mayGoOn() };
  }

  async #clear(kind: HousekeepingKind): Promise<void> {
    const { clock } = this.#parts;
    const sums = { kind: kind.name, removed: 0, bytes: 0, failed: 0 };
    this.#kinds.push(sums);
    await kind.prepare?.(clock.now(), this.#signal);
    let together: Removal[] = [];
    const removeThem = async (): Promise<boolean> => {
      const now = together;
      together = [];
      if (!(await this.#mayGoOn())) return false;
      const results = await Promise.all(now.map((removal) => this.#remove(kind, removal)));
      if (this.#isOver) return false;
      for (const [index, isGone] of results.entries()) {
        if (isGone) sums.removed += 1;
        else sums.failed += 1;
        sums.bytes += isGone ? (now[index]?.bytes ?? 0) : 0;
      }
      return true;
    };
    for await (const removal of kind.plan(clock.now())) {
      together.push(removal);
      if (together.length >= kind.atOnce && !(await removeThem())) return;
    }
    await removeThem();
  }

  async #remove(kind: HousekeepingKind, removal: Removal): Promise<boolean> {
    const { registry, metrics, lock } = this.#parts;
    const { subject, tenant, type, bytes, why } = removal;
    const details = { kind: kind.name, subject: subject.slice(0, 500), why, bytes, ...(type !== undefined && { type }) };
    const event = { action: 'data-removed', actor: 'housekeeping', address: '', tenant, details } as const;
    try {
      await registry.record({ ...event, outcome: 'success' }, lock);
      crashPoint('hub.housekeeping.before-remove');
      await kind.remove(removal, this.#check);
      crashPoint('hub.housekeeping.after-remove');
    } catch (error) {
      if (this.#ends(error)) return false;
      this.#note(kind.name, `cannot be rid of ${subject}`, error);
      await registry.record({ ...event, outcome: 'failure' }).catch(() => undefined);
      return false;
    }
    metrics.add(removedMetrics(kind.name, removal));
    return true;
  }

  /** What was broken off is neither a failure nor told as one: who has the lock plans it again. */
  #ends(error: unknown): boolean {
    if (isLockOver(error)) this.#isOver = true;
    return this.#isOver;
  }

  #note(kind: string, what: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#parts.logger.warn('housekeeping could not do something; it is tried again by the next run', { kind, what, error });
    if (this.#notes.length < notesMax) this.#notes.push(`${kind}: ${what}: ${reason.slice(0, 500)}`);
  }

  async #mayGoOn(): Promise<boolean> {
    return !this.#isOver && !this.#signal.aborted && (await this.#parts.lock.isHeld());
  }
}
