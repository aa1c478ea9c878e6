/**
 * Lines as they are processed, as server-sent events. A tail ends with the session or the token that asked for it, and when what these may see is
 * another: a browser comes back by itself.
 */
import { Readable } from 'node:stream';
import { tenantsFor } from '../../../access/access.ts';
import { searchQuery } from '../../../dashboard/api/search-shapes.ts';
import type { Tails } from '../../../search/tails.ts';
import { wantedOf } from '../../../search/wanted.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { type ApiRoutes, principalOf } from '../api-routes.ts';
import { checked } from '../checked.ts';
import { searchToldSync } from '../search-told.ts';
import { tailEvents } from '../tail-events.ts';
import { isStillAsking, signalOf } from '../search-request.ts';

export interface TailRouteParts {
  readonly tails: Tails;
  readonly clock: Clock;
}

const tailQuery = searchQuery.omit({ from: true, to: true, store: true, order: true, limit: true, after: true });
const eventStream = 'text/event-stream; charset=utf-8';

export function tailRoutes({ tails, clock }: TailRouteParts): ApiRoutes {
  return (app) => {
    const about = {
      summary: 'Records as they are processed: events record, skipped and end',
      query: tailQuery,
      answer: eventStream,
    };
    app.get('/api/v1/tail', { config: { access: 'view', about } }, async (request, reply) => {
      const asked = checked(tailQuery, request.query, 'query');
      const principal = principalOf(request);
      const visible = tenantsFor(principal, 'view');
      const signal = signalOf(reply, app.draining);
      const steps = searchToldSync(() => {
        const wanted = wantedOf(asked, { visible, nowMs: clock.now() });
        return tails.open({ wanted, by: { principal, address: request.ip } }, signal);
      });
      return reply
        .type(eventStream)
        .send(Readable.from(tailEvents(steps, isStillAsking(app, request), clock), { objectMode: false }));
    });
  };
}
