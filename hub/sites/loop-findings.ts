/** Lower sites that bring what came from this very one, among what a person ought to know: while it goes on, and a while after. */
import type { Id } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { pause } from '../groups/retry.ts';
import type { Findings } from '../health/findings.ts';
import { loopForgottenMs, loopLookMs } from './limits.ts';

export interface LoopFindingsParts {
  readonly findings: Pick<Findings, 'put'>;
  readonly clock: Clock;
}

export class LoopFindings {
  readonly #parts: LoopFindingsParts;
  readonly #seenMs = new Map<Id, number>();

  constructor(parts: LoopFindingsParts) {
    this.#parts = parts;
  }

  seen(lowerSiteId: Id): void {
    const isNew = !this.#seenMs.has(lowerSiteId);
    this.#seenMs.set(lowerSiteId, this.#parts.clock.monotonic());
    if (!isNew) return;
    const reason = `site ${lowerSiteId} forwards here what came from this very site: it is refused; let only one of the two forward to the other`;
    this.#parts.findings.put({ kind: 'site-loop', subject: lowerSiteId }, { level: 'red', reason });
  }

  /** Resolves when aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(this.#parts.clock, loopLookMs, signal);
      this.forget();
    }
  }

  forget(): void {
    const { findings, clock } = this.#parts;
    for (const [siteId, atMs] of this.#seenMs) {
      if (clock.monotonic() - atMs < loopForgottenMs) continue;
      this.#seenMs.delete(siteId);
      findings.put({ kind: 'site-loop', subject: siteId }, undefined);
    }
  }
}
