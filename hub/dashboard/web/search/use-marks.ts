/** The marks of lines that are shown. Those of a regular expression come from a worker, a moment after the line. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { believed } from '../data/api.ts';
import type { Asked } from './asked.ts';
import { type Mark, markedLength, markPattern, marksOf } from './marks.ts';
import type { MarkAnswer, MarkRequest } from './marks-worker.ts';

export type MarkLine = (line: string) => readonly Mark[];

const answerMs = 1000;
const linesAtOnce = 200;
const none: readonly Mark[] = [];

export function useMarks({ mode, pattern, ignoreCase }: Asked): MarkLine {
  const [, draw] = useState(0);
  const marker = useMemo((): Marker => {
    if (mode === 'regex' && pattern !== '')
      return new WorkerMarker({ mode, pattern, ignoreCase }, () => draw((count) => count + 1));
    const found = markPattern({ mode, pattern, ignoreCase });
    return { of: (line: string) => (found === undefined ? none : marksOf(line, found)), stop: () => {} };
  }, [mode, pattern, ignoreCase]);
  useEffect(() => () => marker.stop(), [marker]);
  return (line) => marker.of(line);
}

interface Marker {
  readonly of: MarkLine;
  readonly stop: () => void;
}

/** Takes lines together as they are drawn, and gives up for good when an answer takes too long. */
class WorkerMarker implements Marker {
  readonly #pattern: MarkRequest['pattern'];
  readonly #changed: () => void;
  readonly #known = new Map<string, readonly Mark[]>();
  #wanted = new Set<string>();
  #worker: Worker | undefined;
  #isBusy = false;
  #isOver = false;

  constructor(pattern: MarkRequest['pattern'], changed: () => void) {
    this.#pattern = pattern;
    this.#changed = changed;
  }

  of(line: string): readonly Mark[] {
    const text = line.slice(0, markedLength);
    const known = this.#known.get(text);
    if (known !== undefined || this.#isOver) return known ?? none;
    if (this.#wanted.size === 0 && !this.#isBusy) queueMicrotask(() => this.#ask());
    this.#wanted.add(text);
    return none;
  }

  stop(): void {
    this.#isOver = true;
    this.#worker?.terminate();
  }

  #ask(): void {
    if (this.#isOver || this.#isBusy || this.#wanted.size === 0) return;
    const lines = [...this.#wanted].slice(0, linesAtOnce);
    for (const line of lines) this.#wanted.delete(line);
    this.#isBusy = true;
    this.#worker ??= new Worker(new URL('./marks-worker.ts', import.meta.url), { type: 'module' });
    const late = window.setTimeout(() => this.stop(), answerMs);
    const got = (event: MessageEvent): void => {
      window.clearTimeout(late);
      const marks = believed<MarkAnswer>(event.data);
      for (const [index, line] of lines.entries()) this.#known.set(line, marks[index] ?? none);
      this.#isBusy = false;
      this.#changed();
      this.#ask();
    };
    this.#worker.addEventListener('message', got, { once: true });
    const request: MarkRequest = { pattern: this.#pattern, lines };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has none
    this.#worker.postMessage(request);
  }
}
