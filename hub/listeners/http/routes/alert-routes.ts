/** What people are told of, and what keeps them from being told. A node that the one who asks may not look at is as good as not there. */
import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { everyTenant, may, nameOf, type Principal } from '../../../access/access.ts';
import type { Alerts } from '../../../alerts/alerts.ts';
import { acknowledgeRequest, silenceRequest } from '../../../alerts/holds.ts';
import type { Actor } from '../../../channels/channel-operations.ts';
import type { HealthModel } from '../../../health/model/health-model.ts';
import type { Owners } from '../../../health/model/tree.ts';
import { type ApiRoutes, demand, forbidden, principalOf } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';
import { listOf, oneOf } from '../described.ts';
import { HttpError } from '../http-error.ts';
import { listPage, listPageQuery } from '../list-page.ts';
import { alertsAnswer } from '../operation-shapes.ts';
import { told } from './operations-told.ts';

export interface AlertRouteParts {
  readonly alerts: Pick<Alerts, 'list' | 'receivers' | 'test' | 'holds'>;
  readonly health: { readonly model: Pick<HealthModel, 'tree'> };
}

const path = '/api/v1/alerts';
const listQuery = z.strictObject({ ...listPageQuery, limit: z.coerce.number().int().min(1).max(1000).default(100) });
const idPath = z.strictObject({ id: z.string().regex(/^[0-9a-f]{8}$/, 'must be the id of a silence') });
const receiverPath = z.strictObject({ name: z.string().regex(/^[a-z0-9_-]{1,50}$/, 'must be the name of a receiver') });
const ofFinding = acknowledgeRequest.pick({ node: true, finding: true });

const abouts = {
  list: {
    summary: 'What is wrong now, and whether people are told of it',
    query: listQuery,
    answer: alertsAnswer,
  },
  silences: { summary: 'What nobody is told of for a time', query: nothing, answer: listOf('silences') },
  silence: {
    summary: 'Have nobody told of some findings for a time',
    query: nothing,
    body: silenceRequest,
    answer: oneOf('silence'),
  },
  unsilence: { summary: 'Have people told again', path: idPath, query: nothing },
  acknowledge: {
    summary: 'Say that somebody knows of a finding: it is not repeated',
    query: nothing,
    body: acknowledgeRequest,
    answer: oneOf('acknowledgement'),
  },
  unacknowledge: { summary: 'Have a finding repeated again', query: ofFinding },
  test: {
    summary: 'Have a receiver told that nothing is wrong',
    path: receiverPath,
    query: nothing,
    body: nothing,
    answer: z.object({ id: z.string() }),
  },
};

export function alertRoutes({ alerts, health }: AlertRouteParts): ApiRoutes {
  const { holds } = alerts;
  /** Who may not even look at the node learns nothing of it. */
  const demandNode = (request: FastifyRequest, node: string): Actor => {
    const principal = principalOf(request);
    const found = health.model.tree.get(node);
    if (found === undefined || !mayAll(principal, 'view', found.owners))
      throw new HttpError(404, 'unknown', 'there is no such node');
    if (!mayAll(principal, 'operate', found.owners)) throw forbidden(principal, 'operate');
    return actorOf(request, principal);
  };

  return (app) => {
    app.get(path, { config: { access: 'view', about: abouts.list } }, (request, reply) => {
      const query = checked(listQuery, request.query, 'query');
      const principal = principalOf(request);
      const seen = alerts.list().filter(({ owners }) => mayAll(principal, 'view', owners));
      const { page, next } = listPage(seen, query, ({ node, kind, subject }) => `${node}\n${kind}\n${subject}`);
      const receivers = may(principal, 'view', everyTenant) ? alerts.receivers() : [];
      return reply.send({ alerts: page, receivers, ...next });
    });

    app.get(`${path}/silences`, { config: { access: 'view', about: abouts.silences } }, (request, reply) => {
      checked(nothing, request.query, 'query');
      const principal = principalOf(request);
      return reply.send({ silences: holds.silences.filter(({ tenant = everyTenant }) => may(principal, 'view', tenant)) });
    });

    app.post(`${path}/silences`, { config: { access: 'operate', about: abouts.silence } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      const body = checked(silenceRequest, request.body, 'body');
      const principal = demand(request, 'operate', body.tenant ?? everyTenant);
      return reply.send({ silence: await told(holds.silence(body, actorOf(request, principal))) });
    });

    app.delete(`${path}/silences/:id`, { config: { access: 'operate', about: abouts.unsilence } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      const { id } = checked(idPath, request.params, 'path');
      const { tenant = everyTenant } = holds.silenceOf(id) ?? {};
      if (!may(principalOf(request), 'view', tenant)) throw new HttpError(404, 'unknown', 'there is no such silence');
      const principal = demand(request, 'operate', tenant);
      await told(holds.unsilence(id, actorOf(request, principal)));
      return reply.code(204).send();
    });

    const acknowledgements = `${path}/acknowledgements`;
    app.post(acknowledgements, { config: { access: 'operate', about: abouts.acknowledge } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      const body = checked(acknowledgeRequest, request.body, 'body');
      const by = demandNode(request, body.node);
      return reply.send({ acknowledgement: await told(holds.acknowledge(body, by)) });
    });

    app.delete(acknowledgements, { config: { access: 'operate', about: abouts.unacknowledge } }, async (request, reply) => {
      const query = checked(ofFinding, request.query, 'query');
      await told(holds.unacknowledge(query, demandNode(request, query.node)));
      return reply.code(204).send();
    });

    app.post(`${path}/receivers/:name/test`, { config: { access: 'operate', about: abouts.test } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      checked(nothing, request.body, 'body');
      const { name } = checked(receiverPath, request.params, 'path');
      const principal = demand(request, 'operate', everyTenant);
      return reply.send(await told(alerts.test(name, actorOf(request, principal))));
    });
  };
}

function mayAll(principal: Principal, action: 'view' | 'operate', owners: Owners): boolean {
  return owners === 'site' ? may(principal, action, everyTenant) : owners.every((tenant) => may(principal, action, tenant));
}

function actorOf(request: FastifyRequest, principal: Principal): Actor {
  return { actor: nameOf(principal), address: request.ip };
}
