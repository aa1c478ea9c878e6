/** What this API is, for programs: an OpenAPI description of every route of this server. */
import { productVersion } from '@tributary/shared/build-info.ts';
import * as z from 'zod';
import type { ApiRoutes } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';
import { openapiOf } from '../openapi.ts';

export const openapiRoutes: ApiRoutes = (app) => {
  const about = { summary: 'This description', query: nothing, answer: z.looseObject({ openapi: z.string() }) };
  // It names what there is, and nothing of what is in it.
  app.get('/api/v1/openapi.json', { config: { access: 'known', about } }, (request, reply) => {
    checked(nothing, request.query, 'query');
    return reply.send(openapiOf(app.routeBook.routes, productVersion()));
  });
};
