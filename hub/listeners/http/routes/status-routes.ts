/** How the hub is: of the whole site, so only for who may look at all of it. */
import { everyTenant } from '../../../access/access.ts';
import { type ApiRoutes, demand } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';
import { anything } from '../described.ts';

const about = { summary: 'How the hub is: what tributary-hub status shows', query: nothing, answer: anything };

export function statusRoutes({ report }: { report: () => Promise<unknown> }): ApiRoutes {
  return (app) => {
    app.get('/api/v1/status', { config: { access: 'view', about } }, async (request, reply) => {
      demand(request, 'view', everyTenant);
      checked(nothing, request.query, 'query');
      return reply.send(await report());
    });
  };
}
