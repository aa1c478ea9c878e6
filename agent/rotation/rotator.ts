/** All rotation of an agent: its groups, when they are looked at, and what is asked of them from outside. */
import type { Clock } from '@tributary/shared/clock.ts';
import { systemFileSpace } from '../inputs/file/collapse.ts';
import type { Sink } from '../inputs/input.ts';
import { Condition } from '../framing/condition.ts';
import { tickMs } from './limits.ts';
import type { RotationGroupOptions } from './options.ts';
import { openQuiet } from './quiet-file.ts';
import type { RotationEvents } from './rotation-events.ts';
import { isSystemError, type RotationParts } from './rotation.ts';
import { type RotateAnswer, RotationGroup, type RotationStatus } from './rotation-group.ts';
import { type OpenSchedule, openSchedule, type Schedule } from './schedule.ts';

export interface RotatorOptions {
  readonly sink: Sink;
  readonly events: RotationEvents;
  readonly clock: Clock;
  /** Ends everything, copies that are being written too. */
  readonly stop: AbortSignal;
  readonly openSchedule?: OpenSchedule;
  readonly parts?: Partial<Pick<RotationParts, 'space' | 'openQuiet'>>;
}

/** There is no group of this name; the message is for the person who asked. */
export class UnknownGroupError extends Error {
  override readonly name = 'UnknownGroupError';
  readonly code = 'UNKNOWN_GROUP';
}

interface Running {
  readonly group: RotationGroup;
  readonly schedule: Schedule | undefined;
}

export class Rotator implements Disposable {
  readonly #options: RotatorOptions;
  readonly #parts: RotationParts;
  readonly #changed = new Condition();
  #running = new Map<string, Running>();
  /** Everything happens one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: RotatorOptions) {
    const { sink, events, clock, stop, parts } = options;
    this.#options = options;
    this.#parts = { sink, events, clock, stop, space: systemFileSpace, openQuiet, ...parts };
  }

  /** Makes these the groups. One that stays as it is keeps what it knows. */
  async change(wanted: readonly RotationGroupOptions[]): Promise<void> {
    await this.#inTurn(async () => {
      const before = this.#running;
      const after = new Map<string, Running>();
      for (const options of wanted) {
        const key = JSON.stringify(options);
        after.set(key, before.get(key) ?? (await this.#begin(options)));
      }
      this.#running = after;
      for (const [key, { schedule }] of before) if (!after.has(key)) schedule?.[Symbol.dispose]();
    });
    this.#changed.notify();
  }

  /** Rotates what is due until it is stopped. Without groups it sleeps. */
  async run(): Promise<void> {
    const { clock, stop } = this.#options;
    try {
      while (!stop.aborted) {
        if (this.#running.size === 0) await this.#changed.wait(stop);
        for (const { group } of this.#running.values()) await this.#inTurn(async () => await this.#tick(group));
        await clock.sleep(tickMs, stop);
      }
    } catch (error) {
      if (!stop.aborted) throw error;
    } finally {
      await this.#last;
    }
  }

  /** Rotates these groups now; without names all of them. */
  async rotate(names: readonly string[]): Promise<readonly RotateAnswer[]> {
    const groups = [...this.#running.values()].map(({ group }) => group);
    const unknown = names.find((name) => !groups.some(({ options }) => options.name === name));
    if (unknown !== undefined) {
      const known = groups.map(({ options }) => options.name).join(', ');
      throw new UnknownGroupError(`there is no rotation group ${unknown}; there ${known === '' ? 'is none' : `are: ${known}`}`);
    }
    const wanted = groups.filter(({ options }) => names.length === 0 || names.includes(options.name));
    return await this.#inTurn(async () => {
      const answers: RotateAnswer[] = [];
      for (const group of wanted) answers.push(await group.rotateNow());
      return answers;
    });
  }

  status(): readonly RotationStatus[] {
    return [...this.#running.values()].map(({ group }) => group.status());
  }

  [Symbol.dispose](): void {
    for (const { schedule } of this.#running.values()) schedule?.[Symbol.dispose]();
  }

  async #begin(options: RotationGroupOptions): Promise<Running> {
    const group = new RotationGroup(options, this.#parts);
    const { schedule: expression, time_zone: timeZone } = options;
    if (expression === undefined) return { group, schedule: undefined };
    const open = this.#options.openSchedule ?? openSchedule;
    return { group, schedule: await open({ expression, timeZone, onDue: () => group.schedule() }) };
  }

  /** A folder that cannot be listed stops only its own group. */
  async #tick(group: RotationGroup): Promise<void> {
    try {
      await group.tick();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#options.events.rotationFailed(group.options.name, error);
    }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#options.stop.throwIfAborted();
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return await turn;
  }
}
