/**
 * A sign of life to something that tells people when it hears nothing for a while (a dead man's switch): that a site is gone it cannot tell itself.
 * One hub of the site gives it, as long as it takes data and looks at its health; another one goes on where that one ends.
 */
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
  /** As the configuration has them now; the same object until it changes. */
  readonly options: () => Pick<AlertOptions, 'heartbeat' | 'timeout'>;
  readonly readiness: () => Promise<{ readonly ready: boolean; readonly why: string }>;
  /** When this hub looked at its health last. */
  readonly lookedMs: () => number;
  readonly cluster: Pick<Cluster, 'underLock'>;
  readonly findings: Pick<Findings, 'set'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Heartbeat {
  readonly #parts: HeartbeatParts;
  #options: HeartbeatOptions | undefined;
  #nextMs = Number.NEGATIVE_INFINITY;
  /** Why the last one did not go: told once. */
  #trouble = '';

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
  }

  /** Resolves when aborted. */
  run(signal: AbortSignal): Promise<void> {
    return this.#parts.cluster.underLock('heartbeat', signal, (lock, inner) => this.#keep(lock, inner));
  }

  async #keep(lock: HeldLock, signal: AbortSignal): Promise<void> {
    const { clock, options } = this.#parts;
    try {
      while (!signal.aborted) {
        await this.#beatIfDue(options(), lock, signal);
        await pause(clock, alertLookMs, signal);
      }
    } finally {
      this.#begin(undefined);
    }
  }

  #begin(heartbeat: HeartbeatOptions | undefined): void {
    this.#options = heartbeat;
    this.#nextMs = Number.NEGATIVE_INFINITY;
    this.#trouble = '';
    this.#parts.findings.set('heartbeat-undelivered', []);
  }

  async #beatIfDue(
    { heartbeat, timeout }: ReturnType<HeartbeatParts['options']>,
    lock: HeldLock,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock } = this.#parts;
    if (heartbeat !== this.#options) this.#begin(heartbeat);
    const startMs = clock.monotonic();
    if (heartbeat === undefined || startMs < this.#nextMs || !(await lock.isHeld())) return;
    const held = await this.#heldBack();
    const undelivered = held === '' ? await this.#beat(heartbeat, { timeoutMs: timeout, signal }) : '';
    if (signal.aborted) return;
    this.#tell({ held, undelivered });
    const went = held === '' && undelivered === '';
    this.#nextMs = went ? startMs + heartbeat.every : clock.monotonic() + heartbeatRetryMs;
  }

  /** Why nobody ought to believe that all is well; empty where nothing says so. */
  async #heldBack(): Promise<string> {
    const { clock, readiness, lookedMs } = this.#parts;
    const { ready, why } = await readiness();
    if (!ready) return why;
    return clock.now() - lookedMs() > healthAgeMsMax ? 'the hub does not look at its health' : '';
  }

  /** Why it did not arrive; empty: it did. */
  async #beat(heartbeat: HeartbeatOptions, how: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<string> {
    try {
      await callHttp(heartbeat, { method: 'GET', headers: {} }, how);
      return '';
    } catch (error) {
      return printable(error instanceof Error ? error.message : String(error)).slice(0, troubleTextMax);
    }
  }

  #tell({ held, undelivered }: { readonly held: string; readonly undelivered: string }): void {
    const { findings, logger } = this.#parts;
    const reason = `the sign of life of this site (alerts.heartbeat) does not arrive: ${undelivered}`;
    const found = { kind: 'heartbeat-undelivered', subject: 'alerts.heartbeat', level: 'yellow', reason } as const;
    findings.set('heartbeat-undelivered', undelivered === '' ? [] : [found]);
    const trouble = undelivered || held;
    if (trouble === this.#trouble) return;
    if (held !== '') logger.info('the sign of life is held back', { reason: held });
    else if (undelivered !== '') logger.warn('the sign of life does not arrive', { reason: undelivered });
    else logger.info('the sign of life goes again');
    this.#trouble = trouble;
  }
}
