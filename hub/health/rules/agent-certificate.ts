/** Certificates of agents that ought to have been renewed long ago: an agent renews its own when two thirds of its life are over. */
import { printable } from '@tributary/shared/printable.ts';
import type { HealthRules } from '../../config/health-options.ts';
import type { Finding } from '../findings.ts';
import { momentText, type Rule, type RuleFacts } from './rule.ts';

export class AgentCertificate implements Rule {
  readonly kinds = ['agent-certificate'] as const;

  look({ agents, options, nowMs }: RuleFacts, { agent_certificate: { enabled, ...steps } }: HealthRules): readonly Finding[] {
    if (!enabled) return [];
    const sixthMs = (options.tls?.agent_lifetime ?? Number.POSITIVE_INFINITY) / 6;
    const yellowMs = Math.min(steps.yellow, sixthMs);
    const redMs = Math.min(steps.red, sixthMs / 2);
    return agents.flatMap(({ agentId, host, notAfterMs, connected }) => {
      const leftMs = notAfterMs === undefined ? Number.POSITIVE_INFINITY : notAfterMs - nowMs;
      if (notAfterMs === undefined || leftMs > yellowMs) return [];
      const advice = connected ? 'see in its log why it does not renew it' : 'it renews it when it is here again in time';
      const ends =
        leftMs > 0 ? `ends at ${momentText(notAfterMs)}: ${advice}` : `ended at ${momentText(notAfterMs)}: enrol it again`;
      const reason = `the certificate of agent ${agentId} on ${printable(host)} ${ends}`;
      return [{ kind: 'agent-certificate', subject: agentId, level: leftMs > redMs ? 'yellow' : 'red', reason } as const];
    });
  }
}
