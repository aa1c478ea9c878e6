import type { Clock } from '@tributary/shared/clock.ts';
import type { Input } from '../input.ts';

/** The input, and beside it a task that runs as long as the input does. The task resolves when aborted; if it breaks, so does the input. */
export function withTask(input: Input, task: (signal: AbortSignal) => Promise<void>): Input {
  return {
    name: input.name,
    sources: () => input.sources(),
    failing: () => input.failing?.() ?? [],
    drained: (signal) => input.drained(signal),
    run: async (signal) => {
      const over = new AbortController();
      const either = AbortSignal.any([signal, over.signal]);
      const each = [input.run(either), task(either)].map(async (part) => {
        try {
          await part;
        } finally {
          over.abort();
        }
      });
      await Promise.all(each);
    },
  };
}

/** Does the work after each interval until the signal is aborted. */
export async function everySoOften(
  work: () => Promise<void>,
  { clock, intervalMs, signal }: { readonly clock: Clock; readonly intervalMs: number; readonly signal: AbortSignal },
): Promise<void> {
  for (;;) {
    try {
      await clock.sleep(intervalMs, signal);
    } catch {
      return;
    }
    await work();
  }
}
