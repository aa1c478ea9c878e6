/**
 * A sign of life to something that tells people when it hears nothing for a while (a dead man's switch): that a site is gone it cannot tell itself.
 * One hub of the site gives it, as long as it takes data and looks at its health; another one goes on where that one ends.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { Cluster, HeldLock } from '../cluster/cluster.ts';
import type { AlertOptions, HeartbeatOptions } from '../config/alert-options.ts';
import { pause } from '../groups/retry.ts';
import type { Findings } from '../health/findings.ts';
import { callHttp } from './channels/http-call.ts';
import { alertLookMs, healthAgeMsMax, heartbeatRetryMs, troubleTextMax } from './limits.ts';

export interface HeartbeatParts {
  /** As the configuration has them now. */
  readonly options: () => Pick<AlertOptions, 'heartbeat' | 'timeout'>;
  readonly readiness: () => Promise<{ readonly ready: boolean; readonly why: string }>;
  /** When this hub looked at its health last, by the monotonic clock. */
  readonly lookedMs: () => number;
  readonly cluster: Pick<Cluster, 'underLock'>;
  readonly findings: Pick<Findings, 'set'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Heartbeat {
  readonly #parts: HeartbeatParts;
  #heartbeat: HeartbeatOptions | undefined;
  #nextMs = Number.NEGATIVE_INFINITY;
  #isArriving = true;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
  }

  /** Resolves when aborted. The lock is asked for, and kept, only by a hub that can give the sign: it keeps no other from giving it. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, cluster, options } = this.#parts;
    while (!signal.aborted) {
      if (options().heartbeat !== undefined && (await this.#heldBack()) === '') {
        const unable = new AbortController();
        const ended = AbortSignal.any([signal, unable.signal]);
        await cluster.underLock('heartbeat', ended, (lock, inner) => this.#beatWhileAble(lock, inner, () => unable.abort()));
      }
      await pause(clock, alertLookMs, signal);
    }
  }

  async #beatWhileAble(lock: HeldLock, signal: AbortSignal, unable: () => void): Promise<void> {
    const { clock, options, logger } = this.#parts;
    this.#begin(undefined);
    while (!signal.aborted) {
      const { heartbeat, timeout } = options();
      if (!isDeepStrictEqual(heartbeat, this.#heartbeat)) this.#begin(heartbeat);
      if (heartbeat === undefined) unable();
      else if (clock.monotonic() >= this.#nextMs && (await lock.isHeld())) {
        const reason = await this.#heldBack();
        if (reason === '') await this.#beat(heartbeat, timeout, signal);
        else {
          logger.info('this hub gives no sign of life now', { reason });
          unable();
        }
      }
      await pause(clock, alertLookMs, signal);
    }
    this.#begin(undefined);
  }

  #begin(heartbeat: HeartbeatOptions | undefined): void {
    this.#heartbeat = heartbeat;
    this.#nextMs = Number.NEGATIVE_INFINITY;
    this.#isArriving = true;
    this.#parts.findings.set('heartbeat-undelivered', []);
  }

  /** Why nobody ought to believe that all is well; empty where nothing says so. */
  async #heldBack(): Promise<string> {
    const { clock, readiness, lookedMs } = this.#parts;
    const { ready, why } = await readiness();
    if (!ready) return why;
    return clock.monotonic() - lookedMs() > healthAgeMsMax ? 'it does not look at its health' : '';
  }

  async #beat(heartbeat: HeartbeatOptions, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const startMs = clock.monotonic();
    try {
      await callHttp(heartbeat, { method: 'GET', headers: {} }, { timeoutMs, signal });
      this.#nextMs = startMs + heartbeat.every;
      this.#arrived();
    } catch (error) {
      if (signal.aborted) return;
      this.#nextMs = clock.monotonic() + heartbeatRetryMs;
      this.#failed(printable(error instanceof Error ? error.message : String(error)).slice(0, troubleTextMax));
    }
  }

  #arrived(): void {
    const { findings, logger } = this.#parts;
    if (!this.#isArriving) logger.info('the sign of life arrives again');
    this.#isArriving = true;
    findings.set('heartbeat-undelivered', []);
  }

  /** Told once in the log, whatever the words of each answer. */
  #failed(why: string): void {
    const { findings, logger } = this.#parts;
    const reason = `the sign of life of this site (alerts.heartbeat) does not arrive: ${why}`;
    const finding = { kind: 'heartbeat-undelivered', subject: 'alerts.heartbeat', level: 'yellow', reason } as const;
    findings.set('heartbeat-undelivered', [finding]);
    if (this.#isArriving) logger.warn('the sign of life does not arrive', { reason: why });
    this.#isArriving = false;
  }
}
