/**
 * Who is signed in. A session is 256 random bits in a cookie, and their SHA-256 in the registry: whoever reads the registry cannot sign in
 * with what is there. It ends at its time, which nothing prolongs. What its person may do is looked up at every request, so a right that
 * was taken away is gone at once; a session of somebody who was removed, disabled or added anew is none.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '@tributary/shared/clock.ts';
import type { AuditEvent, Registry, SessionRecord } from '../registry/registry.ts';
import type { Grant } from './access.ts';
import { csrfTokenOf } from './csrf.ts';

export type SessionRegistry = Pick<Registry, 'user' | 'session' | 'putSession' | 'removeSession'>;

export interface SessionsOptions {
  readonly registry: SessionRegistry;
  readonly clock: Clock;
  readonly maxAgeMs: number;
  /** What the provider's groups give as the configuration stands now. What an older one gave is not given any more. */
  readonly providerGrants: readonly Grant[];
}

export interface SignedIn {
  /** What the cookie holds. */
  readonly sessionId: string;
  readonly name: string;
  readonly grants: readonly Grant[];
  /** Signed in at the provider. */
  readonly isFromProvider: boolean;
  /** With a one-time password: may only change it. */
  readonly mustChange: boolean;
  readonly expiresMs: number;
  readonly csrfToken: string;
}

const idBytes = 32;
const idPattern = /^[\w-]{43}$/;

export class Sessions {
  readonly #options: SessionsOptions;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /**
   * Always under a new id: one that was there before the person signed in is worth nothing. Undefined: the account went, or came, in that
   * very moment.
   */
  async begin(
    person: { readonly name: string; readonly grants: readonly Grant[] | undefined },
    audit: AuditEvent,
  ): Promise<SignedIn | undefined> {
    const { registry, clock, maxAgeMs } = this.#options;
    const sessionId = randomBytes(idBytes).toString('base64url');
    const createdMs = clock.now();
    const { name: user, grants } = person;
    const record = { idHash: hashOf(sessionId), user, grants, createdMs, expiresMs: createdMs + maxAgeMs };
    await registry.putSession(record, audit);
    return this.#signedIn(sessionId, record);
  }

  find(sessionId: string): SignedIn | undefined {
    if (!idPattern.test(sessionId)) return undefined;
    const record = this.#options.registry.session(hashOf(sessionId));
    return record === undefined ? undefined : this.#signedIn(sessionId, record);
  }

  async end(sessionId: string, audit: AuditEvent): Promise<void> {
    await this.#options.registry.removeSession(hashOf(sessionId), audit);
  }

  #signedIn(sessionId: string, record: SessionRecord): SignedIn | undefined {
    const { registry, clock, maxAgeMs, providerGrants } = this.#options;
    const now = clock.now();
    const { user: name, createdMs, expiresMs } = record;
    // A shorter max_age than the one it began with holds for it, too.
    if (now >= Math.min(expiresMs, createdMs + maxAgeMs)) return undefined;
    const user = registry.user(name);
    const common = { sessionId, name, expiresMs, csrfToken: csrfTokenOf(sessionId) };
    if (record.grants === undefined) {
      if (user === undefined || user.disabled || createdMs < user.createdMs) return undefined;
      const isFromProvider = user.passwordHash === undefined;
      return { ...common, grants: user.grants, isFromProvider, mustChange: user.mustChange && !isFromProvider };
    }
    // An account of this name that was made since then decides from now on.
    if (user !== undefined) return undefined;
    const grants = record.grants.filter((had) => providerGrants.some((given) => isSame(had, given)));
    return grants.length === 0 ? undefined : { ...common, grants, isFromProvider: true, mustChange: false };
  }
}

function hashOf(sessionId: string): string {
  return createHash('sha256').update(sessionId).digest('hex');
}

function isSame(one: Grant, other: Grant): boolean {
  return one.tenant === other.tenant && one.role === other.role;
}
