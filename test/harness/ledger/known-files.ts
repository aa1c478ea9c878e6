import type { AgentHost } from '../agent-host.ts';
import { isObject } from '../json.ts';

/** Each look has an agent tell of all its files. */
const lookEveryMs = 500;

/**
 * Which file of a path the agent has found. A file that is born and leaves the glob again while no agent runs can be found by
 * nobody, so the writer of the scenario lets go only of files that are known. The agent lists a source only when its stream is
 * durable: from then on a `kill -9` is no excuse.
 */
export class KnownFiles implements Disposable {
  readonly #agent: AgentHost;
  readonly #timer: NodeJS.Timeout;
  #streams: ReadonlyMap<string, string> = new Map();
  readonly #gone = new Map<string, string>();
  #isLooking = false;

  constructor(agent: AgentHost) {
    this.#agent = agent;
    this.#timer = setInterval(() => void this.#look(), lookEveryMs);
  }

  /** True once for each file at this path that the agent has a stream for. */
  mayLeave(path: string): boolean {
    const streamId = this.#streams.get(path);
    if (streamId === undefined || streamId === this.#gone.get(path)) return false;
    this.#gone.set(path, streamId);
    return true;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    // On a busy machine the next turn may come before the answer.
    if (!this.#agent.running || this.#isLooking) return;
    this.#isLooking = true;
    // An answer that is cut off by a kill tells nothing.
    const status = await this.#agent.status().catch(() => undefined);
    this.#isLooking = false;
    if (!isObject(status) || !Array.isArray(status['sources'])) return;
    const sources: readonly unknown[] = status['sources'];
    this.#streams = new Map(sources.flatMap((source) => entryOf(source)));
  }
}

/** A source at its path; one that was renamed away still tells the path it had, and one that failed may be such a one. */
function entryOf(source: unknown): readonly [string, string][] {
  if (!isObject(source)) return [];
  const { path, streamId, state } = source;
  const isThere = state === 'reading' || state === 'waiting';
  if (typeof path !== 'string' || typeof streamId !== 'string' || !isThere) return [];
  return [[path, streamId]];
}
