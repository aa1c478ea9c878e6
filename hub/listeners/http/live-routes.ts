/** For whatever watches the hub from outside: whether it runs, and whether it takes records. They tell nothing else. */
import * as z from 'zod';
import type { Verdict } from '../../status/readiness.ts';
import type { ApiRoutes } from './api-routes.ts';
import { HttpError, retryAfter } from './http-error.ts';

const live = { summary: 'Whether the hub runs', answer: z.object({ live: z.literal(true) }) };
const ready = { summary: 'Whether the hub takes records', answer: z.object({ ready: z.literal(true) }) };

export function liveRoutes(readiness: () => Promise<Verdict>): ApiRoutes {
  return (app) => {
    app.get('/live', { config: { access: 'open', about: live } }, async () => ({ live: true }));
    app.get('/ready', { config: { access: 'open', about: ready } }, async () => {
      // Why not is for people at the console: addresses are nobody else's business.
      if (!(await readiness()).ready) throw new HttpError(503, 'not-ready', 'this hub takes nothing in now', retryAfter(5000));
      return { ready: true };
    });
  };
}
