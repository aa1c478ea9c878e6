/**
 * Keeps a certificate from expiring: when two thirds of its life are over, another key is certified by a hub, over a connection
 * that shows the present one; files and connections change to it. What fails is tried again, sooner the shorter the certificate's life.
 *
 * ```text
 *   waiting ──two thirds over──► asking each hub in turn ──answer──► settled: the next connection uses it
 *      ▲                             │ none answered
 *      └────── backoff ◄─────────────┘
 * ```
 */
import type { SecureContext } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from '@tributary/shared/async/backoff.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { HubRefusedError } from '../uplink/tls/hub-errors.ts';
import type { CertificateDates, CertificateLife, EnrolledTls } from './enrolled-tls.ts';
import { lockEnrolment } from './enrolment-lock.ts';
import type { HubPlace } from './hub-door.ts';

export interface RenewalEvents {
  certificateRenewed(notAfter: string): void;
  certificateRenewalFailed(error: Error, facts: { readonly notAfter: string; readonly retryInMs: number }): void;
  certificateExpires(notAfter: string): void;
}

export interface RenewalOptions {
  readonly folder: string;
  readonly tls: Pick<
    EnrolledTls<CertificateDates>,
    'identity' | 'leastVersion' | 'life' | 'secureContext' | 'adopt' | 'onChanged'
  >;
  /** Has a hub certify another key, over a connection that shows the present certificate, and puts in place what it answered. */
  readonly renewAt: (place: HubPlace, secureContext: SecureContext, signal: AbortSignal) => Promise<void>;
  /** `wss://host:port`, the best first. */
  readonly hubs: () => readonly string[];
  readonly proxy: string | undefined;
  readonly clock: Clock;
  readonly events: RenewalEvents;
  readonly random?: () => number;
}

export interface RenewalStatus {
  /** When it is tried next. */
  readonly dueMs: number | undefined;
  /** Why the last try failed; empty where it did not. */
  readonly trouble: string;
}

const timeoutMs = 10_000;
/** A clock may be set, and the longest timer is shorter than a certificate's life. */
const sleepMsMax = 3_600_000;
/** So that agents that were enrolled together do not come together: the part of the life that due times are spread over. */
const jitter = 0.05;
const warnMsMax = 30 * 24 * 3_600_000;
const [retryMsLeast, retryMsMost] = [1000, 3_600_000];

/** When the warning is due that a certificate expires: 30 days before, or in the last sixth of a short life. */
export function warnAtMs({ fromMs, untilMs }: CertificateLife): number {
  return untilMs - Math.min(warnMsMax, (untilMs - fromMs) / 6);
}

export class Renewal {
  readonly #options: RenewalOptions;
  readonly #random: () => number;
  #dueMs: number | undefined;
  #trouble = '';

  constructor(options: RenewalOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  status(): RenewalStatus {
    return { dueMs: this.#dueMs, trouble: this.#trouble };
  }

  /** Resolves when aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { tls } = this.#options;
    for (let { life } = tls; life !== undefined; { life } = tls) {
      await this.#renewInTime(life, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      if (signal.aborted) return;
    }
  }

  /** Returns when there is another certificate, from wherever it came. */
  async #renewInTime({ fromMs, untilMs }: CertificateLife, signal: AbortSignal): Promise<void> {
    const { tls, clock } = this.#options;
    const changed = new AbortController();
    const stopListening = tls.onChanged(() => changed.abort());
    const over = AbortSignal.any([signal, changed.signal]);
    const lifeMs = untilMs - fromMs;
    const retryMsMax = Math.min(retryMsMost, Math.max(retryMsLeast, lifeMs / 20));
    const backoff = new Backoff({
      msMin: Math.min(retryMsMost / 60, Math.max(retryMsLeast, lifeMs / 100)),
      msMax: retryMsMax,
      random: this.#random,
    });
    try {
      this.#dueMs = fromMs + lifeMs * (2 / 3 - jitter * this.#random());
      while (!over.aborted) {
        await sleepUntil(this.#dueMs, clock, over);
        const error = await this.#renewOnce(over);
        if (error === undefined || over.aborted) break;
        const retryInMs = isRefused(error) ? retryMsMax : backoff.next();
        this.#dueMs = clock.now() + retryInMs;
        this.#failed(error, { notAfter: new Date(untilMs).toISOString(), retryInMs });
      }
    } catch (error) {
      if (!over.aborted) throw error;
    } finally {
      stopListening();
    }
    signal.throwIfAborted();
  }

  /** What went wrong; undefined when there is another certificate now. */
  async #renewOnce(signal: AbortSignal): Promise<Error | undefined> {
    const { folder, tls, hubs, proxy, events, renewAt } = this.#options;
    const { leastVersion } = tls;
    const secureContext = tls.secureContext();
    let failure = new Error('no hub is reached by TLS');
    try {
      using _ = lockEnrolment(folder);
      for (const hub of hubs()) {
        try {
          await renewAt({ hub: new URL(hub).host, proxy, leastVersion, timeoutMs }, secureContext, signal);
          this.#trouble = '';
          tls.adopt();
          events.certificateRenewed(new Date(tls.identity?.notAfterMs ?? 0).toISOString());
          return undefined;
        } catch (error) {
          failure = new Error(`${hub}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
        }
      }
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    return failure;
  }

  /** Once per reason: it is tried again and again. */
  #failed(error: Error, facts: { readonly notAfter: string; readonly retryInMs: number }): void {
    if (error.message === this.#trouble) return;
    this.#trouble = error.message;
    this.#options.events.certificateRenewalFailed(error, facts);
  }
}

/** By a hub that has judged the present certificate, expired or replaced: only a person changes that. */
function isRefused({ cause }: Error): boolean {
  return cause instanceof HubRefusedError && cause.refusal === 'certificate';
}

/** Tells once of each certificate that comes to its end, whoever made it. Resolves when aborted. */
export async function watchExpiry(
  { tls, clock, events }: Pick<RenewalOptions, 'tls' | 'clock' | 'events'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const { life } = tls;
    const changed = new AbortController();
    const stopListening = tls.onChanged(() => changed.abort());
    const over = AbortSignal.any([signal, changed.signal]);
    try {
      if (life !== undefined) {
        await sleepUntil(warnAtMs(life), clock, over);
        events.certificateExpires(new Date(life.untilMs).toISOString());
      }
      await sleepUntil(Number.POSITIVE_INFINITY, clock, over);
    } catch (error) {
      if (!over.aborted) throw error;
    } finally {
      stopListening();
    }
  }
}

/** Keeps no process alive. Rejects when aborted. */
async function sleepUntil(atMs: number, clock: Pick<Clock, 'now'>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  for (let leftMs = atMs - clock.now(); leftMs > 0; leftMs = atMs - clock.now()) {
    await sleep(Math.min(leftMs, sleepMsMax), undefined, { signal, ref: false });
  }
}
