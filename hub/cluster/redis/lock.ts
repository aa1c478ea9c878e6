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

/** Resolves when aborted; rejects as the work does. A store that does not answer is one that gives no lock. */
export async function keepLock(
  request: LockRequest,
  signal: AbortSignal,
  work: Parameters<Cluster['underLock']>[2],
): Promise<void> {
  const { store, clock, name, owner } = request;
  while (!signal.aborted) {
    const token = await store.lock(name, owner, 0).catch(() => undefined);
    if (token === undefined) await pause(clock, lockPollMs, signal);
    else await workUnder(request, token, signal, work);
  }
}

async function workUnder(
  request: LockRequest,
  token: FencingToken,
  signal: AbortSignal,
  work: Parameters<Cluster['underLock']>[2],
): Promise<void> {
  const { store, name } = request;
  const lost = new AbortController();
  const inner = AbortSignal.any([signal, lost.signal]);
  const renewed = renew(request, token, inner).finally(() => lost.abort());
  try {
    await work({ token, isHeld: () => store.isHeld(name, token) }, inner);
  } finally {
    lost.abort();
    await renewed;
    await store.unlock(name, token).catch(() => undefined);
  }
}

/** Ends when aborted or when the lock is no longer ours. */
async function renew({ store, clock, name, owner }: LockRequest, token: FencingToken, signal: AbortSignal): Promise<void> {
  let renewedAtMs = clock.monotonic();
  while (!signal.aborted) {
    await pause(clock, lockRenewMs, signal);
    if (signal.aborted) return;
    const askedAtMs = clock.monotonic();
    const kept = await store.lock(name, owner, token).catch(() => 'failed' as const);
    if (kept === undefined) return;
    if (kept !== 'failed') renewedAtMs = askedAtMs;
    else if (clock.monotonic() - renewedAtMs > lockMs) return;
  }
}
