/**
 * Who asks, by the session cookie. What changes something must show the session's token in `x-csrf-token`, and must not come from another
 * site's page. Somebody with a one-time password may do nothing but change it.
 */
import type { FastifyRequest } from 'fastify';
import { csrfHeader, isCrossSite, isCsrfToken, type OwnOrigin } from '../../access/csrf.ts';
import type { Sessions, SignedIn } from '../../access/sessions.ts';
import type { Authenticator } from './api-routes.ts';
import { cookieName, cookieOf } from './cookies.ts';
import { HttpError } from './http-error.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Also for somebody who has yet to change a one-time password. */
    allowsOneTimePassword?: boolean;
  }
}

export interface SessionAuthenticatorOptions {
  readonly sessions: Sessions;
  readonly origin: OwnOrigin;
}

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD']);

export class SessionAuthenticator {
  readonly #sessions: Sessions;
  readonly #origin: OwnOrigin;
  readonly #found = new WeakMap<FastifyRequest, SignedIn>();

  constructor({ sessions, origin }: SessionAuthenticatorOptions) {
    this.#sessions = sessions;
    this.#origin = origin;
  }

  /** For the server's list. */
  readonly authenticate: Authenticator = (request) => {
    const { access, allowsOneTimePassword } = request.routeOptions.config;
    // An open route asks nobody; signing in is one, and a session that is there already is no reason to refuse it.
    if (access === 'open') return undefined;
    const sessionId = cookieOf(request.headers.cookie, cookieName('tributary', this.#origin.isSecure));
    const signedIn = sessionId === undefined ? undefined : this.#sessions.find(sessionId);
    if (signedIn === undefined) return undefined;
    if (!safeMethods.has(request.method)) this.#demandOwnPage(request, signedIn);
    if (signedIn.mustChange && allowsOneTimePassword !== true) {
      const message = 'this password was for one time: change it first (POST /api/v1/session/password)';
      throw new HttpError(403, 'password-change-required', message);
    }
    this.#found.set(request, signedIn);
    return { kind: 'user', name: signedIn.name, grants: signedIn.grants };
  };

  /** Undefined: by a token, or not at all. */
  signedIn(request: FastifyRequest): SignedIn | undefined {
    return this.#found.get(request);
  }

  /** Throws 403 when a browser says that a page of another site sends this. */
  demandSameSite(request: FastifyRequest): void {
    const { 'sec-fetch-site': fetchSite, origin, host } = request.headers;
    if (!isCrossSite({ fetchSite, origin, host }, this.#origin)) return;
    throw new HttpError(403, 'cross-site', 'this came from a page of another site');
  }

  #demandOwnPage(request: FastifyRequest, { sessionId }: SignedIn): void {
    this.demandSameSite(request);
    if (isCsrfToken(sessionId, request.headers[csrfHeader])) return;
    const message = `a change with a session needs the header ${csrfHeader}: GET /api/v1/session tells its value`;
    throw new HttpError(403, 'csrf', message);
  }
}
