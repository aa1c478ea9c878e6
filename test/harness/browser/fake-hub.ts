/** The page as a hub serves it, over an API that is made up (`fake-answers.ts`). */
import { fastify, type FastifyInstance } from 'fastify';
import { pageRoutes } from '@tributary/hub/dashboard/page-routes.ts';
import {
  fakeAgent,
  fakeAgents,
  fakeAgentsAnswer,
  fakeChanges,
  fakeCharts,
  fakeFlow,
  fakeHealth,
  fakeLowerHub,
  type FakeSize,
  fakeSites,
} from './fake-answers.ts';

export interface FakeHub extends AsyncDisposable {
  readonly url: string;
}

const session = {
  name: 'anna',
  by: 'password',
  grants: [{ tenant: '*', role: 'admin' }],
  mustChange: false,
  expires: '2030-01-01T00:00:00.000Z',
  csrfToken: 'x',
};

export async function startFakeHub(size: FakeSize, port = 0): Promise<FakeHub> {
  const app = fastify();
  await app.register(async (scope) => pageRoutes({ guide: 'a fake hub' })(scope));
  answerFor(app, size);
  const url = await app.listen({ host: '127.0.0.1', port });
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

function answerFor(app: FastifyInstance, size: FakeSize): void {
  const agents = fakeAgents(size, Date.now());
  const lowerHub = fakeLowerHub(Date.now());
  app.get('/api/v1/oidc', () => ({ configured: true }));
  app.get('/api/v1/session', () => session);
  app.get('/api/v1/health', (request) => {
    const under = queryOf(request.url).get('under');
    const health = fakeHealth(size, Date.now());
    return under === null
      ? { ...health, nodes: health.nodes.slice(0, 200) }
      : { ...health, nodes: health.nodes.filter(({ id }) => id === under) };
  });
  app.get('/api/v1/health/changes', () => fakeChanges(Date.now()));
  app.get('/api/v1/sites', () => fakeSites());
  app.get('/api/v1/flow', () => fakeFlow(size, Date.now()));
  app.get('/api/v1/charts', (request) => fakeCharts((queryOf(request.url).get('series') ?? '').split(','), Date.now()));
  app.get('/api/v1/agents', (request) => fakeAgentsAnswer(agents, queryOf(request.url)));
  app.get<{ Params: { id: string } }>('/api/v1/agents/:id', async ({ params: { id } }, reply) => {
    const row = id === lowerHub.agentId ? lowerHub : agents.find(({ agentId }) => agentId === id);
    if (row === undefined) return await reply.code(404).send({ error: 'unknown-agent', message: 'no agent has this id' });
    return fakeAgent(row, Date.now());
  });
  app.get('/api/v1/agents/:id/events', () => ({
    events: [
      { atMs: Date.now() - 20_000, action: 'agent-reconnected', level: 'info', message: 'connected to hub-1 after 12 s' },
      { atMs: Date.now() - 95_000, action: 'hub-unreachable', level: 'warn', message: 'hub-2 does not answer' },
      {
        atMs: Date.now() - 300_000,
        action: 'records-dropped',
        level: 'error',
        message: '2 records dropped: the buffer was full',
      },
    ],
  }));
  app.get('/api/v1/agents/:id/charts', (request) =>
    fakeCharts((queryOf(request.url).get('series') ?? '').split(','), Date.now()),
  );
}

function queryOf(url: string): URLSearchParams {
  return new URL(url, 'http://fake.invalid').searchParams;
}
