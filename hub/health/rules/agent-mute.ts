/** Agents that are connected and say nothing: only of those that have told of themselves since they came, as an agent may be told not to. */
import type { Id } from '@tributary/protocol/messages.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { HealthRules } from '../../config/health-options.ts';
import type { AgentState } from '../../measurements/agents/agent-states.ts';
import type { Finding } from '../findings.ts';
import { momentText, type Rule, type RuleFacts } from './rule.ts';

const periodsMissed = 3;

export class AgentMute implements Rule {
  readonly kinds = ['agent-mute'] as const;
  readonly #told: (agentId: Id) => AgentState | undefined;

  constructor(told: (agentId: Id) => AgentState | undefined) {
    this.#told = told;
  }

  look({ agents, nowMs }: RuleFacts, { agent_silent: { enabled, mute } }: HealthRules): readonly Finding[] {
    if (!enabled) return [];
    return agents.flatMap(({ agentId, host, connected, hereSinceMs = 0 }) => {
      const state = this.#told(agentId);
      if (!connected || state?.measured === undefined || state.heardMs < hereSinceMs) return [];
      const patienceMs = Math.max(mute, periodsMissed * state.measured.period_ms);
      if (nowMs - state.heardMs < patienceMs) return [];
      const reason = `agent ${agentId} on ${printable(host)} is connected and has told nothing since ${momentText(state.heardMs)}: see its log, and whether it hangs`;
      return [{ kind: 'agent-mute', subject: agentId, level: 'yellow', reason }];
    });
  }
}
