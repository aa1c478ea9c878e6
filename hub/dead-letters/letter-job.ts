/**
 * A replay or a drop, which may take hours: the hub does it by itself, one at a time, and tells how far it is. It ends with the hub; what it
 * had done stays done.
 */
import type { Actor } from '../channels/channel-operations.ts';
import { OperationError } from '../channels/operation-error.ts';
import type { LetterFilter } from './letter-filter.ts';
import type { WalkCounts } from './letter-walk.ts';

export type LetterVerb = 'replay' | 'drop';

export interface JobStatus {
  readonly verb: LetterVerb;
  readonly filter: LetterFilter;
  readonly by: string;
  readonly state: 'running' | 'done' | 'failed' | 'stopped';
  readonly startedMs: number;
  readonly counts: WalkCounts;
  /** Why it failed; empty unless it did. */
  readonly trouble: string;
}

export interface JobRequest {
  readonly verb: LetterVerb;
  readonly filter: LetterFilter;
  readonly by: Actor;
  readonly nowMs: number;
  readonly work: (signal: AbortSignal, tell: (counts: WalkCounts) => void) => Promise<void>;
}

export class LetterJob implements AsyncDisposable {
  #status: JobStatus | undefined;
  #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  /** The last one, while it runs and after; undefined before the first. */
  get status(): JobStatus | undefined {
    return this.#status;
  }

  /** Throws an OperationError while another one runs. */
  demandFree(): void {
    if (this.#status?.state !== 'running') return;
    const { verb, by } = this.#status;
    throw new OperationError(
      'refused',
      `${by} started a ${verb} of dead letters that is not done yet: dlq status tells how far it is`,
    );
  }

  /** Resolves with how it ended. */
  start({ verb, filter, by, nowMs, work }: JobRequest): Promise<JobStatus> {
    this.demandFree();
    const status: JobStatus = {
      verb,
      filter,
      by: by.actor,
      state: 'running',
      startedMs: nowMs,
      counts: { gone: 0, stayed: 0, unreadable: 0 },
      trouble: '',
    };
    this.#status = status;
    this.#stop = new AbortController();
    const ended = this.#run(status, work);
    this.#ended = ended.then(() => undefined);
    return ended;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(started: JobStatus, work: JobRequest['work']): Promise<JobStatus> {
    const change = (to: Partial<JobStatus>): JobStatus => {
      this.#status = { ...(this.#status ?? started), ...to };
      return this.#status;
    };
    const { signal } = this.#stop;
    try {
      await work(signal, (counts) => void change({ counts: sumOf((this.#status ?? started).counts, counts) }));
      return change({ state: signal.aborted ? 'stopped' : 'done' });
    } catch (error) {
      if (signal.aborted) return change({ state: 'stopped' });
      return change({ state: 'failed', trouble: error instanceof Error ? error.message : String(error) });
    }
  }
}

function sumOf(one: WalkCounts, other: WalkCounts): WalkCounts {
  return { gone: one.gone + other.gone, stayed: one.stayed + other.stayed, unreadable: one.unreadable + other.unreadable };
}
