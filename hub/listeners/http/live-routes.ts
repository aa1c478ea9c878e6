/** For whatever watches the hub from outside: whether it runs, and whether it takes records. They tell nothing else. */
import type { ApiRoutes } from './api-routes.ts';
import { HttpError, retryAfter } from './http-error.ts';

export function liveRoutes(isReady: () => boolean): ApiRoutes {
  return (app) => {
    app.get('/live', { config: { access: 'open' } }, async () => ({ live: true }));
    app.get('/ready', { config: { access: 'open' } }, async () => {
      if (!isReady()) throw new HttpError(503, 'not-ready', 'this hub takes nothing in now', retryAfter(5000));
      return { ready: true };
    });
  };
}
