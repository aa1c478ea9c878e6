import type { Id, SourceIdentity } from '@tributary/protocol/messages.ts';
import { assert } from '@tributary/shared/assert.ts';
import type { FileKey } from './identity.ts';
import type { Cursor, Source } from './source.ts';
import { parseFileToken } from './token.ts';

/** The sources of an input, found by file, by path and by stream. */
export class SourceTable {
  readonly #byKey = new Map<FileKey, Source>();
  #turn: Iterator<Source, undefined> = this.#byKey.values();
  /** Sources that are `here`, by the path a glob matched. */
  readonly #byPath = new Map<string, Source>();
  /** Other paths whose hints concern a source: where it was renamed to, or where a link leads. */
  readonly #byOtherPath = new Map<string, Source>();
  readonly #byStream = new Map<Id, Source>();
  /** Sources that are not `here`. */
  readonly away = new Set<Source>();
  /** Sources that time matters for: a held line, or a handle to be closed one day. */
  readonly care = new Set<Source>();

  get all(): Iterable<Source> {
    return this.#byKey.values();
  }

  get count(): number {
    return this.#byKey.size;
  }

  /** The next sources in turn, no more than there are. */
  *inTurn(count: number): Iterable<Source> {
    for (let left = Math.min(count, this.#byKey.size); left > 0; left -= 1) {
      let { value } = this.#turn.next();
      if (value === undefined) {
        this.#turn = this.#byKey.values();
        ({ value } = this.#turn.next());
      }
      if (value === undefined) return;
      yield value;
    }
  }

  add(source: Source): void {
    assert(!this.#byKey.has(source.key), 'a file has one source');
    this.#byKey.set(source.key, source);
    this.#byStream.set(source.cursor.streamId, source);
    this.#addPaths(source);
  }

  remove(source: Source): void {
    this.#removePaths(source);
    this.#byKey.delete(source.key);
    this.#byStream.delete(source.cursor.streamId);
    this.care.delete(source);
    this.away.delete(source);
  }

  byKey(key: FileKey): Source | undefined {
    return this.#byKey.get(key);
  }

  byPath(path: string): Source | undefined {
    return this.#byPath.get(path);
  }

  byHint(path: string): Source | undefined {
    return this.#byPath.get(path) ?? this.#byOtherPath.get(path);
  }

  byStream(streamId: Id): Source | undefined {
    return this.#byStream.get(streamId);
  }

  has(source: Source): boolean {
    return this.#byKey.get(source.key) === source;
  }

  /** The source has another place, or another path. */
  move(source: Source, to: { identity: SourceIdentity; place: Source['place'] }): void {
    this.#removePaths(source);
    source.identity = to.identity;
    source.place = to.place;
    this.#addPaths(source);
  }

  setCursor(source: Source, cursor: Cursor): void {
    if (cursor.streamId !== source.cursor.streamId) {
      this.#byStream.delete(source.cursor.streamId);
      this.#byStream.set(cursor.streamId, source);
    }
    source.cursor = cursor;
  }

  #addPaths(source: Source): void {
    if (source.place === 'here') {
      this.away.delete(source);
      this.#byPath.set(source.path, source);
      if (source.linkTarget !== undefined) this.#byOtherPath.set(source.linkTarget, source);
      return;
    }
    this.away.add(source);
    const { at } = parseFileToken(source.identity.token);
    if (at !== '') this.#byOtherPath.set(at, source);
  }

  #removePaths(source: Source): void {
    if (this.#byPath.get(source.path) === source) this.#byPath.delete(source.path);
    for (const path of [source.linkTarget, parseFileToken(source.identity.token).at]) {
      if (path !== undefined && this.#byOtherPath.get(path) === source) this.#byOtherPath.delete(path);
    }
  }
}
