/**
 * A browser sends a cookie with whatever page asks it to. So what changes something and comes with a cookie must show two things that
 * another site's page cannot: a header whose value is made from the secret in the cookie, and what the browser itself says of where the
 * request began.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const csrfHeader = 'x-csrf-token';

const tokenPattern = /^[\w-]{43}$/;

/** Made from the session's own secret: nothing more to store, and it ends with the session. */
export function csrfTokenOf(sessionId: string): string {
  return createHmac('sha256', sessionId).update('tributary csrf').digest('base64url');
}

export function isCsrfToken(sessionId: string, token: unknown): boolean {
  if (typeof token !== 'string' || !tokenPattern.test(token)) return false;
  return timingSafeEqual(Buffer.from(token), Buffer.from(csrfTokenOf(sessionId)));
}

export interface RequestOrigin {
  /** `Sec-Fetch-Site`, `Origin` and `Host` as they came. */
  readonly fetchSite: string | string[] | undefined;
  readonly origin: string | string[] | undefined;
  readonly host: string | undefined;
}

/** Where this hub is reached: other names than in `Host`, such as that of a proxy before it, and whether only by https. */
export interface OwnOrigin {
  readonly hosts: readonly string[];
  readonly isSecure: boolean;
}

/**
 * Whether a browser says that another site's page began this. Programs that are no browsers send neither header, and no cookie of
 * somebody else's either.
 */
export function isCrossSite(request: RequestOrigin, own: OwnOrigin): boolean {
  const { fetchSite, origin, host } = request;
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none') return true;
  if (origin === undefined) return false;
  if (typeof origin !== 'string' || !URL.canParse(origin)) return true;
  const from = new URL(origin);
  if (from.host === '' || (own.isSecure && from.protocol !== 'https:')) return true;
  const ours = host === undefined ? own.hosts : [host.toLowerCase(), ...own.hosts];
  return !ours.some((name) => withoutUsualPort(name) === withoutUsualPort(from.host));
}

/** `hub.example:443` and `hub.example` are the same place; other ports are others. */
function withoutUsualPort(host: string): string {
  return host.replace(/:(?:443|80)$/, '');
}
