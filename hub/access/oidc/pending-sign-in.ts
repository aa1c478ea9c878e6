/**
 * A sign-in that is under way at the provider: kept by the browser, in a cookie that only the hubs of this site can open, so that a thousand
 * begun ones take no memory here, and an answer of the provider is of use only in the browser that asked, whichever hub that reaches. Each is
 * good once at a hub, for ten minutes; what the provider answers, it takes back once only.
 *
 * The key is in the registry, where all hubs have it. With it somebody could only make such cookies: no session, and no sign-in at the provider.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { assert } from '@tributary/shared/assert.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Registry } from '../../registry/registry.ts';

export interface PendingSignIn {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly returnPath: string;
}

export const pendingMs = 10 * 60_000;
const sealedCharactersMax = 3000;
const usedMax = 10_000;
const ivBytes = 12;
const tagBytes = 16;
const keyBytes = 32;
const metaKey = 'sign-in-key';

export type SignInKeys = Pick<Registry, 'meta' | 'setMeta'>;

export class PendingSignIns {
  readonly #clock: Clock;
  readonly #registry: SignInKeys;
  /** States that came back, until they would have ended anyway. */
  readonly #used = new Map<string, number>();

  constructor(clock: Clock, registry: SignInKeys) {
    this.#clock = clock;
    this.#registry = registry;
  }

  /** What the cookie holds. Rejects with a RegistryError where there is no key yet and none can be kept. */
  async seal(pending: PendingSignIn): Promise<string> {
    const drawn = randomBytes(keyBytes).toString('hex');
    if (this.#key() === undefined) await this.#registry.setMeta({ [metaKey]: drawn }, { unlessSet: true });
    const key = this.#key();
    assert(key !== undefined, 'what was set is there');
    const { state, nonce, codeVerifier, returnPath } = pending;
    // None of them has a line break: three are base64url, and a path is checked before it comes here.
    const text = [state, nonce, codeVerifier, returnPath, this.#clock.now() + pendingMs].join('\n');
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return sealed.toString('base64url');
  }

  /** Undefined: not ours, changed, too old, or used before. */
  take(cookie: string | undefined): PendingSignIn | undefined {
    const opened = cookie === undefined || cookie.length > sealedCharactersMax ? undefined : this.#open(cookie);
    if (opened === undefined) return undefined;
    const { pending, endsMs } = opened;
    const now = this.#clock.now();
    if (now >= endsMs || this.#used.has(pending.state)) return undefined;
    for (const [state, ends] of this.#used) {
      if (ends > now && this.#used.size < usedMax) break;
      this.#used.delete(state);
    }
    this.#used.set(pending.state, endsMs);
    return pending;
  }

  #key(): Buffer | undefined {
    const text = this.#registry.meta(metaKey);
    return text === undefined ? undefined : Buffer.from(text, 'hex');
  }

  #open(cookie: string): { pending: PendingSignIn; endsMs: number } | undefined {
    const sealed = Buffer.from(cookie, 'base64url');
    const key = this.#key();
    if (key === undefined || sealed.length <= ivBytes + tagBytes) return undefined;
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivBytes), { authTagLength: tagBytes });
      decipher.setAuthTag(sealed.subarray(-tagBytes));
      const text = Buffer.concat([decipher.update(sealed.subarray(ivBytes, -tagBytes)), decipher.final()]).toString('utf8');
      const [state = '', nonce = '', codeVerifier = '', returnPath = '', ends] = text.split('\n');
      return { pending: { state, nonce, codeVerifier, returnPath }, endsMs: Number(ends) };
    } catch {
      // The tag does not fit: it was sealed by another site, or changed.
      return undefined;
    }
  }
}
