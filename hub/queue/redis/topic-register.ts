/**
 * The site's topics with their groups, as kept in Redis under keys of their own (functions/site.ts), and as last read in memory. A
 * partition makes a topic from it when the topic's first entry comes there.
 */
import { randomBytes } from 'node:crypto';
import type { Id } from '@tributary/protocol/messages.ts';
import type { GroupPolicy, TopicName } from '../queue.ts';
import { changesNothing, functionName, type QueueFunction } from './functions/library.ts';
import { siteKeyNames } from './keys.ts';
import type { Argument, Masters } from './masters/masters.ts';
import { listOf, numberOf, textOf } from './replies.ts';

export interface RegisteredGroup {
  readonly group: string;
  readonly policy: GroupPolicy;
  readonly from: 'beginning' | 'end';
  readonly paused: boolean;
  /** Every partition was told of it as it is here. */
  readonly isEverywhere: boolean;
}

/** What a store that is new gets; one that is not keeps its own. */
export interface SiteWanted {
  readonly partitions: number;
  /** Empty: this hub has no spill store. */
  readonly spillId: Id;
}

export class TopicRegister {
  readonly #masters: Masters;
  readonly #onStoreLost: () => void;
  readonly #keys: readonly string[];
  #storeId = '';
  #partitions: number;
  #spillId: Id;
  #version = 0;
  #topics = new Map<TopicName, Map<string, RegisteredGroup>>();

  private constructor(masters: Masters, { partitions, spillId }: SiteWanted, onStoreLost: () => void) {
    this.#masters = masters;
    this.#onStoreLost = onStoreLost;
    this.#spillId = spillId;
    this.#keys = siteKeyNames(masters.prefix);
    this.#partitions = partitions;
  }

  /** `onStoreLost`: the store is another one than before. It was emptied, and made anew with what this hub knew of its topics. */
  static async open(masters: Masters, wanted: SiteWanted, onStoreLost: () => void): Promise<TopicRegister> {
    const register = new TopicRegister(masters, wanted, onStoreLost);
    await register.#openSite();
    await register.refresh();
    return register;
  }

  get storeId(): Id {
    return this.#storeId;
  }

  get partitions(): number {
    return this.#partitions;
  }

  /** Of the spill store that the site's hubs share; empty where none of them has one. */
  get spillId(): Id {
    return this.#spillId;
  }

  get version(): number {
    return this.#version;
  }

  topics(): readonly TopicName[] {
    return [...this.#topics.keys()];
  }

  has(topic: TopicName): boolean {
    return this.#topics.has(topic);
  }

  groupsOf(topic: TopicName): readonly RegisteredGroup[] {
    return [...(this.#topics.get(topic)?.values() ?? [])];
  }

  groupOf(topic: TopicName, group: string): RegisteredGroup | undefined {
    return this.#topics.get(topic)?.get(group);
  }

  /** False where there are `most` topics that begin so already. */
  async add(topic: TopicName, counted?: { readonly start: string; readonly most: number }): Promise<boolean> {
    if (this.#topics.has(topic)) return true;
    const [word] = listOf(await this.#call('addTopic', [topic, counted?.start ?? '', counted?.most ?? -1]));
    if (textOf(word) === 'full') return false;
    if (!this.#topics.has(topic)) this.#topics.set(topic, new Map());
    return true;
  }

  /** Undefined: it goes. Resolves with the version that has it. */
  async put(topic: TopicName, group: string, what: Omit<RegisteredGroup, 'group'> | undefined): Promise<number> {
    const [, version] = listOf(await this.#call('putSiteGroup', [topic, group, what === undefined ? '' : textOfGroup(what)]));
    const groups = this.#topics.get(topic) ?? new Map<string, RegisteredGroup>();
    this.#topics.set(topic, groups);
    if (what === undefined) groups.delete(group);
    else groups.set(group, { group, ...what });
    return numberOf(version);
  }

  async refresh(): Promise<void> {
    const [storeId, version, rows] = listOf(await this.#call('readSite', [this.#version]));
    if (textOf(storeId) !== this.#storeId || numberOf(version) < this.#version) {
      const before = this.#storeId;
      await this.#putBack();
      if (this.#storeId !== before) this.#onStoreLost();
      return;
    }
    if (rows === undefined) return;
    this.#version = numberOf(version);
    const texts = listOf(rows).map(textOf);
    this.#topics = new Map();
    for (let at = 0; at + 1 < texts.length; at += 2) this.#topics.set(texts[at] ?? '', groupsIn(texts[at + 1] ?? ''));
  }

  async #putBack(): Promise<void> {
    const known = this.#topics;
    await this.#openSite();
    this.#version = 0;
    for (const [topic, groups] of known) {
      await this.add(topic);
      for (const group of groups.values()) await this.put(topic, group.group, { ...group, isEverywhere: false });
    }
  }

  async #openSite(): Promise<void> {
    const drawn = randomBytes(16).toString('hex');
    const [storeId, partitions, spillId] = listOf(await this.#call('openSite', [drawn, this.#partitions, this.#spillId]));
    this.#storeId = textOf(storeId);
    this.#partitions = numberOf(partitions);
    this.#spillId = textOf(spillId);
  }

  async #call(name: QueueFunction, args: readonly Argument[]): ReturnType<Masters['callSite']> {
    return this.#masters.callSite({ name: functionName(name), keys: this.#keys, args }, { write: !changesNothing(name) });
  }
}

/** Policy, age, bytes, where it begins, paused, told everywhere. */
function textOfGroup({ policy, from, paused, isEverywhere }: Omit<RegisteredGroup, 'group'>): string {
  const { ageMsMax, bytesMax } = policy.kind === 'expiring' ? policy : { ageMsMax: 0, bytesMax: 0 };
  return [policy.kind, ageMsMax, bytesMax, from, paused ? 1 : 0, isEverywhere ? 1 : 0].join(' ');
}

function groupsIn(text: string): Map<string, RegisteredGroup> {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const tab = line.lastIndexOf('\t');
      const group = line.slice(0, tab);
      const [kind, ageMsMax, bytesMax, from, paused, isEverywhere] = line.slice(tab + 1).split(' ');
      const policy: GroupPolicy =
        kind === 'expiring' ? { kind, ageMsMax: Number(ageMsMax), bytesMax: Number(bytesMax) } : { kind: 'blocking' };
      const place = from === 'end' ? 'end' : 'beginning';
      return [group, { group, policy, from: place, paused: paused === '1', isEverywhere: isEverywhere === '1' }];
    }),
  );
}
