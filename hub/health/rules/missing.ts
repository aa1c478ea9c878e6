/** Hubs and sites below that are not heard of for so long that it is a trouble and no doubt any more. */
import type { HealthRules } from '../../config/health-options.ts';
import type { Finding } from '../findings.ts';
import type { Rule, RuleFacts } from './rule.ts';

export class Missing implements Rule {
  readonly kinds = ['hub-silent', 'site-silent'] as const;
  readonly #missing: (rules: HealthRules) => readonly Finding[];

  constructor(missing: (rules: HealthRules) => readonly Finding[]) {
    this.#missing = missing;
  }

  look(_: RuleFacts, rules: HealthRules): readonly Finding[] {
    return this.#missing(rules);
  }
}
