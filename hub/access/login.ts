/**
 * Signing in with name and password, and changing the password.
 *
 * A name that nobody has and a password that is wrong get the same answer after the same work, so that nobody learns which accounts there
 * are. Every try is in the audit trail; a name that is nobody's is not, as people type passwords into the wrong field.
 */
import type { AuditEvent, Registry, UserRecord } from '../registry/registry.ts';
import type { LoginThrottle } from './login-throttle.ts';
import { passwordBytesMax, passwordProblem } from './password-rules.ts';
import type { Sessions, SignedIn } from './sessions.ts';
import { canonicalUserName } from './user-name.ts';

export interface Passwords {
  /** Undefined: somebody who has none. Takes as long as with one, and is false. */
  verify(password: string, hash: string | undefined): Promise<boolean>;
  hash(password: string): Promise<string>;
}

export interface LoginOptions {
  readonly registry: Pick<Registry, 'user' | 'putUser' | 'record'>;
  readonly sessions: Sessions;
  readonly throttle: LoginThrottle;
  readonly passwords: Passwords;
}

export type LoginResult =
  | { readonly kind: 'signed-in'; readonly signedIn: SignedIn }
  | { readonly kind: 'refused' }
  | { readonly kind: 'wait'; readonly retryAfterMs: number };

export type PasswordChange = LoginResult | { readonly kind: 'unsuitable'; readonly reason: string };

type Checked =
  | { readonly kind: 'right'; readonly user: UserRecord }
  | { readonly kind: 'wrong' }
  | Extract<LoginResult, { kind: 'wait' }>;

/** Each takes 32 MiB and half a core for a while; the thread pool is also zstd's. */
const atOnceMax = 2;
const waitingMax = 32;
const busyRetryMs = 2000;

export class Login {
  readonly #options: LoginOptions;
  #atWork = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: LoginOptions) {
    this.#options = options;
  }

  async signIn({ name, password, address }: { name: string; password: string; address: string }): Promise<LoginResult> {
    const { registry } = this.#options;
    const account = canonicalUserName(name);
    const checked = await this.#check({ name: account, password, address });
    if (checked.kind === 'wait') return checked;
    const event = { action: 'user-logged-in', address, tenant: undefined } as const;
    if (checked.kind === 'wrong') {
      const details = { user: registry.user(account) === undefined ? '(unknown name)' : account };
      await registry.record({ ...event, actor: '', outcome: 'failure', details });
      return { kind: 'refused' };
    }
    const { user } = checked;
    const details = { user: user.name, by: 'password', mustChange: user.mustChange };
    return this.#begin(user, { ...event, actor: user.name, outcome: 'success', details });
  }

  /** Ends every session of the person, and begins a new one. Rejects with a RegistryError when somebody else changes the account now. */
  async changePassword(
    signedIn: SignedIn,
    { current, wanted, address }: { current: string; wanted: string; address: string },
  ): Promise<PasswordChange> {
    const { registry, sessions, passwords } = this.#options;
    const { name } = signedIn;
    const event = { actor: name, address, tenant: undefined } as const;
    const reason = wanted === current ? 'the new password must be another one' : passwordProblem(wanted, name);
    if (reason !== undefined) return { kind: 'unsuitable', reason };
    const checked = await this.#check({ name, password: current, address });
    if (checked.kind === 'wait') return checked;
    if (checked.kind === 'wrong') {
      await registry.record({ ...event, action: 'user-password-changed', outcome: 'failure', details: { user: name } });
      return { kind: 'refused' };
    }
    const passwordHash = await this.#inTurn(() => passwords.hash(wanted));
    if (sessions.find(signedIn.sessionId) === undefined) return { kind: 'refused' };
    const user = { ...checked.user, passwordHash, mustChange: false };
    const changed = { ...event, action: 'user-password-changed', outcome: 'success', details: { user: name } } as const;
    await registry.putUser(user, changed, { before: checked.user });
    return this.#begin(user, { ...changed, action: 'user-logged-in', details: { user: name, by: 'new password' } });
  }

  /** `user`: whose password it was. A password that became another one meanwhile lets nobody in. */
  async #begin(user: UserRecord, audit: AuditEvent): Promise<LoginResult> {
    const { registry, sessions } = this.#options;
    const signedIn = await sessions.begin({ name: user.name, grants: undefined }, audit);
    if (signedIn === undefined) return { kind: 'refused' };
    if (registry.user(user.name)?.passwordHash === user.passwordHash) return { kind: 'signed-in', signedIn };
    await sessions.end(signedIn.sessionId, { ...audit, action: 'user-logged-out' });
    return { kind: 'refused' };
  }

  /** `name` as it is in the registry. */
  async #check({ name, password, address }: { name: string; password: string; address: string }): Promise<Checked> {
    const { registry, throttle, passwords } = this.#options;
    if (this.#waiting.length >= waitingMax) return { kind: 'wait', retryAfterMs: busyRetryMs };
    const tried = throttle.begin(name, address);
    if (tried.kind === 'wait') return tried;
    const user = registry.user(name);
    const known = mayUsePassword(user) && Buffer.byteLength(password) <= passwordBytesMax ? user : undefined;
    // The same work where there is nothing to compare with.
    const isRight = await this.#inTurn(() => passwords.verify(known === undefined ? '' : password, known?.passwordHash));
    if (!isRight || known === undefined) return { kind: 'wrong' };
    tried.succeeded();
    return { kind: 'right', user: known };
  }

  async #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#atWork >= atOnceMax) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#atWork += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#atWork -= 1;
      else next();
    }
  }
}

function mayUsePassword(user: UserRecord | undefined): user is UserRecord & { readonly passwordHash: string } {
  return user !== undefined && !user.disabled && user.passwordHash !== undefined;
}
