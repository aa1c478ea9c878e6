/**
 * Which of two upstreams is sent to: the first, or its standby. Each hub decides for itself, by its own connections and for the partitions
 * that it works on: what is decided changes which way entries go, and never which of them do.
 *
 * ```text
 *             the first took nothing of what waits, or had no connection, for `after`; the standby has one
 *   primary ─────────────────────────────────────────────────────────────────────────────────────────────► standby
 *      ▲                                                                                                     │
 *      └──────────── the first has a connection, for a while, or the standby has none ───────────────────────┘
 * ```
 * One that can be reached and takes nothing would be gone back to every few seconds: the while is doubled each time it failed soon again.
 */
import { backAfterMsMax, backAfterMsMin, trustedAfterMs } from './limits.ts';

/** How an upstream is, as this hub sees it. */
export interface WayReport {
  readonly connected: boolean;
  /** Something is to be sent and not answered yet. */
  readonly waits: boolean;
  /** How many batches it has answered so far. */
  readonly answered: number;
}

export type ActiveWay = 'primary' | 'standby';

export class UpstreamPair {
  readonly #afterMs: number;
  readonly #backAfterMsMin: number;
  #active: ActiveWay = 'primary';
  #answered = 0;
  /** When the first was last seen to take what there is. */
  #wellMs: number | undefined;
  #connectedMs: number | undefined;
  #turnedMs = Number.NEGATIVE_INFINITY;
  #backAfterMs: number;

  constructor({
    afterMs,
    backAfterMs = backAfterMsMin,
  }: {
    readonly afterMs: number;
    readonly backAfterMs?: number | undefined;
  }) {
    this.#afterMs = afterMs;
    this.#backAfterMsMin = backAfterMs;
    this.#backAfterMs = backAfterMs;
  }

  get active(): ActiveWay {
    return this.#active;
  }

  /** To be asked several times a second. True: the other one is active now. */
  look(nowMs: number, primary: WayReport, standby: Pick<WayReport, 'connected'>): boolean {
    const hasAnswered = primary.answered !== this.#answered;
    this.#answered = primary.answered;
    this.#connectedMs = primary.connected ? (this.#connectedMs ?? nowMs) : undefined;
    if (this.#wellMs === undefined || (primary.connected && (!primary.waits || hasAnswered))) this.#wellMs = nowMs;
    const turns = this.#active === 'primary' ? this.#failed(nowMs) && standby.connected : this.#isBack(nowMs, standby.connected);
    if (!turns) return false;
    if (this.#active === 'primary') {
      const failedSoon = nowMs - this.#turnedMs < trustedAfterMs + this.#afterMs;
      this.#backAfterMs = failedSoon ? Math.min(this.#backAfterMs * 2, backAfterMsMax) : this.#backAfterMsMin;
    }
    this.#active = this.#active === 'primary' ? 'standby' : 'primary';
    this.#turnedMs = nowMs;
    this.#wellMs = nowMs;
    return true;
  }

  #failed(nowMs: number): boolean {
    return nowMs - (this.#wellMs ?? nowMs) >= this.#afterMs;
  }

  #isBack(nowMs: number, hasStandby: boolean): boolean {
    if (this.#connectedMs === undefined) return false;
    return !hasStandby || nowMs - Math.max(this.#connectedMs, this.#turnedMs) >= this.#backAfterMs;
  }
}
