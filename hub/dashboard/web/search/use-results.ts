/** What is found, as it is found; and more of it, a page after the other, as the reader asks. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FoundRecord, SearchLine } from '../../api/search-shapes.ts';
import { ApiError, open, type Query, withQuery } from '../data/api.ts';
import { messageOf, sessionState } from '../data/session.ts';
import { useStore } from '../data/store.ts';
import { valuesOf } from '../data/streams.ts';
import { patiently } from './patiently.ts';

export type Progress = Extract<SearchLine, { readonly progress: unknown }>['progress'];
export type End = Extract<SearchLine, { readonly end: unknown }>['end'];

export interface Found {
  readonly records: readonly FoundRecord[];
  readonly isRunning: boolean;
  readonly progress?: Progress;
  /** Of the last page. */
  readonly end?: End;
  readonly error?: ApiError;
}

export interface Results extends Found {
  /** Undefined where there is no more. */
  readonly more: (() => void) | undefined;
  readonly stop: () => void;
}

const pageSize = 200;
/** More lines than that are for a file, or for a narrower search. */
export const shownMax = 5000;
const drawMs = 60;

/** `run`: another number searches again. Undefined query: nothing is searched. */
export function useResults(query: Query | undefined, run: number): Results {
  const [found, setFound] = useState<Found>({ records: [], isRunning: true });
  const reader = useRef<ResultsReader>(undefined);
  const isOver = useStore(sessionState).kind === 'over';
  const path = query && withQuery('/api/v1/search', { ...query, limit: pageSize });
  useEffect(() => {
    if (path === undefined || isOver) return undefined;
    const own = new ResultsReader(path, setFound);
    reader.current = own;
    return () => own.stop();
  }, [path, run, isOver]);
  const next = found.end?.next;
  const canMore = !found.isRunning && next !== undefined && found.records.length < shownMax;
  return {
    ...found,
    more: canMore ? () => reader.current?.more(next) : undefined,
    stop: () => reader.current?.stop(),
  };
}

class ResultsReader {
  readonly #path: string;
  readonly #changed: (found: Found) => void;
  readonly #over = new AbortController();
  #found: Found = { records: [], isRunning: true };
  readonly #records: FoundRecord[] = [];
  #timer = 0;

  constructor(path: string, changed: (found: Found) => void) {
    this.#path = path;
    this.#changed = changed;
    void this.#read(path);
    // What was there stays for a moment, so that nothing flickers.
    this.#draw({});
  }

  more(next: string): void {
    void this.#read(`${this.#path}&after=${encodeURIComponent(next)}`);
  }

  stop(): void {
    this.#over.abort();
    window.clearTimeout(this.#timer);
    if (this.#found.isRunning) this.#changed({ ...this.#found, records: [...this.#records], isRunning: false });
  }

  async #read(path: string): Promise<void> {
    const { signal } = this.#over;
    this.#draw({ isRunning: true });
    try {
      const body = await patiently(async () => await open(path, { accept: 'application/x-ndjson', signal }), signal);
      for await (const line of valuesOf<SearchLine>(body)) this.#take(line);
      if (this.#found.isRunning) throw new ApiError(0, 'broken-off', 'The hub broke the answer off: search again.');
    } catch (error) {
      if (signal.aborted) return;
      this.#draw({
        isRunning: false,
        error: error instanceof ApiError ? error : new ApiError(0, 'unknown', messageOf(error)),
      });
    }
  }

  #take(line: SearchLine): void {
    if ('record' in line) this.#records.push(line.record);
    else if ('progress' in line) this.#found = { ...this.#found, progress: line.progress };
    else this.#found = { ...this.#found, end: line.end, isRunning: false };
    this.#draw({});
  }

  /** A moment later, together with what else comes until then. */
  #draw(change: Partial<Found>): void {
    this.#found = { ...this.#found, ...change };
    if (this.#timer !== 0) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      if (!this.#over.signal.aborted) this.#changed({ ...this.#found, records: [...this.#records] });
    }, drawMs);
  }
}
