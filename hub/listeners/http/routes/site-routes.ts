/** The sites below this one, as they told of themselves: for who may look at all of it. */
import * as z from 'zod';
import { everyTenant } from '../../../access/access.ts';
import { healthCause, healthState, type SiteAnswer } from '../../../dashboard/api/health-shapes.ts';
import { type ApiRoutes, demand } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';

/** Each has the sites below it. */
const siteAnswer = z.strictObject({
  site: z.string(),
  siteId: z.string(),
  state: healthState,
  reason: z.string(),
  ageMs: z.number(),
  hubs: z.int(),
  agents: z.strictObject({ known: z.int(), connected: z.int() }),
  findings: z.array(healthCause),
  get sites(): z.ZodType<readonly SiteAnswer[]> {
    return z.array(siteAnswer);
  },
});

/** How long ago one was heard of: who asks again and again is told each minute. */
const passing = { ageMs: 60_000 };

export function siteRoutes({ sites }: { readonly sites: () => readonly SiteAnswer[] }): ApiRoutes {
  return (app) => {
    const answer = z.strictObject({ sites: z.array(siteAnswer) });
    const about = { summary: 'The sites below, as a tree', query: nothing, answer };
    app.get('/api/v1/sites', { config: { access: 'view', about, passing } }, async (request, reply) => {
      demand(request, 'view', everyTenant);
      checked(nothing, request.query, 'query');
      return reply.send({ sites: sites() });
    });
  };
}
