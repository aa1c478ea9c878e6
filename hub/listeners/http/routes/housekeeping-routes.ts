/** What went by itself, what would go now, and having it go at once. All of it is the site's. */
import * as z from 'zod';
import { everyTenant, nameOf } from '../../../access/access.ts';
import type { Housekeeping } from '../../../housekeeping/housekeeping.ts';
import { type ApiRoutes, demand } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';
import { oneOf } from '../described.ts';
import { housePlanAnswer } from '../operation-shapes.ts';

const abouts = {
  last: { summary: 'What went by itself last', query: nothing, answer: oneOf('last') },
  plan: { summary: 'What would go now', query: nothing, answer: housePlanAnswer },
  run: { summary: 'Have it go now', query: nothing, body: nothing, answer: z.object({ wish: z.string() }) },
};

export interface HousekeepingRouteParts {
  readonly housekeeping: Pick<Housekeeping, 'plan' | 'ask' | 'last'>;
}

const path = '/api/v1/housekeeping';

export function housekeepingRoutes({ housekeeping }: HousekeepingRouteParts): ApiRoutes {
  return (app) => {
    app.get(path, { config: { access: 'view', about: abouts.last } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      demand(request, 'view', everyTenant);
      return reply.send({ last: housekeeping.last });
    });

    app.get(`${path}/plan`, { config: { access: 'view', about: abouts.plan } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      demand(request, 'view', everyTenant);
      return reply.send(await housekeeping.plan());
    });

    app.post(`${path}/run`, { config: { access: 'operate', about: abouts.run } }, async (request, reply) => {
      checked(nothing, request.query, 'query');
      checked(nothing, request.body, 'body');
      const principal = demand(request, 'operate', everyTenant);
      return reply.send({ wish: await housekeeping.ask({ actor: nameOf(principal), address: request.ip }) });
    });
  };
}
