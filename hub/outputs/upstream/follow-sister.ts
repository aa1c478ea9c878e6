/**
 * What an upstream does in one topic and partition while it is quiet: its cursor follows that of the sister that is sent to. Who is to send
 * follows once more before it begins.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import { runnerIdleMs } from '../../groups/limits.ts';
import type { Wake } from '../../groups/wake.ts';
import type { Lease, Queue } from '../../queue/queue.ts';
import { followMs } from './limits.ts';
import type { UpstreamWays } from './upstream-ways.ts';

export interface FollowParts {
  readonly queue: Pick<Queue, 'commit' | 'read'>;
  readonly clock: Clock;
  readonly ways: UpstreamWays;
  readonly name: string;
  /** Notified when entries come, and when another one is active. */
  readonly wake: Wake;
  /** `(from, to]` went by the other way. */
  readonly onFollowed: (from: number, to: number) => void;
}

export interface Followed {
  readonly cursor: number;
  /** `send`: this one is active. */
  readonly end: 'send' | 'idle' | 'fenced' | 'aborted';
}

export async function followSister(parts: FollowParts, lease: Lease, from: number, signal: AbortSignal): Promise<Followed> {
  const { queue, clock, ways, name, wake, onFollowed } = parts;
  const { topic, partition } = lease;
  let cursor = from;
  let movedMs = clock.monotonic();
  while (!signal.aborted) {
    const to = await ways.cursorOfSister(name, lease);
    if (to > cursor) {
      const result = await queue.commit({ lease, to });
      if (result === 'fenced') return { cursor, end: 'fenced' };
      if (result === 'done') {
        onFollowed(cursor, to);
        cursor = to;
        movedMs = clock.monotonic();
      }
    }
    ways.passed(name, lease, cursor);
    if (ways.of(name)?.isQuiet !== true) return { cursor, end: 'send' };
    if (clock.monotonic() - movedMs >= runnerIdleMs) {
      const [next] = await queue.read({ topic, partition, afterSequence: cursor }, { entries: 1, bytes: 0, bodies: false });
      if (next === undefined && !wake.isNotified) return { cursor, end: 'idle' };
      movedMs = clock.monotonic();
    }
    // What was just stored is not passed on yet: there is nothing to hurry for.
    await wake.wait(clock, signal, followMs);
    if (ways.of(name)?.isQuiet === true) await wake.wait(clock, signal, followMs);
  }
  return { cursor, end: 'aborted' };
}
