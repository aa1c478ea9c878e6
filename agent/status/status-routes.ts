/** What the agent's local socket answers about the agent. */
import { describeAgent, describeReadiness, type ObservedAgent } from './describe-agent.ts';
import { LocalRequestError, type LocalRoutes } from './status-server.ts';
import type { Taps } from './tap/taps.ts';

export function statusRoutes(observed: ObservedAgent, taps: Taps): LocalRoutes {
  return {
    'GET /status': ({ query }) => describeAgent(observed, countOf(query.get('sources'))),
    'GET /ready': () => describeReadiness(observed),
    // Loaded when somebody taps: an agent that nobody looks at does without.
    'GET /tap': async (request) =>
      await (await import('./tap/serve-tap.ts')).serveTap({ ...request, agent: observed.agent, taps }),
  };
}

function countOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 0) throw new LocalRequestError(400, 'sources must be a number');
  return count;
}
