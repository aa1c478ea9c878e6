/** Agents and lower sites. What belongs to a tenant that the one who asks may not look at is as good as not there. */
import * as z from 'zod';
import { everyTenant, may, nameOf, type Action, type Principal } from '../../../access/access.ts';
import { agentView } from '../../../registry/record-views.ts';
import type { Agent, Registry } from '../../../registry/registry.ts';
import { type ApiRoutes, forbidden, principalOf } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';
import { HttpError } from '../http-error.ts';

const agentPath = z.strictObject({ id: z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits') });

export function agentRoutes({ registry }: { registry: Pick<Registry, 'agent' | 'agents' | 'revokeAgent'> }): ApiRoutes {
  return (app) => {
    app.get('/api/v1/agents', { config: { access: 'view' } }, (request, reply) => {
      checked(nothing, request.query, 'query');
      const principal = principalOf(request);
      const seen = registry.agents().filter((agent) => mayDo(principal, 'view', agent));
      return reply.send({ agents: seen.map(agentView) });
    });

    app.post('/api/v1/agents/:id/revoke', { config: { access: 'operate' } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      checked(nothing, request.body, 'body');
      const { id } = checked(agentPath, request.params, 'path');
      const principal = principalOf(request);
      const agent = registry.agent(id);
      if (agent === undefined || !mayDo(principal, 'view', agent)) {
        throw new HttpError(404, 'unknown-agent', 'no agent has this id: GET /api/v1/agents lists them');
      }
      if (!mayDo(principal, 'operate', agent)) throw forbidden(principal, 'operate');
      await registry.revokeAgent(id, { actor: nameOf(principal), address: request.ip });
      return reply.code(204).send();
    });
  };
}

/** To something that belongs to several tenants only who may do it to each of them. */
function mayDo(principal: Principal, action: Action, { tenants }: Pick<Agent, 'tenants'>): boolean {
  const all = tenants === 'all' || tenants.length === 0 ? [everyTenant] : tenants;
  return all.every((tenant) => may(principal, action, tenant));
}
