import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  readonly deadlineMs?: number;
  readonly everyMs?: number;
  /** What the failure should show besides the name of the condition. */
  readonly detail?: () => string;
}

/** Far longer than anything takes on a machine that does ten other things: a test never fails because it was slow. */
const deadlineMsDefault = 120_000;

/**
 * Waits for a condition, never for a time: resolves with the first result that is neither `undefined` nor `false`. Rejects with
 * the condition's name when the deadline passes; an error thrown by `check` ends the wait at once.
 */
export async function until<T>(
  what: string,
  check: () => T | undefined | false | Promise<T | undefined | false>,
  options: UntilOptions = {},
): Promise<T> {
  const { deadlineMs = deadlineMsDefault, everyMs = 20, detail } = options;
  const end = performance.now() + deadlineMs;
  for (;;) {
    const result = await check();
    if (result !== undefined && result !== false) return result;
    if (performance.now() > end) {
      const more = detail === undefined ? '' : `\n${detail()}`;
      throw new Error(`waited ${deadlineMs} ms in vain until ${what}${more}`);
    }
    await sleep(everyMs);
  }
}
