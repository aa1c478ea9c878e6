/**
 * Lines as they come, the newest first. A pause keeps what comes meanwhile, up to a bound; what was passed over is counted. A tail that was cut off
 * connects again and keeps what it has; from when until when it was cut off is told, as what came then may be missing.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FoundRecord, TailEvent } from '../../api/search-shapes.ts';
import { ApiError, believed, hubNow, open } from '../data/api.ts';
import { messageOf, sessionState } from '../data/session.ts';
import { useStore } from '../data/store.ts';
import { eventsOf } from '../data/streams.ts';
import { patiently } from './patiently.ts';

export interface Tail {
  readonly records: readonly FoundRecord[];
  /** Came while it was paused. */
  readonly waiting: number;
  /** Came faster than they could be shown, or than a pause keeps. */
  readonly skipped: number;
  readonly isConnected: boolean;
  /** Of the last time that it was cut off, by the hub's clock. */
  readonly gap?: { readonly fromMs: number; readonly toMs: number };
  readonly error?: ApiError | undefined;
}

const shownMax = 1000;
const drawMs = 100;
const againMs = 2000;
/** The hub says something every 15 s: the network between is cut without a word. */
const silentMs = 40_000;
const nothing: Tail = { records: [], waiting: 0, skipped: 0, isConnected: false };

/** Undefined path: there is no live tail. */
export function useTail(path: string | undefined, isPaused: boolean): Tail {
  const [tail, setTail] = useState<Tail>(nothing);
  const reader = useRef<TailReader>(undefined);
  const isOver = useStore(sessionState).kind === 'over';
  useEffect(() => {
    if (path === undefined || isOver) return undefined;
    const own = new TailReader(path, setTail, reader.current?.path === path ? reader.current : undefined);
    reader.current = own;
    return () => own.stop();
  }, [path, isOver]);
  useEffect(() => reader.current?.pause(isPaused), [isPaused, path, isOver]);
  return path === undefined ? nothing : tail;
}

class TailReader {
  readonly path: string;
  readonly #changed: (tail: Tail) => void;
  readonly #over = new AbortController();
  #tail = nothing;
  #waiting: FoundRecord[] = [];
  #isPaused = false;
  #timer = 0;
  /** When the hub was heard last, by its clock; 0: not yet. */
  #heardMs = 0;

  /** `before`: the one of the same path that was stopped, such as by the end of the session. */
  constructor(path: string, changed: (tail: Tail) => void, before?: TailReader) {
    this.path = path;
    this.#changed = changed;
    if (before !== undefined) [this.#tail, this.#waiting, this.#heardMs] = [before.#tail, before.#waiting, before.#heardMs];
    this.#draw({ isConnected: false, error: undefined });
    void this.#run();
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#draw({});
  }

  stop(): void {
    this.#over.abort();
    window.clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      try {
        await this.#read();
        this.#draw({ isConnected: false });
      } catch (error) {
        if (signal.aborted) return;
        const told = error instanceof ApiError ? error : new ApiError(0, 'unknown', messageOf(error));
        this.#draw({ isConnected: false, error: told });
        // What was asked for is wrong and stays so.
        if (told.status >= 400 && told.status < 500 && told.status !== 429) return;
      }
      await new Promise((resolve) => {
        window.setTimeout(resolve, againMs);
      });
    }
  }

  async #read(): Promise<void> {
    const cut = new AbortController();
    const signal = AbortSignal.any([this.#over.signal, cut.signal]);
    const heard = (): void => {
      this.#heardMs = hubNow();
    };
    const asked = { accept: 'text/event-stream', signal, heard };
    const body = await patiently(async () => await open(this.path, asked), signal);
    const nowMs = hubNow();
    this.#draw({
      isConnected: true,
      error: undefined,
      ...(this.#heardMs > 0 && { gap: { fromMs: this.#heardMs, toMs: nowMs } }),
    });
    this.#heardMs = nowMs;
    const watch = window.setInterval(() => hubNow() - this.#heardMs > silentMs && cut.abort(), silentMs / 4);
    try {
      for await (const told of eventsOf(body)) this.#take(told.event, told.data);
    } catch (error) {
      if (!cut.signal.aborted) throw error;
    } finally {
      window.clearInterval(watch);
    }
  }

  #take(event: string, data: string): void {
    if (event === 'record') this.#waiting.push(believed<FoundRecord>(JSON.parse(data)));
    if (event === 'skipped') {
      const { count } = believed<Extract<TailEvent, { event: 'skipped' }>['data']>(JSON.parse(data));
      this.#tail = { ...this.#tail, skipped: this.#tail.skipped + count };
    }
    const over = this.#waiting.length - shownMax;
    if (over > 0) {
      this.#waiting = this.#waiting.slice(over);
      if (this.#isPaused) this.#tail = { ...this.#tail, skipped: this.#tail.skipped + over };
    }
    this.#draw({});
  }

  #draw(change: Partial<Tail>): void {
    this.#tail = { ...this.#tail, ...change };
    if (this.#timer !== 0) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      if (this.#over.signal.aborted) return;
      if (!this.#isPaused && this.#waiting.length > 0) {
        const records = [...this.#waiting.toReversed(), ...this.#tail.records].slice(0, shownMax);
        this.#tail = { ...this.#tail, records };
        this.#waiting = [];
      }
      this.#tail = { ...this.#tail, waiting: this.#waiting.length };
      this.#changed(this.#tail);
    }, drawMs);
  }
}
