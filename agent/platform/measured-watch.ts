/**
 * Tells how the agent is, with or without a connection: at every turn while something changes, seldom while nothing does. The files are told
 * one by one less often. An agent whose buffer is full tells it seldom, too: that room is for what happens.
 */
import type { AgentMeasured } from '@tributary/protocol/platform/agent-measured.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { AgentStatus } from '../status/agent-status.ts';
import type { BookedAgent } from './agent-books.ts';
import { FileProgress } from './file-progress.ts';
import { firstMeasuredMs, measuredAtRestMs, measuredFilesMs, measuredShareMax } from './limits.ts';
import { type MeasuredAgent, measureAgent } from './measure-agent.ts';

export interface MeasuredWatchParts {
  readonly status: () => MeasuredAgent['status'] & Pick<AgentStatus, 'counters'>;
  readonly booked: BookedAgent;
  readonly tell: (measured: AgentMeasured) => void;
  readonly clock: Clock;
  readonly periodMs: number;
  /** Microseconds. */
  readonly cpuUsage?: () => { readonly user: number; readonly system: number };
}

const microsecondsPerMs = 1000;

export class MeasuredWatch {
  readonly #parts: MeasuredWatchParts;
  readonly #progress = new FileProgress();
  #cpu: { readonly atMs: number; readonly usedMs: number };
  #told = { atMs: Number.NEGATIVE_INFINITY, filesMs: Number.NEGATIVE_INFINITY };
  #seen = '';
  /** Nothing changed since what was told last was measured. */
  #isSettled = false;

  constructor(parts: MeasuredWatchParts) {
    this.#parts = parts;
    this.#cpu = this.#cpuNow();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, periodMs } = this.#parts;
    try {
      await clock.sleep(Math.min(firstMeasuredMs, periodMs), signal);
      while (!signal.aborted) {
        const startMs = clock.monotonic();
        this.look();
        const tookMs = clock.monotonic() - startMs;
        // Of very many files it is looked less often: it costs what it may, and no more.
        await clock.sleep(Math.min(Math.max(periodMs, tookMs / measuredShareMax), this.#restMs), signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Once more after the last change, so that its rates are told, too; then it is at rest. */
  look(): void {
    const { clock, periodMs } = this.#parts;
    const status = this.#parts.status();
    const nowMs = clock.now();
    const sinceToldMs = clock.monotonic() - this.#told.atMs;
    this.#progress.look(status.sources, nowMs);
    const what = whatChanges(status);
    const isSame = what === this.#seen;
    this.#seen = what;
    const isQuiet = (isSame && this.#isSettled) || status.buffer.state !== 'open';
    if (isQuiet && sinceToldMs < this.#restMs - periodMs / 2) return;
    this.#isSettled = isSame;
    this.#tell(status, nowMs);
  }

  /** How often it is told at least. */
  get #restMs(): number {
    return Math.max(measuredAtRestMs, this.#parts.periodMs);
  }

  #tell(status: MeasuredAgent['status'], nowMs: number): void {
    const { booked, tell, clock, periodMs } = this.#parts;
    const atMs = clock.monotonic();
    const withFiles = atMs - this.#told.filesMs >= measuredFilesMs - periodMs / 2;
    const cpuPercent = this.#cpuPercent();
    const progress = this.#progress;
    this.#told = { atMs, filesMs: withFiles ? atMs : this.#told.filesMs };
    tell(measureAgent({ status, booked, cpuPercent, progress, nowMs, periodMs: this.#restMs, withFiles }));
  }

  #cpuPercent(): number {
    const before = this.#cpu;
    this.#cpu = this.#cpuNow();
    const passedMs = this.#cpu.atMs - before.atMs;
    return passedMs <= 0 ? 0 : (100 * (this.#cpu.usedMs - before.usedMs)) / passedMs;
  }

  #cpuNow(): { readonly atMs: number; readonly usedMs: number } {
    const { clock, cpuUsage = () => process.cpuUsage() } = this.#parts;
    const { user, system } = cpuUsage();
    return { atMs: clock.monotonic(), usedMs: (user + system) / microsecondsPerMs };
  }
}

/** What an agent at rest does not change: its own events and what it measures of its machine come all the time. */
function whatChanges({ state, uplink, buffer, inputs, sources, counters }: ReturnType<MeasuredWatchParts['status']>): string {
  const measuring = new Set(inputs.filter(({ kind }) => kind === 'metrics').map(({ name }) => name));
  const positions = sources.reduce((sum, { input, position }) => (measuring.has(input) ? sum : sum + position), 0);
  const states = inputs.map(({ trouble, sources: count, failed, lag }) => [trouble, count, failed, lag]);
  const { lostByCause, state: room } = buffer;
  return JSON.stringify([
    state,
    uplink.state,
    uplink.hub,
    room,
    lostByCause,
    states,
    positions,
    sources.length,
    counters.filtered,
  ]);
}
