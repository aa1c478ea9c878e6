/** Has every rule look now and then, and puts down what each finds. A rule that breaks keeps no other from looking. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { pause } from '../groups/retry.ts';
import type { Findings } from './findings.ts';
import { refreshMs } from './model/limits.ts';
import { machineLookMs, ruleLookMs } from './rules/limits.ts';
import { type LookedFolder, type MachineFacts, MachineLook } from './rules/machine-facts.ts';
import type { Rule, RuleFacts } from './rules/rule.ts';
import type { HealthRules } from '../config/health-options.ts';

export interface RuleRunnerParts {
  readonly rules: readonly Rule[];
  readonly facts: () => Omit<RuleFacts, 'machine'>;
  readonly options: () => HealthRules;
  readonly folders: () => readonly LookedFolder[];
  readonly findings: Pick<Findings, 'set'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class RuleRunner {
  readonly #parts: RuleRunnerParts;
  readonly #broken = new Set<Rule>();
  #machine: MachineFacts = { folders: [], memory: undefined };
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: RuleRunnerParts) {
    this.#parts = parts;
  }

  /** Looks at the machine until aborted: its file systems may take their time to answer. */
  async run(signal: AbortSignal): Promise<void> {
    const look = new MachineLook(this.#parts);
    while (!signal.aborted) {
      this.#machine = await look.facts(this.#parts.folders(), signal);
      await pause(this.#parts.clock, machineLookMs, signal);
    }
  }

  /** Asked with every look at the tree: the one that is nearest to its time is taken. */
  lookIfDue(): void {
    const nowMs = this.#parts.clock.monotonic();
    if (nowMs - this.#lookedMs < ruleLookMs - refreshMs / 2) return;
    this.#lookedMs = nowMs;
    this.look();
  }

  look(): void {
    const { rules, facts, options } = this.#parts;
    const now = { ...facts(), machine: this.#machine };
    const wanted = options();
    for (const rule of rules) this.#lookBy(rule, now, wanted);
  }

  #lookBy(rule: Rule, facts: RuleFacts, options: HealthRules): void {
    const { findings, logger } = this.#parts;
    try {
      const found = rule.look(facts, options);
      for (const kind of rule.kinds)
        findings.set(kind, rule.kinds.length === 1 ? found : found.filter((one) => one.kind === kind));
      this.#broken.delete(rule);
    } catch (error) {
      // Told once: it looks again in a moment.
      if (!this.#broken.has(rule))
        logger.error('a rule of health broke: what it found before stands', { kinds: rule.kinds.join(' '), error });
      this.#broken.add(rule);
    }
  }
}
