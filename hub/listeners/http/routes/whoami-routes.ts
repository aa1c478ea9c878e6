/** Who the credentials of a request belong to and what they allow, and where things are. */
import { unreachable } from '@tributary/shared/assert.ts';
import type { Principal } from '../../../access/access.ts';
import { type ApiRoutes, principalOf } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';
import { whoamiAnswer } from '../operation-shapes.ts';

const about = { summary: 'Whom the credentials belong to', query: nothing, answer: whoamiAnswer };

export const whoamiRoutes: ApiRoutes = (app) => {
  app.get('/api/v1/whoami', { config: { access: 'known', about } }, (request, reply) => {
    checked(nothing, request.query, 'query');
    return reply.send(described(principalOf(request)));
  });
};

function described(principal: Principal): Readonly<Record<string, unknown>> {
  switch (principal.kind) {
    case 'user':
    case 'token':
      return { ...principal };
    case 'listener':
    case 'console':
      return { kind: principal.kind, name: principal.name };
    default:
      return unreachable(principal);
  }
}

/** Told at `/` to programs, which ask for no page. */
export const guide = `This is the HTTP API of a Tributary hub.

POST   /api/v1/logs              push records: JSON or NDJSON, with a token of scope write
GET    /api/v1/whoami            whom your credentials belong to
GET    /api/v1/status            how the hub is
GET    /api/v1/health            how everything is, the worst first; /health/platform, /health/channels/TENANT, /health/changes
GET    /api/v1/flow              what comes in, waits and goes out, with rates
GET    /api/v1/topics            what lies in the topics of each channel; /api/v1/channels and what moves their readers
GET    /api/v1/search            records; /search/histogram, /search/facets, /search/context, /search/export, and /api/v1/tail
GET    /api/v1/pipelines         pipelines; POST /api/v1/pipelines/TYPE/preview tries an edit
GET    /api/v1/openapi.json      every route, with what it takes and answers
GET    /api/v1/sites             how the sites below are
GET    /api/v1/agents            agents and lower sites; POST /api/v1/agents/ID/revoke
GET    /api/v1/tokens            tokens; POST makes one, DELETE /api/v1/tokens/ID revokes it
GET    /api/v1/users             people; POST makes or changes one, DELETE /api/v1/users/NAME removes one
POST   /api/v1/session           sign in with {"name", "password"}; GET tells who is signed in, DELETE signs out
POST   /api/v1/session/password  another password, with {"current", "new"}
GET    /api/v1/oidc/login        sign in at the provider

Programs send Authorization: Bearer tributary_..., a token that tributary-hub token create --scope makes.
`;
