/**
 * Holds the lease of one group in one partition for as long as some work goes on: acquires it, renews it in time, and aborts the
 * work's signal when it is lost. The work's commits carry the lease's epoch, so even work that does not notice changes nothing.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Lease, Queue, TopicName } from '../queue/queue.ts';
import { leaseMs, leasePollMs, leaseRenewMs } from './limits.ts';
import { pause } from './retry.ts';

export type LeaseQueue = Pick<Queue, 'acquire' | 'renew' | 'release'>;

export interface LeaseRequest {
  readonly queue: LeaseQueue;
  readonly clock: Clock;
  readonly group: { readonly topic: TopicName; readonly group: string; readonly partition: number };
  /** The same after a restart, so that a program that died need not wait for its own lease to end. */
  readonly owner: string;
}

/** Runs `work` once under a lease, and resolves as it does; with undefined when aborted before there was one. Rejects as the work does. */
export async function withLease<Result>(
  request: LeaseRequest,
  signal: AbortSignal,
  work: (lease: Lease, signal: AbortSignal) => Promise<Result>,
): Promise<Result | undefined> {
  const lease = await acquire(request, signal);
  if (lease === undefined) return undefined;
  const lost = new AbortController();
  const inner = AbortSignal.any([signal, lost.signal]);
  const renewed = renew(request, lease, inner).finally(() => lost.abort());
  let current = lease;
  try {
    return await work(lease, inner);
  } finally {
    lost.abort();
    current = await renewed;
    await request.queue.release(current);
  }
}

async function acquire(request: LeaseRequest, signal: AbortSignal): Promise<Lease | undefined> {
  while (!signal.aborted) {
    const lease = await request.queue.acquire(request.group, request.owner, leaseMs);
    if (lease !== undefined) return lease;
    await pause(request.clock, leasePollMs, signal);
  }
  return undefined;
}

/** Ends when aborted or when the lease is no longer ours; a renewal that fails is tried again while there is time. */
async function renew(request: LeaseRequest, lease: Lease, signal: AbortSignal): Promise<Lease> {
  let current = lease;
  let renewedAt = request.clock.monotonic();
  while (!signal.aborted) {
    await pause(request.clock, leaseRenewMs, signal);
    if (signal.aborted) break;
    const next = await request.queue.renew(current, leaseMs).catch(() => 'failed' as const);
    if (next === undefined) break;
    if (next !== 'failed') {
      current = next;
      renewedAt = request.clock.monotonic();
    } else if (request.clock.monotonic() - renewedAt > leaseMs) break;
  }
  return current;
}
