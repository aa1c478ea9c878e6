import type { Id } from '@tributary/protocol/messages.ts';
import type { Sink, StreamState } from '../input.ts';
import { type FileKey, keyOfIdentity } from './identity.ts';
import { attributesKeyOf, type Claims } from './claims.ts';
import type { FilePatterns } from './file-patterns.ts';

export interface KnownStreamsOptions {
  readonly sink: Sink;
  readonly claims: Claims;
  readonly patterns: FilePatterns;
  readonly attributesKey: string;
  /** Files are read once, by the names they have now: a stream is found by its file alone, and other attributes are other streams. */
  readonly once: boolean;
}

/**
 * The streams that may go on in the files an input finds: those that were there when it began, and those that other inputs left
 * since. Each is known until it is settled, so that a file that cannot be read now finds its stream when it can be.
 */
export class KnownStreams {
  readonly #options: KnownStreamsOptions;
  readonly #orphans = new Map<FileKey, StreamState[]>();
  readonly #hadOwn: boolean;
  #own: Map<FileKey, StreamState[]>;
  #releases: number;

  constructor(options: KnownStreamsOptions) {
    const { sink, claims, patterns, attributesKey, once } = options;
    this.#options = options;
    this.#releases = claims.releases;
    this.#own = this.#ownNow();
    this.#hadOwn = this.#own.size > 0;
    for (const state of once ? [] : sink.streams()) {
      const { path } = state.identity;
      const key = attributesKeyOf(state.attributes);
      if (key === attributesKey || !isOfFile(state) || !patterns.matches(path) || claims.isOwned(path, key)) continue;
      this.#orphans.getOrInsertComputed(keyOfIdentity(state.identity), () => []).push(state);
    }
  }

  /** Whether this input ran before: it had streams of its own. */
  get hadOwn(): boolean {
    return this.#hadOwn;
  }

  /** This input's streams of the file, and of a file with this path and inode on a device of another number. */
  own(file: { readonly key: FileKey; readonly path: string; readonly inode: string }): readonly StreamState[] {
    this.#refresh();
    const byKey = this.#unclaimed(this.#own.get(file.key) ?? []);
    if (byKey.length > 0) return byKey;
    const isRemounted = ({ identity, mark }: StreamState): boolean => {
      return identity.path === file.path && identity.inode === file.inode && mark !== '';
    };
    return this.#unclaimed([...this.#own.values()].flatMap((states) => states.filter(isRemounted)));
  }

  /** Streams of the file with attributes that no input had when this one began. */
  orphans(key: FileKey): readonly StreamState[] {
    return [...(this.#orphans.get(key) ?? [])];
  }

  /** It was decided what becomes of these. */
  settle(settled: readonly StreamState[]): void {
    for (const { identity, streamId } of settled) {
      for (const map of [this.#own, this.#orphans]) remove(map, keyOfIdentity(identity), streamId);
    }
  }

  /** This input's streams that nobody took so far, under paths that it reads. */
  rest(): readonly StreamState[] {
    this.#refresh();
    const { patterns } = this.#options;
    return this.#unclaimed([...this.#own.values()].flat()).filter(({ identity }) => patterns.matches(identity.path));
  }

  /** Without those that another input with the same attributes reads, or has read to their end. */
  #unclaimed(states: readonly StreamState[]): readonly StreamState[] {
    return states.filter(({ streamId }) => !this.#options.claims.isClaimed(streamId));
  }

  /** What another input read and left is as it left it. */
  #refresh(): void {
    const { releases } = this.#options.claims;
    if (releases === this.#releases) return;
    this.#releases = releases;
    this.#own = this.#ownNow();
  }

  #ownNow(): Map<FileKey, StreamState[]> {
    const { sink, patterns, attributesKey, once } = this.#options;
    const own = new Map<FileKey, StreamState[]>();
    for (const state of sink.streams()) {
      if (!isOfFile(state) || !(once || patterns.matches(state.identity.path))) continue;
      if (attributesKeyOf(state.attributes) !== attributesKey) continue;
      own.getOrInsertComputed(keyOfIdentity(state.identity), () => []).push(state);
    }
    return own;
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
