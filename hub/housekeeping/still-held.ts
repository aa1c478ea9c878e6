/**
 * Whether what housekeeping is about to remove may still go. A hub that was stopped for a minute and goes on finds another one at work, perhaps by
 * rules that keep more. What the registry writes carries the fence of the lock and is refused then: each removal is told there first, so its
 * hub asked the store right before it. Neither a folder, a bucket nor Elasticsearch can check a fence, and in Redis the lock is in another slot than what
 * goes; so right before each single call that removes it is also asked, by this process's clock and without waiting, whether the lock is ours for
 * `removalMarginMs` yet.
 *
 * What remains: a hub that is stopped for longer than the margin between that question and its call, or whose call lies so long on its way; a virtual
 * machine whose own clock stood still between the answer of the registry and the call; a change of the Redis master, which ends all locks, in
 * that time. Each lets at most the calls through that are under way (`atOnce` of a kind), of things that were too old when their hub looked.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { HeldLock } from '../cluster/cluster.ts';
import { RegistryError } from '../registry/registry.ts';
import { removalMarginMs } from './limits.ts';

/** Throws where nothing more may be removed. Asked right before each call that removes. */
export type CheckHeld = () => void;

class LockOverError extends Error {
  override readonly name = 'LockOverError';
}

export interface HeldBy {
  readonly lock: Pick<HeldLock, 'keptUntilMs'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

export function checkHeld({ lock, clock }: HeldBy, signal: AbortSignal): CheckHeld {
  return () => {
    if (signal.aborted) throw new LockOverError('this hub ends');
    if (clock.monotonic() > lock.keptUntilMs() - removalMarginMs) throw new LockOverError('the lock may be over any moment');
  };
}

/** Of the question, or of the registry. */
export function isLockOver(error: unknown): boolean {
  return error instanceof LockOverError || (error instanceof RegistryError && error.code === 'REGISTRY_CONFLICT');
}
