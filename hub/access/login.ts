/**
 * Signing in with name and password, and changing the password.
 *
 * A name that nobody has and a password that is wrong get the same answer after the same work, so that nobody learns which accounts there
 * are. Every try is in the audit trail; a name that is nobody's is not, as people type passwords into the wrong field.
 */
import type { Registry, UserRecord } from '../registry/registry.ts';
import { nameOf } from './access.ts';
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
    const { registry, sessions } = this.#options;
    const account = canonicalUserName(name);
    const checked = await this.#check({ name: account, password, address });
    if (checked !== 'right') {
      if (checked !== 'wrong') return checked;
      const details = { user: registry.user(account) === undefined ? '(unknown name)' : account };
      await registry.record({ action: 'user-logged-in', actor: '', address, outcome: 'failure', tenant: undefined, details });
      return { kind: 'refused' };
    }
    const user = registry.user(account);
    if (!mayUsePassword(user)) return { kind: 'refused' };
    const signedIn = await sessions.begin(
      { name: user.name, grants: undefined },
      {
        action: 'user-logged-in',
        actor: nameOf({ kind: 'user', name: user.name, grants: user.grants }),
        address,
        outcome: 'success',
        tenant: undefined,
        details: { user: user.name, by: 'password', mustChange: user.mustChange },
      },
    );
    return { kind: 'signed-in', signedIn };
  }

  /** Ends every session of the person, and begins a new one. */
  async changePassword(
    signedIn: SignedIn,
    { current, wanted, address }: { current: string; wanted: string; address: string },
  ): Promise<PasswordChange> {
    const { registry, sessions, passwords } = this.#options;
    const { name } = signedIn;
    const event = { action: 'user-password-changed' as const, actor: name, address, tenant: undefined, details: { user: name } };
    const reason = wanted === current ? 'the new password must be another one' : passwordProblem(wanted, name);
    if (reason !== undefined) return { kind: 'unsuitable', reason };
    const checked = await this.#check({ name, password: current, address });
    if (checked === 'wrong') await registry.record({ ...event, outcome: 'failure' });
    if (checked !== 'right') return checked === 'wrong' ? { kind: 'refused' } : checked;
    const passwordHash = await passwords.hash(wanted);
    // As it is now: the account may have been changed while both passwords were worked on.
    const user = registry.user(name);
    if (!mayUsePassword(user) || sessions.find(signedIn.sessionId) === undefined) return { kind: 'refused' };
    await registry.putUser({ ...user, passwordHash, mustChange: false }, { ...event, outcome: 'success' });
    const renewed = await sessions.begin(
      { name, grants: undefined },
      { ...event, action: 'user-logged-in', outcome: 'success', details: { user: name, by: 'new password' } },
    );
    return { kind: 'signed-in', signedIn: renewed };
  }

  /** `name` as it is in the registry. */
  async #check(attempt: {
    name: string;
    password: string;
    address: string;
  }): Promise<'right' | 'wrong' | { readonly kind: 'wait'; readonly retryAfterMs: number }> {
    const { registry, throttle, passwords } = this.#options;
    const { name, password, address } = attempt;
    if (this.#waiting.length >= waitingMax) return { kind: 'wait', retryAfterMs: busyRetryMs };
    const tried = throttle.begin(name, address);
    if (tried.kind === 'wait') return tried;
    const user = registry.user(name);
    const hash = mayUsePassword(user) ? user.passwordHash : undefined;
    const isTooLong = Buffer.byteLength(password) > passwordBytesMax;
    const isRight = await this.#inTurn(() => passwords.verify(isTooLong ? '' : password, isTooLong ? undefined : hash));
    if (!isRight || hash === undefined) return 'wrong';
    tried.succeeded();
    return 'right';
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
