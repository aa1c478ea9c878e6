import { ApiError } from '../data/api.ts';

const triesMax = 8;
const waitMs = 400;

/** A search that was left a moment ago has its place at the hub for a moment yet: what finds none tries again. */
export async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted || !(error instanceof ApiError) || error.code !== 'too-many-searches' || tries >= triesMax) throw error;
      await new Promise((resolve) => {
        window.setTimeout(resolve, waitMs * tries);
      });
    }
  }
}
