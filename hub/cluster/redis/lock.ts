/** Work that one hub of a site may do at a time: whoever gets the lock does it, and keeps the lock by telling so. */
import type { Clock } from '@tributary/shared/clock.ts';
import { pause } from '../../groups/retry.ts';
import type { Cluster, FencingToken } from '../cluster.ts';
import { lockMs, lockPollMs, lockRenewMs } from './limits.ts';
import type { SiteStore } from './site-store.ts';

export type LockStore = Pick<SiteStore, 'lock' | 'unlock' | 'isHeld'>;

export interface LockRequest {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly name: string;
  readonly owner: string;
}

/**
 * Resolves when aborted; rejects as the work does. A store that does not answer is one that gives no lock. Work that ended is not begun again
 * at once: it may have ended as soon as it began, because the store does not answer.
 */
export async function keepLock(
  request: LockRequest,
  signal: AbortSignal,
  work: Parameters<Cluster['underLock']>[2],
): Promise<void> {
  const { store, clock, name, owner } = request;
  while (!signal.aborted) {
    const kept = { askedMs: clock.monotonic() };
    const token = await store.lock(name, owner, 0).catch(() => undefined);
    if (token !== undefined) await workUnder(request, { token, kept }, signal, work);
    await pause(clock, lockPollMs, signal);
  }
}

interface Given {
  readonly token: FencingToken;
  /** The store counts from when it was asked, or later. */
  readonly kept: { askedMs: number };
}

async function workUnder(
  request: LockRequest,
  { token, kept }: Given,
  signal: AbortSignal,
  work: Parameters<Cluster['underLock']>[2],
): Promise<void> {
  const { store, name } = request;
  const lost = new AbortController();
  const inner = AbortSignal.any([signal, lost.signal]);
  const renewed = renew(request, { token, kept }, inner).finally(() => lost.abort());
  try {
    const isHeld = (): Promise<boolean> => store.isHeld(name, token).catch(() => false);
    await work({ name, token, isHeld, keptUntilMs: () => kept.askedMs + lockMs }, inner);
  } finally {
    lost.abort();
    await renewed;
    await store.unlock(name, token).catch(() => undefined);
  }
}

/** Ends when aborted or when the lock is no longer ours. */
async function renew({ store, clock, name, owner }: LockRequest, { token, kept }: Given, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(clock, lockRenewMs, signal);
    if (signal.aborted) return;
    const askedMs = clock.monotonic();
    const answer = await store.lock(name, owner, token).catch(() => 'failed' as const);
    if (answer === undefined) return;
    if (answer !== 'failed') kept.askedMs = askedMs;
    else if (clock.monotonic() - kept.askedMs > lockMs) return;
  }
}
