/** The sites below this one, as they told of themselves: for who may look at all of it. */
import { everyTenant } from '../../../access/access.ts';
import { type ApiRoutes, demand } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';

export function siteRoutes({ sites }: { readonly sites: () => readonly unknown[] }): ApiRoutes {
  return (app) => {
    app.get('/api/v1/sites', { config: { access: 'view' } }, async (request, reply) => {
      demand(request, 'view', everyTenant);
      checked(nothing, request.query, 'query');
      return reply.send({ sites: sites() });
    });
  };
}
