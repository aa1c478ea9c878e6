/** What is known of each agent in a line: from the registry, the connections, health, and what it told. */
import type { AgentRow } from '../../dashboard/api/agent-shapes.ts';
import type { HealthCause, HealthState } from '../../dashboard/api/health-shapes.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import type { Agent, Registry } from '../../registry/registry.ts';
import type { AgentState } from './agent-states.ts';

export interface AgentPlace {
  /** Of the hub that it is connected to. */
  readonly hub: string;
  /** Known to that hub alone. */
  readonly address: string | undefined;
}

export interface AgentHealth {
  readonly state: HealthState;
  readonly reason: string;
  readonly sinceMs: number;
  readonly causes: readonly HealthCause[];
}

export interface AgentRowsParts {
  readonly siteId: Id;
  readonly registry: Pick<Registry, 'agent' | 'agents'>;
  readonly states: { get(agentId: Id): AgentState | undefined; all(): Iterable<AgentState> };
  /** Of the agents that are connected now, wherever in the site. */
  readonly places: () => ReadonlyMap<Id, AgentPlace>;
  /** Undefined: nobody looks after it. */
  readonly health: (agentId: Id) => AgentHealth | undefined;
}

/** All that `sees` lets through: whoever may look at all of an agent's tenants. */
export function agentRows(parts: AgentRowsParts, sees: (tenants: Agent['tenants']) => boolean): AgentRow[] {
  const places = parts.places();
  const rows: AgentRow[] = [];
  const enrolled = new Set<Id>();
  for (const agent of parts.registry.agents()) {
    enrolled.add(agent.agentId);
    if (sees(agent.tenants)) rows.push(rowOf(parts, agent.agentId, places));
  }
  for (const { agentId, tenant } of parts.states.all()) {
    if (!enrolled.has(agentId) && sees([tenant])) rows.push(rowOf(parts, agentId, places));
  }
  return rows;
}

export function rowOf(parts: AgentRowsParts, agentId: Id, places: ReadonlyMap<Id, AgentPlace>): AgentRow {
  const { registry, states, siteId } = parts;
  const agent = registry.agent(agentId);
  const state = states.get(agentId);
  const place = places.get(agentId);
  const foreign = agent?.siteId ?? (state === undefined || state.siteId === siteId ? undefined : state.siteId);
  const lastSeenMs = Math.max(agent?.lastSeenMs ?? 0, state?.heardMs ?? 0);
  const { state: colour, reason, sinceMs } = parts.health(agentId) ?? notLookedAfter;
  const { sample = {}, measured } = state ?? {};
  const endsMs = measured?.certificate_ends_ms ?? (agent?.notAfterMs === 0 ? undefined : agent?.notAfterMs);
  return {
    agentId,
    kind: agent?.kind ?? 'agent',
    ...(foreign !== undefined && { site: foreign }),
    host: state?.host ?? agent?.host ?? '',
    version: state?.version ?? '',
    tenants: agent?.tenants === 'all' ? 'all' : [...(agent?.tenants ?? (state === undefined ? [] : [state.tenant]))],
    labels: { ...state?.labels, ...agent?.labels },
    state: colour,
    reason,
    sinceMs,
    connected: place !== undefined,
    ...(place !== undefined && { hub: place.hub }),
    ...(lastSeenMs > 0 && { lastSeenMs }),
    bytesPerSecond: sample.bytes ?? 0,
    recordsPerSecond: sample.records ?? 0,
    ...(measured !== undefined && { lagBytes: measured.lag, bufferBytes: measured.buffer.unacked_bytes }),
    ...(sample.cpu !== undefined && { cpuPercent: sample.cpu }),
    ...(sample.memory !== undefined && { memoryPercent: sample.memory }),
    ...(sample.disk !== undefined && { diskPercent: sample.disk }),
    ...(agent !== undefined && { enrolledMs: agent.enrolledMs }),
    ...(endsMs !== undefined && { certificateEndsMs: endsMs }),
    revoked: agent?.state === 'revoked',
    cloned: agent?.state === 'cloned',
  };
}

const notLookedAfter = { state: 'unknown', reason: 'nothing is known of it yet', sinceMs: 0 } as const;
