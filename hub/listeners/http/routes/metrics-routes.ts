/** What the hub tells Prometheus: of the tenants that who asks may look at, and of the site where he may look at all of it. */
import { contentType, expositionText } from '@tributary/shared/prometheus/exposition.ts';
import { may } from '../../../access/access.ts';
import { type OwnedMetric, visible } from '../../../metrics/owned.ts';
import { type ApiRoutes, principalOf } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';

export interface MetricsRouteParts {
  readonly metrics: { all(): Promise<readonly OwnedMetric[]> };
}

export function metricsRoutes({ metrics }: MetricsRouteParts): ApiRoutes {
  return (app) => {
    app.get(
      '/metrics',
      { config: { access: 'view', about: { summary: 'For Prometheus', query: nothing, answer: contentType } } },
      async (request, reply) => {
        checked(nothing, request.query, 'query');
        const principal = principalOf(request);
        const seen = visible(await metrics.all(), (tenant) => may(principal, 'view', tenant));
        return reply.type(contentType).send(expositionText(seen));
      },
    );
  };
}
