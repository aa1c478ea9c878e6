/**
 * How a file of routes becomes part of the HTTP API: it exports a function that makes an `ApiRoutes` from what it needs, and the hub's wiring
 * lists it. Every route says in `config.access` who may call it; one that does not, stops the hub at its start, so that nothing is open
 * because a line was forgotten.
 *
 *     app.get('/api/v1/agents', { config: { access: 'view' } }, async (request) => {
 *       const principal = principalOf(request);
 *       demand(request, 'view', tenant);
 *       …
 *     });
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type * as z from 'zod';
import { type Action, everyTenant, may, type Principal, type TenantName } from '../../access/access.ts';
import { HttpError } from './http-error.ts';
import type { RouteBook } from './openapi.ts';

/**
 * `open`: anybody, also without signing in. `known`: whoever is signed in or has a token. An action: who may do it to some tenant, or to the
 * site; the route itself then demands it for the tenant that it is about.
 */
export type RouteAccess = 'open' | 'known' | Action;

/** What the OpenAPI description says of a route: the very schemas that it checks with. */
export interface RouteAbout {
  /** What it does, in a few words. */
  readonly summary: string;
  readonly path?: z.ZodType;
  readonly query?: z.ZodType;
  readonly headers?: z.ZodType;
  readonly body?: z.ZodType;
  /** What the body may be: JSON unless told. */
  readonly media?: readonly string[];
  /** A media type where it is no JSON; absent: there is no body. */
  readonly answer?: z.ZodType | string;
  /** Of an answer as asked: 200 unless told, 204 where there is no body. */
  readonly statuses?: readonly number[];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: RouteAccess;
    about?: RouteAbout;
    /**
     * Fields of the answer, at any depth, that go on by themselves. It is another answer only when one of them is in another step of so many
     * milliseconds: Infinity where it never matters.
     */
    passing?: Readonly<Record<string, number>>;
  }
  interface FastifyInstance {
    /** What the OpenAPI description is made of. */
    readonly routeBook: RouteBook;
    /** Aborted when the server takes no more connections: answers that go on for long end then. */
    readonly draining: AbortSignal;
    /** Who asks, looked at again: for answers that go on for long. Rejects with an HttpError as the request would. */
    readonly identify: (request: FastifyRequest) => Promise<Principal | undefined>;
  }
  interface FastifyRequest {
    /** Who asks; undefined on `open` routes where nobody said. */
    principal: Principal | undefined;
  }
}

/** Adds routes with absolute paths. What it decorates and hooks stays within it. */
export type ApiRoutes = (app: FastifyInstance) => void | Promise<void>;

/**
 * Finds out who asks, from one kind of credentials. Undefined: there are none of this kind. Throws an HttpError (401, 403, 429) when
 * there are and they do not do. The bearer token is looked at first, then what the wiring adds, such as the session cookie.
 */
export type Authenticator = (request: FastifyRequest) => Principal | undefined | Promise<Principal | undefined>;

/** Of a request to a route that is not `open`. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === undefined) throw unauthenticated();
  return request.principal;
}

/** Throws 403 unless the one who asks may do this to what belongs to `tenant`; `*` is what belongs to the site. */
export function demand(request: FastifyRequest, action: Action, tenant: TenantName): Principal {
  const principal = principalOf(request);
  if (may(principal, action, tenant)) return principal;
  throw forbidden(principal, action, tenant);
}

/** Whether there is any tenant this principal may do this to. */
export function mayAnywhere(principal: Principal, action: Action): boolean {
  if (principal.kind === 'user') return principal.grants.some(({ tenant }) => may(principal, action, tenant));
  return may(principal, action, principal.kind === 'console' ? everyTenant : principal.tenant);
}

export function unauthenticated(message = 'this needs a token: Authorization: Bearer tributary_…, or a session'): HttpError {
  return new HttpError(401, 'unauthenticated', message, { 'www-authenticate': 'Bearer realm="tributary"' });
}

const neededScope: Readonly<Record<Action, string>> = {
  view: 'scope read or admin, or any role',
  operate: 'scope admin, or the role operator or admin',
  administer: 'scope admin, or the role admin',
  push: 'scope write or admin',
};

export function forbidden(principal: Principal, action: Action, tenant?: TenantName): HttpError {
  const whose = tenant === everyTenant ? 'for the whole site (tenant *)' : 'for the tenant that it is about';
  const message = `this needs ${neededScope[action]}, ${whose}`;
  const scope = action === 'push' ? 'write' : action === 'view' ? 'read' : 'admin';
  const challenge = `Bearer realm="tributary", error="insufficient_scope", scope="${scope}"`;
  return new HttpError(403, 'forbidden', message, principal.kind === 'token' ? { 'www-authenticate': challenge } : {});
}
