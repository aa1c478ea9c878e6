/** The health of everything that the one who asks may look at: what belongs to a tenant that he may not is as good as not there. */
import * as z from 'zod';
import { everyTenant, may, type Principal } from '../../../access/access.ts';
import type { Alerts } from '../../../alerts/alerts.ts';
import { tenantName } from '../../../config/names.ts';
import {
  changesAnswer,
  flowAnswer,
  healthAnswer,
  healthState,
  nodeKind,
  type FlowAnswer,
  type HealthAnswer,
  type HealthCause,
  type HealthNode,
} from '../../../dashboard/api/health-shapes.ts';
import type { HealthModel, ModelNode } from '../../../health/model/health-model.ts';
import { pageOf, withoutChannels } from '../../../health/model/health-view.ts';
import { nodesPerAnswer, nodesPerAnswerMax } from '../../../health/model/limits.ts';
import { shownChange, shownNode } from '../../../health/model/shown-node.ts';
import { type ApiRoutes, demand, principalOf } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';
import { HttpError } from '../http-error.ts';
import { listPage, listPageQuery, newestFirst } from '../list-page.ts';
import { moment, momentOf } from '../moment.ts';

export interface HealthRouteParts {
  readonly site: { readonly name: string; readonly siteId: string };
  readonly clock: { now(): number };
  readonly health: {
    readonly model: Pick<HealthModel, 'tree' | 'atMs' | 'changes'>;
    flow(sees: (channel: string) => boolean, seesSite: boolean): FlowAnswer;
  };
  readonly alerts: { readonly holds: Pick<Alerts['holds'], 'silenced'> };
}

const commas = z
  .string()
  .max(1000)
  .transform((text) => text.split(','));
const limit = z.coerce.number().int().min(1).max(nodesPerAnswerMax).default(nodesPerAnswer);
const healthQuery = z.strictObject({
  state: commas.pipe(z.array(healthState)).optional(),
  kind: commas.pipe(z.array(nodeKind)).optional(),
  under: z.string().max(1000).optional(),
  order: z.enum(['worst', 'id']).default('worst'),
  limit,
  after: z.string().max(2000).optional(),
});
const changesQuery = z.strictObject({ ...listPageQuery, since: moment.optional(), limit });
const tenantPath = z.strictObject({ tenant: tenantName });

/** What is asked for again and again says when it was looked: that alone is nothing new. */
const passing = { atMs: Number.POSITIVE_INFINITY };

const ofChannels: ReadonlySet<string> = new Set(['channel', 'topic']);

export function healthRoutes({ site, health, alerts, clock }: HealthRouteParts): ApiRoutes {
  const { model } = health;
  const silencedOf = (principal: Principal, node: ModelNode, kind: string): Pick<HealthCause, 'silenced'> => {
    const found = alerts.holds.silenced({ node: node.id, kind, owners: node.owners });
    if (found === undefined) return {};
    const { untilMs, id, tenant, by, note, node: nodes, finding } = found;
    if (!may(principal, 'view', tenant ?? everyTenant)) return { silenced: { untilMs } };
    return { silenced: { untilMs, silence: { id, node: nodes, finding, ...(tenant !== undefined && { tenant }), by, note } } };
  };
  const shownTo = (principal: Principal, node: ModelNode): HealthNode => {
    const shown = shownNode(node);
    return { ...shown, causes: shown.causes.map((cause) => ({ ...cause, ...silencedOf(principal, node, cause.kind) })) };
  };
  const answer = (principal: Principal, query: unknown, seen: readonly ModelNode[]): HealthAnswer => {
    const { state, kind, under, limit: most, order, after } = checked(healthQuery, query, 'query');
    const wanted = { states: state && new Set(state), kinds: kind && new Set(kind), under, limit: most, order, after };
    const page = pageOf(seen, wanted, (node) => shownTo(principal, node));
    if (page === undefined) throw new HttpError(400, 'malformed', 'query: after is not what an answer gave as next');
    return { site: site.name, siteId: site.siteId, atMs: model.atMs, ...page };
  };
  const seenBy = (principal: Principal): ModelNode[] => [...model.tree.values()].filter((node) => sees(principal, node));

  return (app) => {
    const about = { query: healthQuery, answer: healthAnswer };
    const all = { summary: 'Health of all that one may look at: the worst first', ...about };
    app.get('/api/v1/health', { config: { access: 'view', about: all, passing } }, (request, reply) => {
      const principal = principalOf(request);
      return reply.send(answer(principal, request.query, seenBy(principal)));
    });

    const platform = { summary: 'Health of the site itself: hubs, store, outputs, agents, sites below', ...about };
    app.get('/api/v1/health/platform', { config: { access: 'view', about: platform, passing } }, (request, reply) => {
      const principal = demand(request, 'view', everyTenant);
      // What channels have of their own is the other answer: the site is asked for without it.
      const seen = withoutChannels(seenBy(principal));
      return reply.send(answer(principal, request.query, seen));
    });

    const channels = { summary: 'Health of the channels of a tenant', path: tenantPath, ...about };
    app.get('/api/v1/health/channels/:tenant', { config: { access: 'view', about: channels, passing } }, (request, reply) => {
      const { tenant } = checked(tenantPath, request.params, 'path');
      const principal = principalOf(request);
      if (!may(principal, 'view', tenant)) throw new HttpError(404, 'unknown', 'there is no such tenant');
      const seen = seenBy(principal).filter(({ kind, owners }) => ofChannels.has(kind) && owners.includes(tenant));
      return reply.send(answer(principal, request.query, seen));
    });

    const changed = { summary: 'What changed its colour, the newest first', query: changesQuery, answer: changesAnswer };
    app.get('/api/v1/health/changes', { config: { access: 'view', about: changed } }, (request, reply) => {
      const principal = principalOf(request);
      const { since = '0', ...query } = checked(changesQuery, request.query, 'query');
      const sinceMs = momentOf('since', since, clock.now());
      const seen = model.changes.filter(({ atMs, owners }) => atMs >= sinceMs && sees(principal, { owners }));
      const { page, next } = listPage(seen, query, ({ atMs, id }) => newestFirst(atMs) + id);
      return reply.send({ changes: page.map(shownChange), ...next });
    });

    const flow = { summary: 'What comes in, waits and goes out, with rates', query: nothing, answer: flowAnswer };
    app.get('/api/v1/flow', { config: { access: 'view', about: flow, passing } }, (request, reply) => {
      checked(nothing, request.query, 'query');
      const principal = principalOf(request);
      const seesChannel = (channel: string): boolean => may(principal, 'view', channel.split('/')[0] ?? everyTenant);
      return reply.send(health.flow(seesChannel, may(principal, 'view', everyTenant)));
    });
  };
}

/** What belongs to several tenants only who may look at each of them. */
function sees(principal: Principal, { owners }: Pick<ModelNode, 'owners'>): boolean {
  return owners === 'site' ? may(principal, 'view', everyTenant) : owners.every((tenant) => may(principal, 'view', tenant));
}
