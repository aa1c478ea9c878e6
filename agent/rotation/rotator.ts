/** All rotation of an agent: its groups, each with a task of its own, and what is asked of them from outside. */
import { supervise } from '@tributary/shared/async/supervise.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { systemFileSpace } from '../inputs/file/collapse.ts';
import type { Sink } from '../inputs/input.ts';
import { copiesMax } from './limits.ts';
import type { RotationGroupOptions } from './options.ts';
import { openQuiet } from './quiet-file.ts';
import type { RotationEvents } from './rotation-events.ts';
import type { RotateAnswer, RotationGroup, RotationStatus } from './rotation-group.ts';
import type { RotationParts } from './rotation.ts';
import { type OpenSchedule, openSchedule, type Schedule } from '@tributary/shared/schedule/schedule.ts';
import { Slots } from './slots.ts';

export interface RotatorOptions {
  readonly sink: Sink;
  readonly events: RotationEvents;
  readonly clock: Clock;
  readonly openSchedule?: OpenSchedule;
}

/** There is no group of this name; the message is for the person who asked. */
export class UnknownGroupError extends Error {
  override readonly name = 'UnknownGroupError';
  readonly code = 'UNKNOWN_GROUP';
}

interface Running {
  readonly group: RotationGroup;
  readonly schedule: Schedule | undefined;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

const retry = { backoff: { msMin: 1000, msMax: 60_000 }, healthyAfterMs: 60_000 };

/** Disposing ends everything, copies that are being written too. */
export class Rotator implements AsyncDisposable {
  readonly #options: RotatorOptions;
  readonly #parts: RotationParts;
  readonly #stop = new AbortController();
  #running: ReadonlyMap<string, Running> = new Map();

  constructor(options: RotatorOptions) {
    const { sink, events, clock } = options;
    this.#options = options;
    const { signal: stop } = this.#stop;
    this.#parts = { sink, events, clock, stop, space: systemFileSpace, openQuiet, copies: new Slots(copiesMax) };
  }

  /** Makes these the groups. One that stays as it is goes on undisturbed. */
  async change(wanted: readonly RotationGroupOptions[]): Promise<void> {
    const before = this.#running;
    const keys = new Map(wanted.map((options) => [JSON.stringify(options), options]));
    await Promise.all([...before].filter(([key]) => !keys.has(key)).map(([, running]) => end(running)));
    const after = new Map<string, Running>();
    for (const [key, options] of keys) after.set(key, before.get(key) ?? (await this.#begin(options)));
    this.#running = after;
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
    return await Promise.all(wanted.map(async (group) => await group.rotateNow()));
  }

  status(): readonly RotationStatus[] {
    return [...this.#running.values()].map(({ group }) => group.status());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#running.values()].map((running) => end(running)));
  }

  async #begin(options: RotationGroupOptions): Promise<Running> {
    const { clock, events } = this.#options;
    // An agent that rotates nothing does without.
    const { RotationGroup } = await import('./rotation-group.ts');
    const group = new RotationGroup(options, this.#parts);
    const { schedule: expression, time_zone: timeZone } = options;
    const open = this.#options.openSchedule ?? openSchedule;
    const schedule = expression === undefined ? undefined : await open({ expression, timeZone, onDue: () => group.schedule() });
    const abort = new AbortController();
    const onFailed = (error: unknown): void => events.rotationFailed(options.name, error);
    const done = supervise((signal) => group.run(signal), abort.signal, { clock, ...retry, onFailed });
    return { group, schedule, abort, done };
  }
}

async function end({ schedule, abort, done, group }: Running): Promise<void> {
  schedule?.[Symbol.dispose]();
  abort.abort();
  await done;
  await group.settled();
}
