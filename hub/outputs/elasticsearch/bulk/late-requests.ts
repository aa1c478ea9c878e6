/**
 * Requests whose answer is long in coming: nothing has failed yet, and nothing gets on. It is over when one is answered soon and no other is
 * late, or when nothing is left to be sent: a cluster that takes twelve seconds for each answer is late all the time and not now and then.
 */
import { momentText } from '../../../health/rules/rule.ts';
import { lateMs, soonMs } from '../limits.ts';

export interface LateRequest {
  readonly sentMs: number;
}

export class LateRequests {
  readonly #underWay = new Set<LateRequest>();
  /** The first one that was late. */
  #late: LateRequest | undefined;

  /** When the one that was first found late was sent, by the clock it was begun with; undefined: none is late. */
  get sinceMs(): number | undefined {
    return this.#late?.sentMs;
  }

  /** When it is to be looked next. */
  get nextMs(): number | undefined {
    const [oldest] = this.#underWay;
    return this.#late === undefined && oldest !== undefined ? oldest.sentMs + lateMs : undefined;
  }

  begun(nowMs: number): LateRequest {
    const request = { sentMs: nowMs };
    this.#underWay.add(request);
    return request;
  }

  /** Answered or not. True: nothing is late any more. */
  ended(request: LateRequest, { nowMs, isMore, isAnswered }: EndedRequest): boolean {
    this.#underWay.delete(request);
    if (this.#late === undefined) return false;
    const isSoon = isAnswered && nowMs - request.sentMs < soonMs && !this.#isAnyLate(nowMs);
    const isIdle = !isMore && this.#underWay.size === 0;
    if (!isSoon && !isIdle) return false;
    this.#late = undefined;
    return true;
  }

  /** True: one is late, and none was. */
  look(nowMs: number): boolean {
    if (this.#late !== undefined || !this.#isAnyLate(nowMs)) return false;
    [this.#late] = this.#underWay;
    return true;
  }

  /** They began in this order. */
  #isAnyLate(nowMs: number): boolean {
    const [oldest] = this.#underWay;
    return oldest !== undefined && nowMs - oldest.sentMs >= lateMs;
  }
}

/** By the clock that people read. */
export function lateReason(sentMs: number): string {
  return `what was sent at ${momentText(sentMs)} had no answer for ${lateMs / 1000} s`;
}

interface EndedRequest {
  readonly nowMs: number;
  readonly isAnswered: boolean;
  /** Something waits to be sent. */
  readonly isMore: boolean;
}
