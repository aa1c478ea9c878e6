/**
 * The mark on a page's `next` that says who searched where, and when that came into the audit trail, so that not every page is an event of its
 * own. It is keyed with random bytes that all hubs of the site have and that never leave the registry: nobody makes up an `after`, which also has
 * the range of time in it. It holds for a time, as a search without an end finds new records for ever.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Registry } from '../registry/registry.ts';
import { pagesHoldMs } from './limits.ts';
import { stalePage } from './search-error.ts';

/** Whose search it is, and where. */
export interface SealedFor {
  readonly actor: string;
  readonly store: string;
}

export interface OpenedPage {
  /** As the store made it. */
  readonly after: string;
  /** When its search came into the trail; undefined where that is long ago, and it has to once more. */
  readonly recordedMs: number | undefined;
}

/** Key of `meta`. */
const metaKey = 'search pages';
const keyBytes = 32;

export class PageSeals {
  readonly #registry: Pick<Registry, 'meta' | 'setMeta'>;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(registry: Pick<Registry, 'meta' | 'setMeta'>, clock: Pick<Clock, 'now'>) {
    this.#registry = registry;
    this.#clock = clock;
  }

  async seal(next: string, recordedMs: number, of: SealedFor): Promise<string> {
    const text = `${next}.${recordedMs.toString(36)}`;
    return `${text}.${sealOf(await this.#key(), text, of).toString('base64url')}`;
  }

  /** Rejects with a SearchError for what no hub of the site gave to this one, for this store. */
  async open(text: string, of: SealedFor): Promise<OpenedPage> {
    const [after = '', time = '', seal = ''] = text.split('.');
    const given = Buffer.from(seal, 'base64url');
    const own = sealOf(await this.#key(), `${after}.${time}`, of);
    if (own.length !== given.length || !timingSafeEqual(own, given)) throw stalePage();
    const recordedMs = Number.parseInt(time, 36);
    const isYoung = Math.abs(this.#clock.now() - recordedMs) < pagesHoldMs;
    return { after, recordedMs: isYoung ? recordedMs : undefined };
  }

  async #key(): Promise<string> {
    const known = this.#registry.meta(metaKey);
    if (known !== undefined) return known;
    const made = randomBytes(keyBytes).toString('hex');
    // Of several hubs that begin at once one is the first, and the others know its key behind this.
    await this.#registry.setMeta({ [metaKey]: made }, { unlessSet: true });
    return this.#registry.meta(metaKey) ?? made;
  }
}

function sealOf(key: string, text: string, { actor, store }: SealedFor): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify([text, actor, store]))
    .digest();
}
