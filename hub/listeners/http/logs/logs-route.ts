/** `POST /api/v1/logs` for who has a token of scope write or admin. */
import * as z from 'zod';
import { everyTenant, nameOf, type Principal } from '../../../access/access.ts';
import { type ApiRoutes, demand, principalOf } from '../api-routes.ts';
import { HttpError } from '../http-error.ts';
import { pushBytesMax } from '../limits.ts';
import type { LogReceiver } from './log-receiver.ts';
import { pushAbout } from './push-request.ts';

export const logsPath = '/api/v1/logs';
const typeDefault = 'app';

export function logsRoute(receiver: LogReceiver): ApiRoutes {
  return (app) => {
    // The receiver reads the request itself.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    const about = {
      summary: 'Push records: JSON, NDJSON or lines of text',
      ...pushAbout,
      answer: z.strictObject({ accepted: z.int(), dropped: z.int().optional(), duplicate: z.boolean().optional() }),
    };
    app.post(logsPath, { config: { access: 'push', about }, bodyLimit: pushBytesMax }, async (request) => {
      const name = nameOf(principalOf(request));
      return receiver.receive(request.raw, {
        keyScope: name,
        source: `http ${name}`,
        typeDefault,
        bodyBytesMax: pushBytesMax,
        tenantOf: (named) => {
          const tenant = named ?? onlyTenantOf(principalOf(request));
          demand(request, 'push', tenant);
          return tenant;
        },
      });
    });
  };
}

function onlyTenantOf(principal: Principal): string {
  if ((principal.kind === 'token' || principal.kind === 'listener') && principal.tenant !== everyTenant) return principal.tenant;
  throw new HttpError(400, 'tenant-needed', 'this may push for several tenants: name one by ?tenant=');
}
