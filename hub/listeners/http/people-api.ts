/** What of the HTTP API is about people and who may come in: the one thing that the hub's wiring makes of all of it. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { Login, type Passwords } from '../../access/login.ts';
import { LoginThrottle } from '../../access/login-throttle.ts';
import { grantsOf } from '../../access/oidc/claimed-person.ts';
import { OidcSignIn } from '../../access/oidc/oidc-sign-in.ts';
import { Sessions } from '../../access/sessions.ts';
import { scryptPasswords } from '../../access/passwords.ts';
import type { Registry } from '../../registry/registry.ts';
import type { ApiRoutes, Authenticator } from './api-routes.ts';
import { enrolmentPlace, type EnrolmentPlaceParts } from './enrolment-place.ts';
import { agentRoutes } from './routes/agent-routes.ts';
import { channelRoutes, type ChannelRouteParts } from './routes/channel-routes.ts';
import { oidcRoutes } from './routes/oidc-routes.ts';
import { sessionRoutes } from './routes/session-routes.ts';
import { siteRoutes } from './routes/site-routes.ts';
import { statusRoutes } from './routes/status-routes.ts';
import { tokenRoutes } from './routes/token-routes.ts';
import { userRoutes } from './routes/user-routes.ts';
import { whoamiRoutes } from './routes/whoami-routes.ts';
import { SessionAuthenticator } from './session-authenticator.ts';

export interface PeopleApiParts extends EnrolmentPlaceParts {
  readonly operations: ChannelRouteParts;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
  /** The object that `tributary-hub status` shows. */
  readonly report: () => Promise<unknown>;
  /** The sites below, as they told of themselves. */
  readonly sites: () => readonly unknown[];
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
    whoamiRoutes,
    sessionRoutes({ login, sessions, authenticator, isSecure, clock }),
    oidcRoutes({ oidc, isSecure, clock }),
    statusRoutes(parts),
    siteRoutes(parts),
    agentRoutes({ registry }),
    channelRoutes(parts.operations),
    tokenRoutes({ registry, clock, enrolmentPlace: () => enrolmentPlace(parts) }),
    userRoutes({ registry, passwords, clock, hasProvider: oidc !== undefined }),
  ];
  return { routes, authenticators: [authenticator.authenticate] };
}
