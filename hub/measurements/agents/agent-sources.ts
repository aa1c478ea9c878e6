/** Where what is told of agents comes from, in a running hub. */
import type { Id } from '@tributary/protocol/messages.ts';
import type { HealthTree } from '../../health/model/health-model.ts';
import { agentNode } from '../../health/model/node-ids.ts';
import { shownNode } from '../../health/model/shown-node.ts';
import type { SitePart } from '../../health/site-parts.ts';
import type { ConnectionStatus } from '../../intake/intake.ts';
import type { Registry } from '../../registry/registry.ts';
import type { HubStore } from '../../store/hub-store.ts';
import type { AgentDetailParts } from './agent-detail.ts';
import type { AgentHealth, AgentPlace } from './agent-rows.ts';
import type { AgentStates } from './agent-states.ts';
import type { StreamTimes } from './stream-times.ts';

export interface AgentSources {
  readonly store: Pick<HubStore, 'siteId' | 'hubId' | 'queue'>;
  readonly registry: Registry;
  readonly states: AgentStates;
  readonly connections: () => readonly ConnectionStatus[];
  /** Which agents the other hubs of the site have. */
  readonly others: () => readonly Pick<SitePart, 'hubId' | 'agents'>[];
  readonly tree: () => HealthTree;
  readonly streamTimes: StreamTimes;
}

export function agentSources({
  store,
  registry,
  states,
  connections,
  others,
  tree,
  streamTimes,
}: AgentSources): AgentDetailParts {
  const { siteId, hubId, queue } = store;
  const health = (agentId: Id): AgentHealth | undefined => {
    const node = tree().get(agentNode(agentId));
    return node && shownNode(node);
  };
  const places = (): ReadonlyMap<Id, AgentPlace> => {
    const found = new Map<Id, AgentPlace>();
    for (const { hubId: hub, agents } of others()) for (const agentId of agents) found.set(agentId, { hub, address: undefined });
    for (const { agentId, remote } of connections())
      if (agentId !== undefined) found.set(agentId, { hub: hubId, address: remote });
    return found;
  };
  return { siteId, registry, states, queue, streamTimes, health, places };
}
