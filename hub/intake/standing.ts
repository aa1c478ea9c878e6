/**
 * Whether those who are connected may stay. Looked at every tick: dates once a second, the registry when it has changed, so that an agent that was
 * revoked is cut off a tick after memory has it, and a site at rest costs nothing.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Registry } from '../registry/registry.ts';
import type { IntakeConnection } from './connection.ts';
import type { Gatekeeper } from './gatekeeper.ts';

export interface StandingParts {
  readonly gatekeeper: Gatekeeper;
  readonly registry: Pick<Registry, 'onChanged'> | undefined;
  readonly clock: Clock;
}

/** The registry is told so often who is still there. */
const seenMs = 30_000;
const datesMs = 1000;

export class Standing implements Disposable {
  readonly #parts: StandingParts;
  readonly #unfollow: () => void;
  #hasChanged = false;
  #seenAtMs: number;
  #datesAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: StandingParts) {
    this.#parts = parts;
    this.#seenAtMs = parts.clock.monotonic();
    this.#unfollow =
      parts.registry?.onChanged(() => {
        this.#hasChanged = true;
      }) ?? ((): void => undefined);
  }

  check(connections: Iterable<IntakeConnection>): void {
    const { gatekeeper, clock } = this.#parts;
    const nowMs = clock.now();
    const monotonicMs = clock.monotonic();
    const isSeenDue = monotonicMs - this.#seenAtMs >= seenMs;
    const hasChanged = this.#hasChanged;
    if (!isSeenDue && !hasChanged && monotonicMs - this.#datesAtMs < datesMs) return;
    if (isSeenDue) this.#seenAtMs = monotonicMs;
    this.#datesAtMs = monotonicMs;
    this.#hasChanged = false;
    for (const connection of connections) {
      const { identity, hello } = connection;
      if (identity.kind === 'plain') continue;
      if (isSeenDue && hello !== undefined) gatekeeper.seen(identity);
      if (!hasChanged && nowMs < identity.notAfterMs) continue;
      const reject = gatekeeper.dismissal(identity, { nowMs, isAdmitted: hello !== undefined });
      if (reject !== undefined) connection.shutdown(reject);
    }
  }

  [Symbol.dispose](): void {
    this.#unfollow();
  }
}
