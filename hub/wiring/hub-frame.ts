/** What every part of the hub is built in: what it was given, what it owns, and whether it can go on. Knows no part. */
import { type Clock, systemClock } from '@tributary/shared/clock.ts';
import type { Logger, LogLevel } from '@tributary/shared/log.ts';
import { Burst } from '../groups/burst.ts';
import { running } from '../groups/running.ts';
import type { HubOptions } from '../options.ts';
import { burstBytesPerSecond } from '../processing/limits.ts';
import type { HubState } from '../status/hub-status.ts';

export interface HubParts {
  readonly options: HubOptions;
  readonly logger: Logger;
  readonly crashPoint: string | undefined;
  /** Of the logger, when the configuration was read again. */
  readonly setLogLevel: (level: LogLevel) => void;
}

/** Disposing it stops what it owns, the latest first. */
export class HubFrame implements AsyncDisposable {
  readonly parts: HubParts;
  readonly clock: Clock = systemClock;
  readonly startedMs = systemClock.now();
  readonly burst = new Burst(systemClock, burstBytesPerSecond);
  /** Only hub.ts changes it. */
  state: HubState = 'starting';
  readonly #owned = new AsyncDisposableStack();
  readonly #failed = Promise.withResolvers<never>();

  constructor(parts: HubParts) {
    this.parts = parts;
    // Whoever started the hub may stop it without ever asking whether it failed.
    this.#failed.promise.catch(() => undefined);
  }

  /** Rejects when the hub cannot go on. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  fail(error: unknown): void {
    this.#failed.reject(error);
  }

  use<Part extends AsyncDisposable | Disposable>(name: string, part: Part): Part {
    this.atStop(name, () => (Symbol.asyncDispose in part ? part[Symbol.asyncDispose]() : part[Symbol.dispose]()));
    return part;
  }

  /** Until the hub stops. When it breaks the hub cannot go on. */
  run(name: string, run: (signal: AbortSignal) => Promise<void>): void {
    this.use(
      name,
      running(run, (error) => this.fail(error)),
    );
  }

  /** Told at `debug`, so that whoever sees a hub that does not stop sees what it waits for. */
  atStop(name: string, stop: () => PromiseLike<void> | void): void {
    this.#owned.defer(async () => {
      this.parts.logger.debug('stopping a part', { part: name });
      await stop();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#owned.disposeAsync();
  }
}
