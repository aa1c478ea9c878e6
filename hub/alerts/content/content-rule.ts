/** One content alert: what it counted, and whether that is worth a finding. Pure: it is told what came when. */
import { formatDuration } from '@tributary/shared/options/units.ts';
import type { ContentAlert, MatchAlert, RateAlert } from '../../config/content-alert-options.ts';
import type { Finding } from '../../health/findings.ts';
import { partsMax, partsPerWindow } from './limits.ts';
import { TimeCounts } from './time-counts.ts';

export class ContentRule {
  readonly options: ContentAlert;
  readonly #counts: TimeCounts;
  /** Since when it counts. */
  readonly #sinceMs: number;

  constructor(options: ContentAlert, nowMs: number) {
    this.options = options;
    this.#sinceMs = nowMs;
    const usualMs = options.kind === 'rate' ? options.usual : 0;
    this.#counts = new TimeCounts(Math.max(options.within / partsPerWindow, usualMs / partsMax));
  }

  get channel(): string {
    return `${this.options.tenant}/${this.options.type}`;
  }

  /** What was received before it needs no look. */
  neededFromMs(nowMs: number): number {
    return nowMs - this.options.within;
  }

  add(receivedMs: number, count: number): void {
    this.#counts.add(receivedMs, count);
  }

  look(nowMs: number): Finding | undefined {
    const { options } = this;
    const why = options.kind === 'matches' ? this.#matched(options, nowMs) : this.#changed(options, nowMs);
    if (why === undefined) return undefined;
    const { name, level } = options;
    return { kind: 'content-alert', subject: `${this.channel}: ${name}`, level, reason: `${this.channel}: ${why} (${name})` };
  }

  #matched({ count, within }: MatchAlert, nowMs: number): string | undefined {
    this.#counts.forget(nowMs - within);
    const sum = this.#counts.sum(nowMs - within, Infinity);
    if (sum < count) return undefined;
    return `${sum} records that fit came within ${formatDuration(within)}: look at them in the search`;
  }

  #changed({ within, usual, above, below, least }: RateAlert, nowMs: number): string | undefined {
    const nowFromMs = nowMs - within;
    this.#counts.forget(nowFromMs - usual);
    if (nowFromMs - usual < this.#sinceMs) return undefined;
    const sum = this.#counts.sum(nowFromMs, Infinity);
    const usually = (this.#counts.sum(nowFromMs - usual, nowFromMs) * within) / usual;
    const told = `${sum} records came within ${formatDuration(within)}, and usually ${Math.round(usually)} do`;
    if (above !== undefined && sum >= least && sum > usually * above) return `${told}: see what writes so many`;
    if (below !== undefined && usually >= least && sum < usually * below) return `${told}: see whether its source still writes`;
    return undefined;
  }
}
