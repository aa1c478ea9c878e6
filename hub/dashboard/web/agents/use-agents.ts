/**
 * The agents that fit the filter, a page of answers after the other as the reader scrolls. Pages that were had are asked for again while
 * somebody looks, one after the other, so that the list lives without asking for all of it at once.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { AgentRow, AgentsAnswer } from '../../api/agent-shapes.ts';
import { ApiError, get, type Query, withQuery } from '../data/api.ts';
import { messageOf, sessionState } from '../data/session.ts';

export interface AgentsList {
  /** Undefined before the first answer. */
  readonly answer: AgentsAnswer | undefined;
  readonly agents: readonly AgentRow[];
  readonly error: ApiError | undefined;
  readonly gotMs: number | undefined;
  readonly more: () => void;
}

interface Loaded {
  readonly filter: string;
  readonly pages: readonly AgentsAnswer[];
  readonly gotMs: number;
}

const pageSize = 100;
const everyMs = 5000;

export function useAgents(query: Query): AgentsList {
  const filter = withQuery('/api/v1/agents', { ...query, limit: pageSize });
  const [loaded, setLoaded] = useState<Loaded>();
  const [error, setError] = useState<ApiError>();
  const reader = useRef<AgentsReader>(undefined);
  useEffect(() => {
    const own = new AgentsReader(filter, {
      got: (pages) => {
        setLoaded({ filter, pages, gotMs: Date.now() });
        setError(undefined);
      },
      failed: setError,
    });
    reader.current = own;
    return () => own.stop();
  }, [filter]);
  // What fitted the filter before stays until the new answer is there: nothing flickers while one types.
  const agents = useMemo(() => withoutDoubles(loaded?.pages ?? []), [loaded]);
  return {
    answer: loaded?.pages[0],
    agents,
    error,
    gotMs: loaded?.gotMs,
    more: () => reader.current?.more(),
  };
}

interface Told {
  readonly got: (pages: readonly AgentsAnswer[]) => void;
  readonly failed: (error: ApiError) => void;
}

class AgentsReader {
  readonly #filter: string;
  readonly #told: Told;
  readonly #over = new AbortController();
  #pages: readonly AgentsAnswer[] = [];
  /** Which page is asked for again next. */
  #next = 0;
  #timer = 0;
  #isAsking = false;
  #wantsMore = true;

  constructor(filter: string, told: Told) {
    this.#filter = filter;
    this.#told = told;
    document.addEventListener('visibilitychange', () => this.#goOn(), { signal: this.#over.signal });
    const forget = sessionState.subscribe(() => this.#goOn());
    this.#over.signal.addEventListener('abort', forget);
    void this.#ask(0);
  }

  more(): void {
    if (this.#pages.length === 0 || this.#pages.at(-1)?.next === undefined) return;
    this.#wantsMore = true;
    if (!this.#isAsking) void this.#ask(this.#pages.length);
  }

  stop(): void {
    this.#over.abort();
    window.clearTimeout(this.#timer);
  }

  async #ask(index: number): Promise<void> {
    window.clearTimeout(this.#timer);
    this.#isAsking = true;
    if (index === this.#pages.length) this.#wantsMore = false;
    try {
      const after = index === 0 ? undefined : this.#pages[index - 1]?.next;
      const path = after === undefined ? this.#filter : `${this.#filter}&${new URLSearchParams({ after }).toString()}`;
      const answer = await get<AgentsAnswer>(path, { signal: this.#over.signal });
      this.#pages = this.#pages.toSpliced(index, 1, answer);
      this.#told.got(this.#pages);
    } catch (error) {
      if (this.#over.signal.aborted) return;
      if (!(error instanceof ApiError)) this.#told.failed(new ApiError(0, 'unknown', messageOf(error)));
      // The dialog that asks to sign in again says it.
      else if (error.code !== 'unauthenticated') this.#told.failed(error);
    }
    this.#isAsking = false;
    if (this.#over.signal.aborted) return;
    if (this.#wantsMore && this.#pages.at(-1)?.next !== undefined) {
      void this.#ask(this.#pages.length);
      return;
    }
    // Each page of many is asked for more seldom, and all of them as often as a single one.
    this.#timer = window.setTimeout(() => this.#goOn(), everyMs / Math.min(4, Math.max(1, this.#pages.length)));
  }

  #goOn(): void {
    if (this.#isAsking || document.hidden || sessionState.get().kind !== 'signed-in') return;
    this.#next = (this.#next + 1) % Math.max(1, this.#pages.length);
    void this.#ask(this.#next);
  }
}

/** Between two answers an agent may have moved from one page to the next. */
function withoutDoubles(pages: readonly AgentsAnswer[]): AgentRow[] {
  const known = new Map<string, AgentRow>();
  for (const { agents } of pages) for (const agent of agents) if (!known.has(agent.agentId)) known.set(agent.agentId, agent);
  return [...known.values()];
}
