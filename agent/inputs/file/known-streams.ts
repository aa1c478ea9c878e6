import type { Sink, StreamState } from '../input.ts';
import { type FileKey, keyOfIdentity } from './identity.ts';
import { attributesKeyOf, type Claims } from './claims.ts';
import type { FilePatterns } from './file-patterns.ts';

export interface KnownStreamsOptions {
  readonly sink: Sink;
  readonly claims: Claims;
  readonly patterns: FilePatterns;
  readonly attributesKey: string;
}

/** The streams that were there when an input began, as far as they may be this input's; each until it is taken. */
export class KnownStreams {
  readonly #own = new Map<FileKey, StreamState[]>();
  readonly #orphans = new Map<FileKey, StreamState[]>();
  readonly #hadOwn: boolean;

  constructor({ sink, claims, patterns, attributesKey }: KnownStreamsOptions) {
    for (const state of sink.streams()) {
      const { identity, attributes } = state;
      if (attributes.counted || identity.inode === '' || !patterns.matches(identity.path)) continue;
      const key = attributesKeyOf(attributes);
      const map = key === attributesKey ? this.#own : claims.isOwned(identity.path, key) ? undefined : this.#orphans;
      map?.getOrInsertComputed(keyOfIdentity(identity), () => []).push(state);
    }
    this.#hadOwn = this.#own.size > 0;
  }

  /** Whether this input ran before: it had streams of its own. */
  get hadOwn(): boolean {
    return this.#hadOwn;
  }

  /** This input's streams of the file; each is given out once. */
  takeOwn(key: FileKey): readonly StreamState[] {
    return take(this.#own, key);
  }

  /** Streams of the file with attributes that no input has any more. */
  takeOrphans(key: FileKey): readonly StreamState[] {
    return take(this.#orphans, key);
  }

  /** This input's streams of a file with this path and inode on a device of another number. */
  takeRemounted(path: string, inode: string): readonly StreamState[] {
    for (const [key, states] of this.#own) {
      if (states.some(({ identity }) => identity.path === path && identity.inode === inode)) return take(this.#own, key);
    }
    return [];
  }

  /** What nobody took so far. */
  rest(): readonly StreamState[] {
    return [...this.#own.values()].flat();
  }
}

function take(map: Map<FileKey, StreamState[]>, key: FileKey): readonly StreamState[] {
  const states = map.get(key) ?? [];
  map.delete(key);
  return states;
}
