/** The agents of the site. One by one only those that are furthest behind, of all others how many are by how much. */
import { agentsToldMax } from '../limits.ts';
import { gauge, type OwnedMetric, type OwnedSample } from '../owned.ts';

export interface BehindAgent {
  readonly agentId: string;
  readonly host: string;
  readonly tenant: string;
  /** Bytes that are there and were not read yet. */
  readonly lagBytes: number;
  /** Bytes that wait in its buffer for a hub. */
  readonly unackedBytes: number;
}

export interface AgentCounts {
  readonly known: number;
  readonly connected: number;
}

const lagSteps = [0, 64 * 1024, 1024 * 1024, 16 * 1024 * 1024, 256 * 1024 * 1024, 4 * 1024 ** 3];

export function agentMetrics({ known, connected }: AgentCounts, agents: readonly BehindAgent[], most: number): OwnedMetric[] {
  const behind = agents.map((agent) => ({ ...agent, lag: agent.lagBytes + agent.unackedBytes }));
  const furthest = behind
    .filter(({ lag }) => lag > 0)
    .toSorted((one, other) => other.lag - one.lag)
    .slice(0, Math.min(most, agentsToldMax));
  const each = (valueOf: (agent: BehindAgent) => number): OwnedSample[] =>
    furthest.map((agent) => ({
      tenant: agent.tenant,
      labels: { tenant: agent.tenant, agent: agent.agentId, host: agent.host },
      value: valueOf(agent),
    }));
  return [
    gauge('tributary_agents', 'Agents that ought to be there.', known),
    gauge('tributary_connected_agents', 'Those of them that are connected to a hub.', connected),
    gauge(
      'tributary_lagging_agents',
      'Agents at which more than so many bytes are not read or not sent yet, as they told last.',
      lagSteps.map((step) => {
        return { labels: { more_than_bytes: String(step) }, value: behind.filter(({ lag }) => lag > step).length };
      }),
    ),
    gauge(
      'tributary_lagging_agent_unread_bytes',
      'Bytes that are there and were not read yet, of the agents that are furthest behind.',
      each(({ lagBytes }) => lagBytes),
    ),
    gauge(
      'tributary_lagging_agent_unacked_bytes',
      'Bytes that wait in the buffer, of the agents that are furthest behind.',
      each(({ unackedBytes }) => unackedBytes),
    ),
  ];
}
