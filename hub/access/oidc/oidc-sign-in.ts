/** Signing in at an OpenID Connect provider: out with the browser, back with a code, a session for whoever the provider says it is. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { printable } from '@tributary/shared/printable.ts';
import type { HubOptions } from '../../options.ts';
import type { AuditEvent, Registry } from '../../registry/registry.ts';
import type { Sessions, SignedIn } from '../sessions.ts';
import { type ClaimedPerson, claimedPerson } from './claimed-person.ts';
import { type PendingSignIn, PendingSignIns } from './pending-sign-in.ts';
import { Provider, ProviderError } from './provider.ts';

export type OidcOptions = NonNullable<HubOptions['oidc']>;

export interface OidcParts {
  readonly options: OidcOptions;
  readonly registry: Pick<Registry, 'user' | 'record' | 'meta' | 'setMeta'>;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly log: Logger;
}

export type OidcStart =
  | { readonly kind: 'go'; readonly url: string; readonly cookie: string }
  | { readonly kind: 'unavailable'; readonly message: string };

export type OidcEnd =
  | { readonly kind: 'signed-in'; readonly signedIn: SignedIn; readonly returnPath: string }
  | { readonly kind: 'refused' | 'stale' | 'unavailable'; readonly message: string };

export const callbackPath = '/api/v1/oidc/callback';
const reasonMax = 300;

export class OidcSignIn {
  readonly #parts: OidcParts;
  readonly #pending: PendingSignIns;
  readonly #provider: Provider;

  constructor(parts: OidcParts) {
    const { options, clock, registry } = parts;
    this.#parts = parts;
    this.#pending = new PendingSignIns(clock, registry);
    this.#provider = new Provider(options, new URL(callbackPath, options.public_url).href, clock);
  }

  async begin(returnPath: string): Promise<OidcStart> {
    try {
      const { url, pending } = await this.#provider.begin(returnPath);
      return { kind: 'go', url: url.href, cookie: await this.#pending.seal(pending) };
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      return this.#unavailable(error);
    }
  }

  async finish({ query, cookie, address }: { query: string; cookie: string | undefined; address: string }): Promise<OidcEnd> {
    const pending = this.#pending.take(cookie);
    if (pending === undefined) {
      return { kind: 'stale', message: 'this sign-in did not begin in this browser within the last ten minutes; begin again' };
    }
    try {
      const claims = await this.#provider.claims(query, pending);
      const { options, registry } = this.#parts;
      return await this.#admit(
        claimedPerson(claims, options, (name) => registry.user(name)),
        pending,
        address,
      );
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (error.code === 'unavailable') return this.#unavailable(error);
      const reason = printable(error.message.slice(0, reasonMax));
      this.#parts.log.warn('a sign-in at the provider was refused', { reason, address });
      await this.#parts.registry.record(failure('', address, { by: 'oidc', reason }));
      return { kind: 'refused', message: 'what the provider answered does not hold; begin again' };
    }
  }

  async #admit(person: ClaimedPerson, pending: PendingSignIn, address: string): Promise<OidcEnd> {
    const { name } = person;
    if (person.kind === 'refused') {
      await this.#parts.registry.record(failure(name, address, { by: 'oidc', user: name, reason: person.reason }));
      return { kind: 'refused', message: refusals[person.reason] };
    }
    const signedIn = await this.#parts.sessions.begin(
      { name, grants: person.grants },
      {
        action: 'user-logged-in',
        actor: name,
        address,
        outcome: 'success',
        tenant: undefined,
        details: { user: name, by: 'oidc', grants: grantsText(person) },
      },
    );
    if (signedIn === undefined) return { kind: 'refused', message: 'your account was changed just now; begin again' };
    return { kind: 'signed-in', signedIn, returnPath: pending.returnPath };
  }

  #unavailable(error: ProviderError): { kind: 'unavailable'; message: string } {
    this.#parts.log.warn('the OpenID Connect provider cannot be asked', { reason: printable(error.message.slice(0, reasonMax)) });
    return { kind: 'unavailable', message: 'the provider does not answer; try again later, or sign in with a password' };
  }
}

const refusals: Readonly<Record<Extract<ClaimedPerson, { kind: 'refused' }>['reason'], string>> = {
  name: 'the provider names you in a way that is no name here; ask an admin to choose another oidc.user_claim',
  'no-role': 'you are in no group that may sign in here; ask an admin for one of those in oidc.roles',
  'local-account': 'an account with a password has your name here; sign in with it, or ask an admin to rename it',
  disabled: 'your account here is disabled; ask an admin',
};

function failure(actor: string, address: string, details: AuditEvent['details']): AuditEvent {
  return { action: 'user-logged-in', actor, address, outcome: 'failure', tenant: undefined, details };
}

function grantsText(person: Extract<ClaimedPerson, { kind: 'admitted' }>): string {
  return (person.grants ?? []).map(({ tenant, role }) => `${role} of ${tenant}`).join(', ');
}
