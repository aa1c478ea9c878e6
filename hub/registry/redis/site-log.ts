/** What the functions of registry-library.ts are asked, and what they answer, with types. Every method rejects with a MasterError. */
import type { Fence } from '../../cluster/cluster.ts';
import { lockKeys } from '../../cluster/redis/lock-functions.ts';
import { siteKeys, type Argument, type Masters, type Reply } from '../../queue/redis/masters/masters.ts';
import { type LogLimits, readEntriesMax } from './limits.ts';
import type { Position } from './position.ts';
import { changesNothing, functionName, type RegistryFunction } from './registry-library.ts';

/** Of the store, where it is not open for changes. */
export type NotOpen =
  | { readonly kind: 'empty' }
  /** Another server than the one known: `recover` has to be called. */
  | { readonly kind: 'master' }
  | {
      readonly kind: 'recovering';
      readonly lineage: string;
      readonly branch: number;
      readonly version: number;
      readonly waitMs: number;
    };

export interface Entry {
  readonly version: number;
  readonly id: string;
  readonly schema: number;
  readonly changeset: Uint8Array;
}

export interface NewEntry {
  readonly id: string;
  readonly schema: number;
  readonly changeset: Uint8Array;
  readonly fence?: Fence | undefined;
}

export type Appended =
  | { readonly kind: 'done'; readonly entries: number; readonly bytes: number }
  | { readonly kind: 'other' | 'fenced' }
  | NotOpen;

export type Opened<Content> = ({ readonly kind: 'open' } & Content) | NotOpen;

export class SiteLog {
  readonly #masters: Pick<Masters, 'callSite' | 'prefix'>;
  readonly #limits: LogLimits;
  readonly #keys: readonly string[];

  constructor(masters: Pick<Masters, 'callSite' | 'prefix'>, limits: LogLimits) {
    this.#masters = masters;
    this.#limits = limits;
    const prefix = siteKeys(masters.prefix);
    this.#keys = ['registry', 'registry-log', 'registry-snapshot', 'registry-seen'].map((name) => prefix + name);
  }

  /** The first entries after a version. None, although the site is ahead: they are kept no longer. */
  async read(after: number): Promise<Opened<{ readonly site: Position; readonly entries: readonly Entry[] }>> {
    const answer = await this.#call('read', [after, readEntriesMax]);
    const no = notOpen(answer);
    if (no !== undefined) return no;
    const [, lineage, branch, version, ends, entries] = answer;
    const pairs = textOf(ends)
      .split('\n')
      .filter((line) => line !== '');
    const site = {
      lineage: textOf(lineage),
      branch: Number(branch),
      version: Number(version),
      ends: new Map(pairs.map((line) => numbersOf(line))),
    };
    return { kind: 'open', site, entries: listOf(entries).map(entryOf) };
  }

  /**
   * Durable when it resolves with `done`. `other`: somebody else was first, or the store is another; what came has to be taken first.
   * `fenced`: the lock that it is done under is held no longer.
   */
  async append(at: Position, { id, schema, changeset, fence }: NewEntry): Promise<Appended> {
    const args = [at.lineage, at.branch, at.version, id, schema, changeset];
    const answer = await this.#call('append', fence === undefined ? args : [...args, fence.token], fence);
    const no = notOpen(answer);
    if (no !== undefined) return no;
    const [word, entries, bytes] = answer;
    const kind = textOf(word);
    if (kind === 'fenced') return { kind };
    return kind === 'done' ? { kind, entries: Number(entries), bytes: Number(bytes) } : { kind: 'other' };
  }

  /** True when what was read up to there is as durable as what was answered: then no change of the master takes it back. */
  async confirm({ lineage, branch, version }: Position): Promise<boolean> {
    const [word] = await this.#call('confirm', [lineage, branch, version]);
    return textOf(word) === 'done';
  }

  async recover(): Promise<void> {
    await this.#call('recover', [this.#limits.recoveryMs]);
  }

  /** Puts back what the store has lost, or founds it. `recoveryMs` 0: nobody else can have more. */
  async restore({ lineage, branch, version, ends }: Position, snapshot: Uint8Array, isFirst: boolean): Promise<void> {
    const wait = isFirst ? 0 : this.#limits.recoveryMs;
    await this.#call('restore', [lineage, branch, version, wait, snapshot, ...[...ends].flat()]);
  }

  async putSnapshot({ lineage, branch, version }: Position, snapshot: Uint8Array): Promise<void> {
    await this.#call('putSnapshot', [lineage, branch, version, this.#limits.entriesKept, snapshot]);
  }

  async snapshot(): Promise<
    Opened<{ readonly lineage: string; readonly branch: number; readonly version: number; readonly bytes: Uint8Array }>
  > {
    const answer = await this.#call('getSnapshot', []);
    const no = notOpen(answer);
    if (no !== undefined) return no;
    const [, lineage, branch, version, bytes] = answer;
    return {
      kind: 'open',
      lineage: textOf(lineage),
      branch: Number(branch),
      version: Number(version),
      bytes: bytesOf(bytes),
    };
  }

  /** Tells when somebody was seen (0: not known any more), and answers with what all hubs told. */
  async seen(times: readonly (readonly [name: string, atMs: number])[]): Promise<(readonly [name: string, atMs: number])[]> {
    const answer = await this.#call('seen', times.flat());
    const all: (readonly [string, number])[] = [];
    for (let at = 0; at + 1 < answer.length; at += 2) all.push([textOf(answer[at]), Number(textOf(answer[at + 1]))]);
    return all;
  }

  async #call(name: RegistryFunction, args: readonly Argument[], fence?: Fence): Promise<readonly Reply[]> {
    const keys = fence === undefined ? this.#keys : [...this.#keys, ...lockKeys(this.#masters.prefix, fence.name)];
    const call = { name: functionName(name), keys, args };
    return listOf(await this.#masters.callSite(call, { write: !changesNothing(name) }));
  }
}

function notOpen(answer: readonly Reply[]): NotOpen | undefined {
  const [word, lineage, branch, version, waitMs] = answer;
  const kind = textOf(word);
  if (kind === 'empty' || kind === 'master') return { kind };
  if (kind !== 'recovering') return undefined;
  return { kind, lineage: textOf(lineage), branch: Number(branch), version: Number(version), waitMs: Number(waitMs) };
}

function entryOf(reply: Reply): Entry {
  const [at, fields] = listOf(reply);
  const [, id, , schema, , changeset] = listOf(fields);
  return {
    version: Number(textOf(at).split('-')[0]),
    id: textOf(id),
    schema: Number(textOf(schema)),
    changeset: bytesOf(changeset),
  };
}

function numbersOf(line: string): readonly [number, number] {
  const [one, other] = line.split(' ');
  return [Number(one), Number(other)];
}

function listOf(reply: Reply | undefined): readonly Reply[] {
  if (!isList(reply)) throw new TypeError('Redis answered no list');
  return reply;
}

function isList(reply: Reply | undefined): reply is readonly Reply[] {
  return Array.isArray(reply);
}

function bytesOf(reply: Reply | undefined): Buffer {
  if (!(reply instanceof Buffer)) throw new TypeError('Redis answered no text');
  return reply;
}

function textOf(reply: Reply | undefined): string {
  return bytesOf(reply).toString();
}
