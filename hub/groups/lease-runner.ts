/**
 * The life of a topic's runner: it holds the lease of its group, works, and gives the lease back when nothing came for a while, so that
 * a group at rest costs nothing and the next owner has it at once.
 */
import type { Lease } from '../queue/queue.ts';
import { type LeaseRequest, withLease } from './hold-lease.ts';

/** `idle`: nothing came for `runnerIdleMs`. `ended`: fenced, aborted, or the lease was lost; who is not aborted begins anew at the cursor. */
export type WorkEnd = 'idle' | 'ended';

/** Resolves when aborted or idle; rejects as the work does. */
export async function runUnderLease(
  request: LeaseRequest,
  signal: AbortSignal,
  work: (lease: Lease, signal: AbortSignal) => Promise<WorkEnd>,
): Promise<void> {
  while (!signal.aborted) if ((await withLease(request, signal, work)) === 'idle') return;
}
