/**
 * The two cookies of the HTTP API. Both hold base64url only, so nothing needs to be escaped, and what holds anything else is none of ours.
 *
 * With TLS their names begin with `__Host-`: a browser takes such a one only over TLS, from this very host, for all its paths, so
 * neither a page at another name below the domain nor anybody on the way can plant one. A hub without TLS is on the loopback only, where
 * browsers take no such name.
 */
export interface CookieOptions {
  /** Whether the listener has TLS. */
  readonly isSecure: boolean;
  /** `Strict`: never sent when another site's page leads here; `Lax`: sent when it leads here by a link or redirect. */
  readonly sameSite: 'Strict' | 'Lax';
  readonly maxAgeMs: number;
}

const valuePattern = /^[\w-]{1,4000}$/;
/** A header of a browser is far shorter; the server has a limit of its own. */
const headerMax = 32 * 1024;

export function cookieName(name: 'tributary' | 'tributary-oidc', isSecure: boolean): string {
  return isSecure ? `__Host-${name}` : name;
}

/** Undefined: it did not come, or twice, which no browser of a person does, or holds what none of ours does. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  if (header === undefined || header.length > headerMax) return undefined;
  const values: string[] = [];
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) values.push(pair.slice(equals + 1).trim());
  }
  const [value, ...others] = values;
  return value !== undefined && others.length === 0 && valuePattern.test(value) ? value : undefined;
}

/** For `Set-Cookie`. */
export function setCookie(name: string, value: string, options: CookieOptions): string {
  if (!valuePattern.test(value)) throw new Error(`the cookie ${name} cannot hold this`);
  const { isSecure, sameSite, maxAgeMs } = options;
  const seconds = Math.max(0, Math.floor(maxAgeMs / 1000));
  return `${name}=${value}; Max-Age=${seconds}; Path=/; HttpOnly; SameSite=${sameSite}${isSecure ? '; Secure' : ''}`;
}

export function clearCookie(name: string, options: Omit<CookieOptions, 'maxAgeMs'>): string {
  return setCookie(name, 'gone', { ...options, maxAgeMs: 0 });
}
