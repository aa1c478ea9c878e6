import { basename, dirname, join } from 'node:path';
import type { Id } from '@tributary/protocol/messages.ts';
import type { Sink, StreamState } from '../input.ts';
import { type FileKey, keyOfIdentity } from './identity.ts';
import { attributesKeyOf, type Claimant, type Claims } from './claims.ts';
import { namesBefore } from './rotated-names.ts';
import { pathsOf } from './token.ts';

export interface KnownStreamsOptions {
  readonly sink: Sink;
  readonly claims: Claims;
  readonly claimant: Claimant;
  /** Files are read once, by the names they have now: a stream is found by its file alone, and other attributes are other streams. */
  readonly once: boolean;
}

/**
 * The streams that may go on in the files an input finds: those that were there when it began, and those that other inputs left
 * since. Each is known until it is settled, so that a file that cannot be read now finds its stream when it can be.
 */
export class KnownStreams {
  readonly #options: KnownStreamsOptions;
  #streams: Map<FileKey, StreamState[]>;
  /** Made when it is needed. */
  #byName: Map<string, StreamState[]> | undefined;
  #releases: number;

  constructor(options: KnownStreamsOptions) {
    this.#options = options;
    this.#releases = options.claims.releases;
    this.#streams = this.#streamsNow();
  }

  /** Whether this input ran before: some stream is its own. */
  async hasOwn(): Promise<boolean> {
    for (const state of this.#all()) {
      if (await this.#options.claimant.reads(state.identity.path, attributesKeyOf(state.attributes))) return true;
    }
    return false;
  }

  /** Streams with these attributes of the file, and of a file with this path and inode on a device of another number. */
  own(
    file: { readonly key: FileKey; readonly path: string; readonly inode: string },
    attributesKey: string,
  ): readonly StreamState[] {
    this.#refresh();
    const isOwn = (state: StreamState): boolean => attributesKeyOf(state.attributes) === attributesKey && this.#isFree(state);
    const byKey = (this.#streams.get(file.key) ?? []).filter(isOwn);
    if (byKey.length > 0) return byKey;
    const isRemounted = ({ identity, mark }: StreamState): boolean => {
      return identity.path === file.path && identity.inode === file.inode && mark !== '';
    };
    return [...this.#all()].filter((state) => isRemounted(state) && isOwn(state));
  }

  /** Streams of the file with attributes that no input has. */
  async orphans(key: FileKey, attributesKey: string): Promise<readonly StreamState[]> {
    const { once, claims } = this.#options;
    if (once) return [];
    const orphans: StreamState[] = [];
    for (const state of this.#streams.get(key) ?? []) {
      const theirs = attributesKeyOf(state.attributes);
      if (theirs === attributesKey || (await claims.isOwned(state.identity.path, theirs)) || !this.#isFree(state)) continue;
      orphans.push(state);
    }
    return orphans;
  }

  /** Streams of files in the same folder that this one may be a rotated form of, going by names. */
  near(path: string): readonly StreamState[] {
    if (this.#streams.size === 0) return [];
    this.#byName ??= this.#namesNow();
    const names = [basename(path), ...namesBefore(basename(path))];
    const near = new Set(names.flatMap((name) => this.#byName?.get(join(dirname(path), name)) ?? []));
    return [...near].filter((state) => this.at(keyOfIdentity(state.identity)).includes(state) && this.#isFree(state));
  }

  /** Streams of a file that it was not decided about. */
  at(key: FileKey): readonly StreamState[] {
    return this.#streams.get(key) ?? [];
  }

  /** It was decided what becomes of these. */
  settle(settled: readonly StreamState[]): void {
    for (const { identity, streamId } of settled) remove(this.#streams, keyOfIdentity(identity), streamId);
    if (this.#streams.size === 0) this.#byName = undefined;
  }

  /** Streams that nobody took so far, under paths that this input reads, and that no other input will take. */
  async rest(): Promise<readonly StreamState[]> {
    this.#refresh();
    const { claims, claimant } = this.#options;
    const rest: StreamState[] = [];
    for (const state of this.#all()) {
      const { path } = state.identity;
      if (!claimant.patterns.matches(path) || !this.#isFree(state)) continue;
      const key = attributesKeyOf(state.attributes);
      if ((await claimant.reads(path, key)) || !(await claims.isOwned(path, key))) rest.push(state);
    }
    return rest;
  }

  #namesNow(): Map<string, StreamState[]> {
    const byName = new Map<string, StreamState[]>();
    for (const state of this.#all()) {
      for (const path of pathsOf(state.identity)) {
        for (const name of [basename(path), ...namesBefore(basename(path))]) {
          byName.getOrInsertComputed(join(dirname(path), name), () => []).push(state);
        }
      }
    }
    return byName;
  }

  /** Without those that another input with the same attributes reads, or has read to their end. */
  #isFree(state: StreamState): boolean {
    return !this.#options.claims.isClaimed(state.streamId);
  }

  *#all(): Iterable<StreamState> {
    for (const states of this.#streams.values()) yield* states;
  }

  /** What another input read and left is as it left it. */
  #refresh(): void {
    const { releases } = this.#options.claims;
    if (releases === this.#releases) return;
    this.#releases = releases;
    this.#streams = this.#streamsNow();
    this.#byName = undefined;
  }

  #streamsNow(): Map<FileKey, StreamState[]> {
    const { sink, claimant, once } = this.#options;
    const streams = new Map<FileKey, StreamState[]>();
    for (const state of sink.streams()) {
      if (!isOfFile(state) || !(once || claimant.patterns.matches(state.identity.path))) continue;
      streams.getOrInsertComputed(keyOfIdentity(state.identity), () => []).push(state);
    }
    return streams;
  }
}

function isOfFile({ identity, attributes }: StreamState): boolean {
  return !attributes.counted && identity.inode !== '';
}

function remove(map: Map<FileKey, StreamState[]>, key: FileKey, streamId: Id): void {
  const left = map.get(key)?.filter((state) => state.streamId !== streamId) ?? [];
  if (left.length > 0) map.set(key, left);
  else map.delete(key);
}
