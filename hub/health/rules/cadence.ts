/**
 * How long one source is usually silent, by the hour of the day and whether it is a weekend (UTC): for each of these 48 hours the longest
 * silence that touched it, which fades by a fifth with each day. So what is quiet at night is quiet at night, and what stops by day is
 * missed soon. One silence lengthens what is usual at most by half more than what is told of it, so that an outage is not learned at once.
 */
export interface SilenceRules {
  readonly factor: number;
  readonly least: number;
  readonly learn: number;
}

const hours = 48;
const hourMs = 3_600_000;
const keptPerDay = 0.8;
/** A longer silence than so many of the times that make it one is learned as that. */
const learnedFactor = 1.5;

/** What is stored of it: seconds. */
export interface CadenceState {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly usual: readonly number[];
  /** Nothing is expected of it. */
  readonly rests?: boolean | undefined;
  /** It was silent for too long when it was looked at last. */
  readonly missed?: boolean | undefined;
}

export class Cadence {
  readonly #usualMs: Float64Array;
  readonly #firstMs: number;
  #lastMs: number;
  #isResting: boolean;
  #isMissed: boolean;

  constructor(state: CadenceState) {
    this.#firstMs = state.firstMs;
    this.#lastMs = state.lastMs;
    this.#isResting = state.rests === true;
    this.#isMissed = state.missed === true;
    this.#usualMs = Float64Array.from({ length: hours }, (_, hour) => (state.usual[hour] ?? 0) * 1000);
  }

  static begun(nowMs: number): Cadence {
    return new Cadence({ firstMs: nowMs, lastMs: nowMs, usual: [] });
  }

  /** As it was known before a start: nobody was here to see what came meanwhile. What was missed then is missed until something comes. */
  static continued(state: CadenceState, nowMs: number): Cadence {
    return new Cadence(state.missed === true ? state : { ...state, lastMs: nowMs });
  }

  /** Nothing is expected until something comes again. */
  rest(): void {
    this.#isResting = true;
    this.#isMissed = false;
  }

  /** Nobody was here to see what came meanwhile: counting begins anew. */
  resumed(nowMs: number): void {
    this.#lastMs = nowMs;
    this.#isMissed = false;
  }

  /** When something came of it last. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** Whether it was silent for too long when it was looked at last. */
  get isMissed(): boolean {
    return this.#isMissed;
  }

  get state(): CadenceState {
    const usual = [...this.#usualMs].map((ms) => Math.ceil(ms / 1000));
    const isSo = { ...(this.#isResting && { rests: true }), ...(this.#isMissed && { missed: true }) };
    return { firstMs: this.#firstMs, lastMs: this.#lastMs, usual, ...isSo };
  }

  arrived(nowMs: number, rules: SilenceRules): void {
    const gapMs = nowMs - this.#lastMs;
    // The clock was set back: what is known of hours holds, and counting begins anew.
    if (gapMs > 0 && !this.#isResting) {
      const isKnown = this.#isKnown(nowMs, rules);
      const most = isKnown
        ? learnedFactor * rules.factor * Math.max(this.#usualBetween(this.#lastMs, nowMs), rules.least / rules.factor)
        : gapMs;
      this.#learn(nowMs, Math.min(gapMs, most));
    }
    this.#isResting = false;
    this.#isMissed = false;
    this.#lastMs = nowMs;
  }

  /** Since when it is silent, although it usually is not; undefined: it is not, or nobody knows. */
  silentSince(nowMs: number, rules: SilenceRules): number | undefined {
    this.#isMissed = !this.#isResting && this.#isKnown(nowMs, rules) && this.#isLong(nowMs, rules);
    return this.#isMissed ? this.#lastMs : undefined;
  }

  #isLong(nowMs: number, rules: SilenceRules): boolean {
    const isLong = (sinceMs: number): boolean =>
      nowMs - sinceMs >= Math.max(rules.least, rules.factor * this.#usualBetween(sinceMs, nowMs));
    const hourBeganMs = Math.max(this.#lastMs, nowMs - (nowMs % hourMs));
    return isLong(this.#lastMs) || isLong(hourBeganMs);
  }

  #isKnown(nowMs: number, { learn }: SilenceRules): boolean {
    return nowMs - this.#firstMs >= learn && this.#lastMs > this.#firstMs;
  }

  #learn(nowMs: number, gapMs: number): void {
    const hoursAgo = Math.min(hours, Math.floor(nowMs / hourMs) - Math.floor(this.#lastMs / hourMs));
    for (let ago = 0; ago <= hoursAgo; ago += 1) {
      const hour = hourOf(nowMs - ago * hourMs);
      const before = this.#usualMs[hour] ?? 0;
      // The first one of an hour: a day has passed since it was learned last.
      const kept = ago < hoursAgo ? before * keptPerDay : before;
      this.#usualMs[hour] = Math.max(kept, gapMs);
    }
  }

  /** Of hours of which nothing is known yet it is as in all others. */
  #usualBetween(fromMs: number, toMs: number): number {
    const hoursAgo = Math.min(hours, Math.floor(toMs / hourMs) - Math.floor(fromMs / hourMs));
    let most = 0;
    for (let ago = 0; ago <= hoursAgo; ago += 1) {
      const known = this.#usualMs[hourOf(toMs - ago * hourMs)] ?? 0;
      if (known === 0) return Math.max(...this.#usualMs);
      most = Math.max(most, known);
    }
    return most;
  }
}

function hourOf(ms: number): number {
  const date = new Date(ms);
  const isWeekend = date.getUTCDay() % 6 === 0;
  return date.getUTCHours() + (isWeekend ? 24 : 0);
}
