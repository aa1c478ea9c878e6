/**
 * Troubles that last and that an agent's measurements show, where no event told them: the event may have been dropped, or this hub was started since,
 * or has the agent's partition since.
 */
import type { AgentMeasured } from '@tributary/protocol/platform/agent-measured.ts';
import type { AgentState } from '../../measurements/agents/agent-states.ts';
import { type AgentReports, type AgentTrouble, bufferFullText, diskFullText, type TroubleGroup } from './agent-reports.ts';

export function measuredTroubles(state: AgentState | undefined, reports: Pick<AgentReports, 'isMeasuredSince'>): AgentTrouble[] {
  if (state?.measured === undefined) return [];
  const { agentId, measured } = state;
  // What an event told since knows better.
  const isNews = (...groups: TroubleGroup[]): boolean => reports.isMeasuredSince(agentId, groups);
  return [...(isNews('buffer', 'disk') ? bufferTroubles(measured) : []), ...(isNews('source') ? sourceTroubles(measured) : [])];
}

function bufferTroubles({ buffer }: AgentMeasured): AgentTrouble[] {
  const reason = buffer.state === 'full' ? bufferFullText : buffer.state === 'no-space' ? diskFullText : undefined;
  return reason === undefined ? [] : [{ kind: 'agent-buffer', level: 'red', what: '', reason }];
}

function sourceTroubles({ inputs }: AgentMeasured): AgentTrouble[] {
  const failing = inputs.filter(({ state, failed }) => state === 'running' && failed > 0);
  return failing.map(({ name: what, failed, sources }) => {
    const reason = `${failed} of ${sources} sources of input ${what} cannot be read: see its log; they are tried again`;
    return { kind: 'agent-source', level: 'yellow', what, reason };
  });
}
