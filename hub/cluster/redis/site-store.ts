/** The calls of the site's functions (functions.ts), with answers as plain data. Rejects as the masters do. */
import type { Id } from '@tributary/protocol/messages.ts';
import type { FencingToken, HubMember } from '../cluster.ts';
import type { Masters, Reply } from '../../queue/redis/masters/masters.ts';
import { deadAfterMs, lockMs, membersMax } from './limits.ts';
import { clusterKey, lockKeys } from './lock-functions.ts';
import { memberText, parseMember } from './member-text.ts';

export type SiteMasters = Pick<Masters, 'callSite' | 'prefix'>;

export interface Heard {
  /** By the store's clock. */
  readonly nowMs: number;
  readonly members: readonly HubMember[];
}

export class SiteStore {
  readonly #masters: SiteMasters;
  readonly #keys: { readonly site: string; readonly members: string; readonly beats: string };

  constructor(masters: SiteMasters) {
    this.#masters = masters;
    const site = clusterKey(masters.prefix);
    this.#keys = { site, members: `${site}:hubs`, beats: `${site}:beats` };
  }

  /** The site that this Redis is of: the one proposed, unless a hub has said another. */
  async claim(siteId: Id): Promise<{ readonly siteId: Id; readonly isNew: boolean }> {
    const [isNew = '', claimed = ''] = list(await this.#call('tc2_claim', [this.#keys.site], [siteId])).map(textOf);
    return { siteId: claimed, isNew: isNew === '1' };
  }

  async beat(own: Omit<HubMember, 'beatMs'>): Promise<Heard> {
    const { site, members, beats } = this.#keys;
    const [now = null, texts = null, times = null] = list(
      await this.#call('tc2_beat', [site, members, beats], [own.hubId, memberText(own), deadAfterMs]),
    );
    const beatOf = new Map(pairs(times));
    const heard = pairs(texts).map(([hubId, text]) => parseMember(hubId, text, Number(beatOf.get(hubId) ?? 0)));
    const known = heard.filter((member) => member !== undefined).slice(0, membersMax);
    return { nowMs: Number(textOf(now)), members: known.toSorted((left, right) => (left.hubId < right.hubId ? -1 : 1)) };
  }

  async leave(hubId: Id): Promise<void> {
    const { site, members, beats } = this.#keys;
    await this.#call('tc2_leave', [site, members, beats], [hubId]);
  }

  /** Takes a lock (token 0), or keeps the one of a token. Undefined: another has it. */
  async lock(name: string, owner: string, token: FencingToken): Promise<FencingToken | undefined> {
    const given = Number(textOf(await this.#call('tc2_lock', this.#lockKeys(name), [owner, token, lockMs])));
    return given === 0 ? undefined : given;
  }

  async unlock(name: string, token: FencingToken): Promise<void> {
    await this.#call('tc2_unlock', this.#lockKeys(name), [token]);
  }

  async isHeld(name: string, token: FencingToken): Promise<boolean> {
    const call = { name: 'tc2_held', keys: this.#lockKeys(name), args: [token] };
    return textOf(await this.#masters.callSite(call, { write: false })) === '1';
  }

  #lockKeys(name: string): readonly string[] {
    return lockKeys(this.#masters.prefix, name);
  }

  #call(name: string, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> {
    return this.#masters.callSite({ name, keys, args });
  }
}

function list(reply: Reply): readonly Reply[] {
  return Array.isArray(reply) ? reply : [];
}

function textOf(reply: Reply): string {
  return reply === null || Array.isArray(reply) ? '' : reply.toString();
}

function pairs(reply: Reply): [string, string][] {
  const flat = list(reply).map(textOf);
  return Array.from({ length: Math.floor(flat.length / 2) }, (_, index) => [flat[2 * index] ?? '', flat[2 * index + 1] ?? '']);
}
