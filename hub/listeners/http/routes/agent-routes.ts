/** Agents, and hubs of lower sites. What belongs to a tenant that the one who asks may not look at is as good as not there. */
import type { Id } from '@tributary/protocol/messages.ts';
import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { everyTenant, may, nameOf, type Action, type Principal } from '../../../access/access.ts';
import { tenantName } from '../../../config/names.ts';
import { agentAnswer, agentsAnswer, agentSort } from '../../../dashboard/api/agent-shapes.ts';
import { healthState } from '../../../dashboard/api/health-shapes.ts';
import { type AgentDetailParts, agentDetail } from '../../../measurements/agents/agent-detail.ts';
import { agentList, type AgentListRequest } from '../../../measurements/agents/agent-list.ts';
import { agentRows } from '../../../measurements/agents/agent-rows.ts';
import { agentsPerAnswer, agentsPerAnswerMax } from '../../../measurements/limits.ts';
import type { Agent, Registry } from '../../../registry/registry.ts';
import { type ApiRoutes, forbidden, principalOf } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';
import { HttpError } from '../http-error.ts';

export const agentPath = z.strictObject({ id: z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits') });
const agentsQuery = z.strictObject({
  state: z
    .string()
    .max(100)
    .transform((text) => text.split(','))
    .pipe(z.array(healthState))
    .optional(),
  kind: z.enum(['agent', 'hub']).default('agent'),
  site: z
    .string()
    .regex(/^(\*|[0-9a-f]{32})$/, 'must be * or 32 hexadecimal digits')
    .optional(),
  label: z
    .string()
    .max(1000)
    .regex(/^[^:]+:/, 'must be a name and a value with a colon between them')
    .optional(),
  text: z.string().max(200).default(''),
  tenant: tenantName.optional(),
  version: z.string().max(100).optional(),
  sort: agentSort.default('state'),
  descending: z.enum(['true', 'false']).default('false'),
  limit: z.coerce.number().int().min(1).max(agentsPerAnswerMax).default(agentsPerAnswer),
  after: z.string().max(2000).optional(),
});
type AgentsQuery = z.output<typeof agentsQuery>;

export interface AgentRouteParts {
  readonly agents: AgentDetailParts;
  readonly registry: Pick<Registry, 'agent' | 'revokeAgent'>;
}

export function agentRoutes({ agents, registry }: AgentRouteParts): ApiRoutes {
  return (app) => {
    const list = { summary: 'Agents that one may look at: the worst first', query: agentsQuery, answer: agentsAnswer };
    app.get('/api/v1/agents', { config: { access: 'view', about: list } }, (request, reply) => {
      const query = checked(agentsQuery, request.query, 'query');
      const principal = principalOf(request);
      const rows = agentRows(agents, (tenants) => mayDo(principal, 'view', { tenants }));
      const answer = agentList(rows, requestOf(query));
      if (answer === undefined) throw new HttpError(400, 'malformed', 'query: after is not what an answer gave as next');
      return reply.send(answer);
    });

    const one = { summary: 'One agent, as it told last', path: agentPath, query: nothing, answer: agentAnswer };
    app.get('/api/v1/agents/:id', { config: { access: 'view', about: one } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      return reply.send(await agentDetail(agents, demandAgent(agents, request).agentId));
    });

    const revoke = { summary: 'Cut an agent off: its certificates are refused', path: agentPath, query: nothing };
    app.post('/api/v1/agents/:id/revoke', { config: { access: 'operate', about: revoke } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      checked(nothing, request.body, 'body');
      const { id } = checked(agentPath, request.params, 'path');
      const principal = principalOf(request);
      const agent = registry.agent(id);
      if (agent === undefined || !mayDo(principal, 'view', agent)) throw unknownAgent();
      if (!mayDo(principal, 'operate', agent)) throw forbidden(principal, 'operate');
      await registry.revokeAgent(id, { actor: nameOf(principal), address: request.ip });
      return reply.code(204).send();
    });
  };
}

/** The agent of a path; as good as not there for who may not look at it. */
export function demandAgent(
  { registry, states }: Pick<AgentDetailParts, 'registry' | 'states'>,
  request: FastifyRequest,
): { readonly agentId: Id } {
  const { id } = checked(agentPath, request.params, 'path');
  const agent = registry.agent(id);
  const tenant = states.get(id)?.tenant;
  const tenants = agent?.tenants ?? (tenant === undefined ? undefined : [tenant]);
  if (tenants === undefined || !mayDo(principalOf(request), 'view', { tenants })) throw unknownAgent();
  return { agentId: id };
}

function unknownAgent(): HttpError {
  return new HttpError(404, 'unknown-agent', 'no agent has this id: GET /api/v1/agents lists them');
}

/** To something that belongs to several tenants only who may do it to each of them. */
function mayDo(principal: Principal, action: Action, { tenants }: Pick<Agent, 'tenants'>): boolean {
  const all = tenants === 'all' || tenants.length === 0 ? [everyTenant] : tenants;
  return all.every((tenant) => may(principal, action, tenant));
}

function requestOf({ state, kind, site, label, tenant, version, text, ...query }: AgentsQuery): AgentListRequest {
  const { sort, descending, limit, after } = query;
  const colon = label?.indexOf(':') ?? -1;
  return {
    filter: {
      states: state && new Set(state),
      kind,
      site,
      label: label === undefined ? undefined : [label.slice(0, colon), label.slice(colon + 1)],
      tenant,
      version,
      text: text.toLowerCase(),
    },
    sort,
    descending: descending === 'true',
    limit,
    after,
  };
}
