/** What of the HTTP API is about people and who may come in: the one thing that the hub's wiring makes of all of it. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { Login, type Passwords } from '../../access/login.ts';
import { LoginThrottle } from '../../access/login-throttle.ts';
import { grantsOf } from '../../access/oidc/claimed-person.ts';
import { OidcSignIn } from '../../access/oidc/oidc-sign-in.ts';
import { Sessions } from '../../access/sessions.ts';
import { scryptPasswords } from '../../access/passwords.ts';
import type { SiteAnswer } from '../../dashboard/api/health-shapes.ts';
import { pageRoutes } from '../../dashboard/page-routes.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Search } from '../../search/open-search.ts';
import type { ApiRoutes, Authenticator } from './api-routes.ts';
import { enrolmentPlace, type EnrolmentPlaceParts } from './enrolment-place.ts';
import { alertRoutes, type AlertRouteParts } from './routes/alert-routes.ts';
import { agentRoutes, type AgentRouteParts } from './routes/agent-routes.ts';
import { channelRoutes, type ChannelRouteParts } from './routes/channel-routes.ts';
import { chartRoutes, type ChartRouteParts } from './routes/chart-routes.ts';
import { deadLetterRoutes, type DeadLetterRouteParts } from './routes/dead-letter-routes.ts';
import { exportRoutes } from './routes/export-routes.ts';
import { healthRoutes, type HealthRouteParts } from './routes/health-routes.ts';
import { housekeepingRoutes, type HousekeepingRouteParts } from './routes/housekeeping-routes.ts';
import { metricsRoutes, type MetricsRouteParts } from './routes/metrics-routes.ts';
import { oidcRoutes } from './routes/oidc-routes.ts';
import { openapiRoutes } from './routes/openapi-routes.ts';
import { pipelineRoutes } from './routes/pipeline-routes.ts';
import { searchRoutes } from './routes/search-routes.ts';
import { sessionRoutes } from './routes/session-routes.ts';
import { siteRoutes } from './routes/site-routes.ts';
import { statusRoutes } from './routes/status-routes.ts';
import { tailRoutes } from './routes/tail-routes.ts';
import { tokenRoutes } from './routes/token-routes.ts';
import { userRoutes } from './routes/user-routes.ts';
import { guide, whoamiRoutes } from './routes/whoami-routes.ts';
import { SessionAuthenticator } from './session-authenticator.ts';

export interface PeopleApiParts extends EnrolmentPlaceParts, MetricsRouteParts, HealthRouteParts {
  readonly alerts: AlertRouteParts['alerts'];
  readonly operations: ChannelRouteParts & DeadLetterRouteParts & HousekeepingRouteParts;
  readonly agents: AgentRouteParts['agents'];
  readonly measurements: ChartRouteParts['measurements'];
  readonly search: Search;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
  /** The object that `tributary-hub status` shows. */
  readonly report: () => Promise<unknown>;
  /** The sites below, as they told of themselves. */
  readonly sites: () => readonly SiteAnswer[];
  /** scrypt unless a test has no time for it. */
  readonly passwords?: Passwords;
  /** Whether the listener has TLS: where the hub has certificates. */
  readonly isSecure?: boolean;
}

export interface PeopleApi {
  readonly routes: readonly ApiRoutes[];
  /** The session cookie. */
  readonly authenticators: readonly Authenticator[];
}

export function createPeopleApi(parts: PeopleApiParts): PeopleApi {
  const { registry, clock, log, tls, passwords = scryptPasswords, isSecure = tls !== undefined } = parts;
  const { sessions: sessionOptions, oidc: oidcOptions } = parts.options;
  const sessions = new Sessions({
    registry,
    clock,
    maxAgeMs: sessionOptions.max_age,
    providerGrants: grantsOf(oidcOptions?.roles ?? []),
  });
  const hosts = oidcOptions === undefined ? [] : [new URL(oidcOptions.public_url).host];
  const authenticator = new SessionAuthenticator({ sessions, origin: { hosts, isSecure } });
  const login = new Login({ registry, sessions, passwords, throttle: new LoginThrottle(clock) });
  const oidc = oidcOptions && new OidcSignIn({ options: oidcOptions, registry, sessions, clock, log });
  const routes = [
    pageRoutes({ guide }),
    whoamiRoutes,
    openapiRoutes,
    sessionRoutes({ login, sessions, authenticator, isSecure, clock }),
    oidcRoutes({ oidc, isSecure, clock }),
    metricsRoutes(parts),
    statusRoutes(parts),
    healthRoutes(parts),
    alertRoutes(parts),
    siteRoutes(parts),
    agentRoutes({ agents: parts.agents, registry }),
    chartRoutes(parts),
    searchRoutes({ ...parts.search, clock }),
    exportRoutes({ ...parts.search, clock }),
    tailRoutes({ ...parts.search, clock }),
    pipelineRoutes(parts.search),
    channelRoutes(parts.operations),
    deadLetterRoutes(parts.operations),
    housekeepingRoutes(parts.operations),
    tokenRoutes({ registry, clock, enrolmentPlace: () => enrolmentPlace(parts) }),
    userRoutes({ registry, passwords, clock, hasProvider: oidc !== undefined }),
  ];
  return { routes, authenticators: [authenticator.authenticate] };
}
