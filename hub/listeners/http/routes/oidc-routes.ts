/**
 * Whether there is a provider, and the two ends of a sign-in there. The browser comes back by a redirect that another site began, to which it sends no `Strict`
 * cookie; so what is under way has a cookie of its own, and the answer is a page that goes on by itself, from where the session is sent.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { OidcEnd, OidcSignIn } from '../../../access/oidc/oidc-sign-in.ts';
import { callbackPath } from '../../../access/oidc/oidc-sign-in.ts';
import { pendingMs } from '../../../access/oidc/pending-sign-in.ts';
import { returnPathOf } from '../../../access/oidc/return-path.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { FailureLimiter, type FailureLimits } from '../../failure-limiter.ts';
import type { ApiRoutes } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';
import { clearCookie, cookieName, cookieOf, setCookie } from '../cookies.ts';
import { HttpError, retryAfter } from '../http-error.ts';
import { sessionCookie } from './session-routes.ts';

export interface OidcRouteParts {
  /** Undefined: there is no provider. */
  readonly oidc: OidcSignIn | undefined;
  readonly isSecure: boolean;
  readonly clock: Clock;
}

const start = z.strictObject({ return_to: z.string().max(1000).optional() });
const queryMax = 8192;
/** Each answer that does not hold costs a line of the audit trail, and may cost the provider a request. */
const failureLimits: FailureLimits = {
  perAddress: { tries: 20, perSecond: 0.2 },
  total: { tries: 200, perSecond: 5 },
  addressesMax: 10_000,
};

const abouts = {
  configured: {
    summary: 'Whether there is a provider to sign in at',
    query: nothing,
    answer: z.object({ configured: z.boolean() }),
  },
  login: { summary: 'Go and sign in at the provider', query: start, statuses: [302] },
  callback: { summary: 'Come back from the provider', answer: 'text/html' },
};

export function oidcRoutes(parts: OidcRouteParts): ApiRoutes {
  const { isSecure, clock } = parts;
  const failures = new FailureLimiter(failureLimits, clock);
  const name = cookieName('tributary-oidc', isSecure);
  return (app) => {
    app.get('/api/v1/oidc', { config: { access: 'open', about: abouts.configured } }, (request, reply) => {
      checked(nothing, request.query, 'query');
      return reply.send({ configured: parts.oidc !== undefined });
    });

    app.get('/api/v1/oidc/login', { config: { access: 'open', about: abouts.login } }, async (request, reply) => {
      const oidc = configured(parts);
      const { return_to } = checked(start, request.query, 'query');
      const returnPath = returnPathOf(return_to ?? '/');
      if (returnPath === undefined) throw new HttpError(400, 'malformed', 'query: return_to must be a path of this site');
      const begun = await oidc.begin(returnPath);
      if (begun.kind === 'unavailable') return told(new HttpError(503, 'provider-unavailable', begun.message), request, reply);
      const cookie = setCookie(name, begun.cookie, { isSecure, sameSite: 'Lax', maxAgeMs: pendingMs });
      return reply.header('set-cookie', cookie).redirect(begun.url, 302);
    });

    app.get(callbackPath, { config: { access: 'open', about: abouts.callback } }, async (request, reply) => {
      const oidc = configured(parts);
      const [, query = ''] = /\?(.*)$/s.exec(request.url) ?? [];
      if (query.length > queryMax) throw new HttpError(400, 'malformed', `query is too long: at most ${queryMax}`);
      const waitMs = failures.waitMs(request.ip);
      if (waitMs > 0)
        throw new HttpError(429, 'too-many-tries', 'too many sign-ins failed: wait and try again', retryAfter(waitMs));
      const ended = await oidc.finish({ query, cookie: cookieOf(request.headers.cookie, name), address: request.ip });
      reply.header('set-cookie', clearCookie(name, { isSecure, sameSite: 'Lax' }));
      if (ended.kind === 'refused') failures.failed(request.ip);
      if (ended.kind !== 'signed-in') return told(refusal(ended), request, reply);
      return goOn(reply.header('set-cookie', sessionCookie(ended.signedIn, parts)), ended.returnPath);
    });
  };
}

function configured({ oidc }: OidcRouteParts): OidcSignIn {
  if (oidc !== undefined) return oidc;
  throw new HttpError(404, 'no-provider', 'this hub has no OpenID Connect provider: oidc in its configuration names one');
}

const refusals = {
  stale: { status: 400, code: 'sign-in-stale' },
  refused: { status: 403, code: 'sign-in-refused' },
  unavailable: { status: 503, code: 'provider-unavailable' },
} as const;

function refusal(ended: Exclude<OidcEnd, { kind: 'signed-in' }>): HttpError {
  const { status, code } = refusals[ended.kind];
  return new HttpError(status, code, ended.message);
}

/** People are told by the page, which knows a sentence for each code; programs by the error itself. */
function told(error: HttpError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!/\btext\/html\b/.test(request.headers.accept ?? '')) throw error;
  return reply.redirect(`/?sign_in=${error.code}`, 303);
}

function goOn(reply: FastifyReply, path: string): FastifyReply {
  const escaped = path.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return reply
    .type('text/html; charset=utf-8')
    .send(
      `<!doctype html><meta http-equiv="refresh" content="0;url=${escaped}"><title>Signed in</title><a href="${escaped}">Signed in: go on</a>\n`,
    );
}
