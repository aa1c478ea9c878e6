/**
 * Since when each finding has stood, kept over a start of the hub and written a moment after something changed. What stood when the hub ended and is found
 * again soon after its start has stood since before.
 */
import { join } from 'node:path';
import * as z from 'zod';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { pause } from '../groups/retry.ts';
import type { Finding, StandingFinding } from './findings.ts';
import type { FindingsBook } from './findings-book.ts';
import { KeptJson } from './kept-json.ts';
import { findingLooksMs, findingsKeptMs, findingsStoredMs, foundAgainMs } from './limits.ts';

const version = 1;
const time = z.object({ kind: z.string(), subject: z.string(), sinceMs: z.number().min(0) });
/** `atMs`: when it was written. */
const content = z.object({ version: z.literal(version), atMs: z.number(), standing: z.array(time) });

export interface FindingTimesParts {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class FindingTimes {
  readonly #clock: Clock;
  readonly #file: KeptJson<typeof content>;
  readonly #startedMs: number;
  /** What stood before the start and was not found again yet, by kind and subject. */
  readonly #before = new Map<string, z.output<typeof time>>();
  #written: readonly z.output<typeof time>[] = [];
  #writtenMs = Number.NEGATIVE_INFINITY;

  private constructor({ dataDir, clock, logger }: FindingTimesParts) {
    this.#clock = clock;
    this.#file = new KeptJson({
      file: join(dataDir, 'findings.json'),
      shape: content,
      what: 'since when findings stand',
      logger,
    });
    this.#startedMs = clock.monotonic();
  }

  static async open(parts: FindingTimesParts): Promise<FindingTimes> {
    const times = new FindingTimes(parts);
    const { standing, atMs } = (await times.#file.read()) ?? { standing: [], atMs: 0 };
    const isOld = parts.clock.now() - atMs >= findingsKeptMs;
    for (const one of isOld ? [] : standing) times.#before.set(keyOf(one), one);
    times.#written = standing;
    return times;
  }

  /** Of what is found now: since when it stood before the start, once. Undefined: it did not, or the start is too long ago. */
  take(finding: Pick<Finding, 'kind' | 'subject'>): number | undefined {
    this.#forget();
    const key = keyOf(finding);
    const sinceMs = this.#before.get(key)?.sinceMs;
    this.#before.delete(key);
    // The clock may have been set back meanwhile.
    return sinceMs === undefined ? undefined : Math.min(sinceMs, this.#clock.now());
  }

  async run(book: Pick<FindingsBook, 'lately'>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(this.#clock, findingLooksMs, signal);
      if (!signal.aborted) await this.keep(book.lately());
    }
  }

  /**
   * What stands, and what did a moment ago: as a hub stops, agents go and parts clear what they found, and nothing of it is mended. Where nothing stands
   * and nothing did, nothing is written.
   */
  async keep(lately: readonly Pick<StandingFinding, 'kind' | 'subject' | 'sinceMs'>[]): Promise<void> {
    this.#forget();
    const now = lately.map(({ kind, subject, sinceMs }) => ({ kind, subject, sinceMs }));
    // A hub that ends again before it found all of it anew forgets none of it.
    const standing = [...now, ...this.#before.values()];
    const nowMs = this.#clock.monotonic();
    const isFresh = standing.length === 0 || nowMs - this.#writtenMs < findingsStoredMs;
    if (isFresh && isSame(standing, this.#written)) return;
    if (!(await this.#file.write({ version, atMs: this.#clock.now(), standing }))) return;
    this.#written = standing;
    this.#writtenMs = nowMs;
  }

  #forget(): void {
    if (this.#clock.monotonic() - this.#startedMs >= foundAgainMs) this.#before.clear();
  }
}

function keyOf({ kind, subject }: { readonly kind: string; readonly subject: string }): string {
  return `${kind} ${subject}`;
}

function isSame(some: readonly z.output<typeof time>[], others: readonly z.output<typeof time>[]): boolean {
  const known = new Map(others.map((one) => [keyOf(one), one.sinceMs]));
  return some.length === others.length && some.every((one) => known.get(keyOf(one)) === one.sinceMs);
}
