/**
 * `Authorization: Bearer tributary_<id>_<secret>`. The secret is compared by its hash in constant time, also where there is no such token; who
 * fails must wait, per address and per token id, and is in the audit trail. A token that is right never waits: its secret cannot be guessed at any speed, and
 * behind one address there may be many programs, one of which has a token of last year. Expired and revoked tokens are told so only to who has the secret. The table of tokens is
 * the registry's memory, so a revocation holds from the next request on.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Principal } from '../../access/access.ts';
import type { LoginThrottle } from '../../access/login-throttle.ts';
import { type ApiToken, hashSecret, parseApiToken, secretHashesEqual } from '../../access/secrets.ts';
import type { Strangers } from '../../intake/strangers.ts';
import type { ApiTokenRecord, Registry } from '../../registry/registry.ts';
import { type Authenticator, unauthenticated } from './api-routes.ts';
import { HttpError, retryAfter } from './http-error.ts';

export interface TokenAuthenticatorParts {
  readonly registry: Pick<Registry, 'apiToken' | 'apiTokenUsed'>;
  readonly throttle: LoginThrottle;
  readonly clock: Clock;
  readonly strangers: Pick<Strangers, 'turnedAway'>;
}

/** What no secret's hash is. */
const noHash = '0'.repeat(64);

export function tokenAuthenticator(parts: TokenAuthenticatorParts): Authenticator {
  return (request) => {
    const [credentials, ...more] = request.raw.headersDistinct['authorization'] ?? [];
    if (credentials === undefined) return undefined;
    const [, text] = /^bearer +(\S{1,200})$/i.exec(credentials) ?? [];
    const token = text === undefined || more.length > 0 ? undefined : parseApiToken(text);
    return authenticated(token, request.socket.remoteAddress ?? '', parts);
  };
}

function authenticated(token: ApiToken | undefined, address: string, parts: TokenAuthenticatorParts): Principal {
  const { registry, throttle, clock, strangers } = parts;
  const record = token === undefined ? undefined : registry.apiToken(token.tokenId);
  const isRight = secretHashesEqual(hashSecret(token?.secret ?? ''), record?.secretHash ?? noHash);
  if (!isRight || record === undefined) {
    const attempt = throttle.begin(`token ${token?.tokenId ?? ''}`, address);
    if (attempt.kind === 'wait') {
      const message = 'this token is not known here, and there were too many tries with such ones: wait before the next one';
      throw new HttpError(429, 'too-many-tries', message, retryAfter(attempt.retryAfterMs));
    }
    // Whose id it names is nobody's word but the stranger's: the token that there is was not used.
    const hint = record === undefined ? 'no token that is known here' : `its secret is not that of ${record.tokenId}`;
    strangers.turnedAway({ action: 'api-token-refused', reason: 'api-token', remote: address, tenant: record?.tenant, hint });
    throw unauthenticated('this token is not known here: send Authorization: Bearer tributary_… as it was printed');
  }
  const problem = problemOf(record, clock.now());
  if (problem !== undefined) {
    const { tokenId: subject, tenant } = record;
    strangers.turnedAway({ action: 'api-token-refused', reason: 'api-token', remote: address, subject, tenant, hint: problem });
    throw unauthenticated(problem);
  }
  registry.apiTokenUsed(record.tokenId);
  return { kind: 'token', tokenId: record.tokenId, tenant: record.tenant, scope: record.scope };
}

function problemOf({ revokedMs, expiresMs }: ApiTokenRecord, nowMs: number): string | undefined {
  if (revokedMs !== undefined) return 'this token was revoked: have another one made';
  if (expiresMs !== undefined && nowMs >= expiresMs) return 'this token has expired: have another one made';
  return undefined;
}
