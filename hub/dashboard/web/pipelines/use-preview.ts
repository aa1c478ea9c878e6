/** What an edit does to recent lines, asked for when the typing pauses; an answer to a text before is never shown for this one. */
import { useEffect, useState } from 'preact/hooks';
import type { PreviewAnswer } from '../../api/search-shapes.ts';
import { ApiError, call } from '../data/api.ts';
import { messageOf, sessionState } from '../data/session.ts';
import { useStore } from '../data/store.ts';
import { patiently } from '../search/patiently.ts';

export interface PreviewOf {
  readonly tenant: string;
  readonly type: string;
  readonly text: string;
  /** A line of the reader's own; empty: none. */
  readonly own: string;
}

export interface Preview {
  readonly answer?: PreviewAnswer;
  readonly error?: ApiError;
  readonly isRunning: boolean;
  /** With lines that came since. */
  readonly again: () => void;
}

const typingMs = 400;
const recentLines = 20;

export function usePreview(wanted: PreviewOf | undefined): Preview {
  const [state, setState] = useState<Omit<Preview, 'again'>>({ isRunning: true });
  const [run, setRun] = useState(0);
  const isOver = useStore(sessionState).kind === 'over';
  const key = JSON.stringify(wanted);
  useEffect(() => {
    if (wanted === undefined || isOver) return undefined;
    const { tenant, type, text, own } = wanted;
    const over = new AbortController();
    const { signal } = over;
    const ask = async (): Promise<void> => {
      const body = { tenant, text, recent: recentLines, lines: own === '' ? [] : [own] };
      const path = `/api/v1/pipelines/${encodeURIComponent(type)}/preview`;
      try {
        const answer = await patiently(async () => await call<PreviewAnswer>('POST', path, { body, signal }), signal);
        setState({ answer, isRunning: false });
      } catch (error) {
        if (signal.aborted) return;
        setState({ error: error instanceof ApiError ? error : new ApiError(0, 'unknown', messageOf(error)), isRunning: false });
      }
    };
    setState(({ answer }) => ({ ...(answer === undefined ? {} : { answer }), isRunning: true }));
    const timer = window.setTimeout(() => void ask(), typingMs);
    return () => {
      window.clearTimeout(timer);
      over.abort();
    };
  }, [key, run, isOver]);
  return { ...state, again: () => setRun(run + 1) };
}
