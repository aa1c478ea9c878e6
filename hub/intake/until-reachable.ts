/** Asks the queue again for as long as its store cannot be reached: who waits for the answer stays connected, and every hub has the same store. */
import { setTimeout as sleep } from 'node:timers/promises';
import { QueueError } from '../queue/queue-error.ts';

export interface Patience {
  /** Between two tries. */
  readonly pauseMs: number;
  /** Nobody waits any more. */
  readonly isOver: () => boolean;
}

/** Rejects as `ask` does, unless for that reason. */
export async function untilReachable<Result>(ask: () => Promise<Result>, { pauseMs, isOver }: Patience): Promise<Result> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnavailable(error) || isOver()) throw error;
      await sleep(pauseMs);
      if (isOver()) throw error;
    }
  }
}

export function isUnavailable(error: unknown): boolean {
  return error instanceof QueueError && error.code === 'QUEUE_UNAVAILABLE';
}
