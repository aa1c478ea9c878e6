/**
 * An answer of the API that is asked for again and again while somebody looks. It stays when it cannot be had again, with the error beside
 * it; what was shown before is there at once when one comes back to a page.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, believed, getChanged } from './api.ts';
import { messageOf, sessionState } from './session.ts';

export interface Live<T> {
  readonly data: T | undefined;
  /** Why there is none, or none newer. */
  readonly error: ApiError | undefined;
  /** By this machine's clock. */
  readonly gotMs: number | undefined;
  /** Now, for instance after a change of one's own. */
  readonly refresh: () => void;
}

interface Kept {
  readonly data: unknown;
  readonly etag: string | undefined;
  readonly gotMs: number;
}

const keptMax = 60;
const kept = new Map<string, Kept>();

/**
 * `path` with its query; undefined asks nothing. `asked` adds what is another with each request, such as the time that a chart begins at.
 */
export function useLive<T>(path: string | undefined, everyMs = 5000, asked: (path: string) => string = same): Live<T> {
  const [, draw] = useState(0);
  const failed = useRef<{ path: string; error: ApiError } | undefined>(undefined);
  const again = useRef(() => {});

  useEffect(() => {
    if (path === undefined) return undefined;
    const poll = startPolling({ path, everyMs, asked }, (error) => {
      failed.current = error === undefined ? undefined : { path, error };
      draw((count) => count + 1);
    });
    again.current = poll.now;
    return poll.stop;
  }, [path, everyMs]);

  const known = path === undefined ? undefined : kept.get(path);
  return {
    data: known === undefined ? undefined : believed<T>(known.data),
    error: failed.current !== undefined && failed.current.path === path ? failed.current.error : undefined,
    gotMs: known?.gotMs,
    refresh: () => again.current(),
  };
}

interface Polling {
  readonly now: () => void;
  readonly stop: () => void;
}

interface Wanted {
  readonly path: string;
  readonly everyMs: number;
  readonly asked: (path: string) => string;
}

function startPolling({ path, everyMs, asked }: Wanted, got: (error: ApiError | undefined) => void): Polling {
  const over = new AbortController();
  let timer = 0;
  let isAsking = false;
  const ask = async (): Promise<void> => {
    window.clearTimeout(timer);
    if (isAsking || over.signal.aborted) return;
    isAsking = true;
    const error = await askOnce(path, asked(path), over.signal);
    isAsking = false;
    if (over.signal.aborted) return;
    got(error);
    timer = window.setTimeout(next, everyMs);
  };
  // Nobody looks, or nobody is signed in: asked again when that changes.
  const next = (): void => {
    if (!document.hidden && sessionState.get().kind === 'signed-in') void ask();
  };
  document.addEventListener('visibilitychange', next, { signal: over.signal });
  const forget = sessionState.subscribe(next);
  void ask();
  return {
    now: () => void ask(),
    stop: () => {
      over.abort();
      window.clearTimeout(timer);
      forget();
    },
  };
}

async function askOnce(path: string, asked: string, signal: AbortSignal): Promise<ApiError | undefined> {
  try {
    const before = kept.get(path);
    const answer = await getChanged(asked, before?.etag, signal);
    if (answer !== undefined) keep(path, { ...answer, gotMs: Date.now() });
    else if (before !== undefined) keep(path, { ...before, gotMs: Date.now() });
    return undefined;
  } catch (error) {
    // The dialog that asks to sign in again says it.
    if (error instanceof ApiError && error.code === 'unauthenticated') return undefined;
    return error instanceof ApiError ? error : new ApiError(0, 'unknown', messageOf(error));
  }
}

function keep(path: string, answer: Kept): void {
  kept.delete(path);
  kept.set(path, answer);
  const [oldest] = kept.keys();
  if (kept.size > keptMax && oldest !== undefined) kept.delete(oldest);
}

function same(path: string): string {
  return path;
}
