/** Signing in and out with name and password, who is signed in, and another password. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { Login, LoginResult } from '../../../access/login.ts';
import type { Sessions, SignedIn } from '../../../access/sessions.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { type ApiRoutes, unauthenticated } from '../api-routes.ts';
import { checked, nothing } from '../checked.ts';
import { clearCookie, cookieName, setCookie } from '../cookies.ts';
import { HttpError, retryAfter } from '../http-error.ts';
import { sessionAnswer } from '../operation-shapes.ts';
import type { SessionAuthenticator } from '../session-authenticator.ts';

export interface SessionRouteParts {
  readonly login: Login;
  readonly sessions: Sessions;
  readonly authenticator: SessionAuthenticator;
  readonly isSecure: boolean;
  readonly clock: Clock;
}

/** What is longer is no name and no password; where exactly it ends is for the rules of both to say. */
const textMax = 4096;
const credentials = z.strictObject({ name: z.string().min(1).max(textMax), password: z.string().min(1).max(textMax) });
const newPassword = z.strictObject({ current: z.string().min(1).max(textMax), new: z.string().min(1).max(textMax) });

const abouts = {
  signIn: { summary: 'Sign in', query: nothing, body: credentials, answer: sessionAnswer },
  who: { summary: 'Who is signed in', query: nothing, answer: sessionAnswer },
  signOut: { summary: 'Sign out', query: nothing },
  password: { summary: 'Another password', query: nothing, body: newPassword, answer: sessionAnswer },
};

export function sessionRoutes(parts: SessionRouteParts): ApiRoutes {
  const { login, sessions, authenticator } = parts;
  return (app) => {
    app.post('/api/v1/session', { config: { access: 'open', about: abouts.signIn } }, async (request, reply) => {
      authenticator.demandSameSite(request);
      checked(nothing, request.query, 'query');
      const { name, password } = checked(credentials, request.body, 'body');
      const result = await login.signIn({ name, password, address: request.ip });
      return answer(signedInOf(result, 'no account has this name and this password'), reply, parts);
    });

    app.get(
      '/api/v1/session',
      { config: { access: 'known', allowsOneTimePassword: true, about: abouts.who } },
      (request, reply) => {
        checked(nothing, request.query, 'query');
        return told(sessionOf(request, parts), reply);
      },
    );

    app.delete(
      '/api/v1/session',
      { config: { access: 'known', allowsOneTimePassword: true, about: abouts.signOut } },
      async (request, reply) => {
        checked(nothing, request.query, 'query');
        checked(nothing, request.body, 'body');
        const { sessionId, name } = sessionOf(request, parts);
        await sessions.end(sessionId, {
          action: 'user-logged-out',
          actor: name,
          address: request.ip,
          outcome: 'success',
          tenant: undefined,
          details: { user: name },
        });
        const cookie = clearCookie(cookieName('tributary', parts.isSecure), { isSecure: parts.isSecure, sameSite: 'Strict' });
        return reply.code(204).header('set-cookie', cookie).send();
      },
    );

    const changes = { config: { access: 'known', allowsOneTimePassword: true, about: abouts.password } } as const;
    app.post('/api/v1/session/password', changes, async (request, reply) => {
      checked(nothing, request.query, 'query');
      const { current, new: wanted } = checked(newPassword, request.body, 'body');
      const signedIn = sessionOf(request, parts);
      if (signedIn.isFromProvider)
        throw new HttpError(409, 'no-password', 'this account signs in at the provider and has no password');
      const result = await login.changePassword(signedIn, { current, wanted, address: request.ip });
      if (result.kind === 'unsuitable') throw new HttpError(422, 'unsuitable-password', result.reason);
      return answer(signedInOf(result, 'the current password is another one'), reply, parts);
    });
  };
}

/** Sets the cookie. */
export function sessionCookie(signedIn: SignedIn, { isSecure, clock }: { isSecure: boolean; clock: Clock }): string {
  const maxAgeMs = signedIn.expiresMs - clock.now();
  return setCookie(cookieName('tributary', isSecure), signedIn.sessionId, { isSecure, sameSite: 'Strict', maxAgeMs });
}

function answer(signedIn: SignedIn, reply: FastifyReply, parts: SessionRouteParts): FastifyReply {
  return told(signedIn, reply.header('set-cookie', sessionCookie(signedIn, parts)));
}

function told(signedIn: SignedIn, reply: FastifyReply): FastifyReply {
  const { name, grants, isFromProvider, mustChange, expiresMs, csrfToken } = signedIn;
  const expires = new Date(expiresMs).toISOString();
  const by = isFromProvider ? 'oidc' : 'password';
  return reply.send({ name, by, grants, mustChange, expires, csrfToken });
}

function signedInOf(result: LoginResult, refusal: string): SignedIn {
  if (result.kind === 'signed-in') return result.signedIn;
  if (result.kind === 'refused') throw new HttpError(401, 'wrong-credentials', refusal);
  const message = 'there were too many wrong passwords: wait and try again';
  throw new HttpError(429, 'too-many-tries', message, retryAfter(result.retryAfterMs));
}

function sessionOf(request: FastifyRequest, { authenticator }: SessionRouteParts): SignedIn {
  const signedIn = authenticator.signedIn(request);
  if (signedIn === undefined) throw unauthenticated('nobody is signed in: POST /api/v1/session does that');
  return signedIn;
}
