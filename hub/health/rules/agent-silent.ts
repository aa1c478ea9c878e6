/**
 * Agents that are known and not connected. A short absence is none: agents that start again, or go to another hub, are back within seconds.
 * It counts from the first look that missed them, so that nobody is missed because the hub itself was away.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { HealthRules } from '../../config/health-options.ts';
import type { Finding } from '../findings.ts';
import type { SeenAgent } from '../known-agents.ts';
import { momentText, type Rule, type RuleFacts } from './rule.ts';

/** Between its enrolment and its first start a person types a command, or a script installs the rest. */
const firstStartMs = 120_000;

export class AgentSilent implements Rule {
  readonly kinds = ['agent-silent'] as const;
  /** Since when, by the monotonic clock. */
  readonly #missedMs = new Map<Id, number>();

  look({ agents, monotonicMs, nowMs }: RuleFacts, { agent_silent: { enabled, after, forget } }: HealthRules): readonly Finding[] {
    const found: Finding[] = [];
    const missing = new Set<Id>();
    for (const agent of agents) {
      const { agentId, connected, lastSeenMs = agent.enrolledMs ?? nowMs } = agent;
      if (connected || nowMs - lastSeenMs > forget) continue;
      missing.add(agentId);
      const sinceMs = this.#missedMs.getOrInsert(agentId, monotonicMs);
      const patienceMs = agent.lastSeenMs === undefined ? Math.max(after, firstStartMs) : after;
      if (enabled && monotonicMs - sinceMs >= patienceMs) found.push(silent(agent));
    }
    for (const agentId of this.#missedMs.keys()) if (!missing.has(agentId)) this.#missedMs.delete(agentId);
    return found;
  }
}

function silent({ agentId, host, lastSeenMs, farewell }: SeenAgent): Finding {
  const seen = lastSeenMs === undefined ? 'was never here' : `is not connected since ${momentText(lastSeenMs)}`;
  const why = farewell === undefined ? '' : ` (${printable(farewell)})`;
  const advice = 'see whether its machine runs, whether tributary-agent runs on it, and whether it reaches this hub';
  const reason = `agent ${agentId} on ${printable(host)} ${seen}${why}: ${advice}; revoke it if it is gone for good`;
  return { kind: 'agent-silent', subject: agentId, level: 'red', reason };
}
