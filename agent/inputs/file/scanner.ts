import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BigIntStats } from 'node:fs';
import type { StreamState } from '../input.ts';
import { attributesKeyOf } from './claims.ts';
import type { FileInputContext } from './context.ts';
import { discover } from './discovery.ts';
import { FolderIndex, keyAt } from './folder-index.ts';
import type { FolderWatcher } from './folder-watcher.ts';
import { keyOf, keyOfIdentity, reasonOf, verify } from './identity.ts';
import type { KnownStreams } from './known-streams.ts';
import { discoveriesMax } from './limits.ts';
import { openForReading } from './linux.ts';
import type { Reader } from './reader.ts';
import { Source } from './source.ts';
import { isFileError, isMissing, NotAFileError } from './troubles.ts';
import type { Whereabouts } from './whereabouts.ts';

/**
 * Finds files, and notices what happened to those that are known. `scan` looks at everything and relies on nothing; `look` is told
 * by a hint where to look. Used by one task only.
 */
export class Scanner {
  readonly #context: FileInputContext;
  readonly #reader: Reader;
  readonly #whereabouts: Whereabouts;
  readonly #known: KnownStreams;
  readonly #watcher: FolderWatcher;
  readonly #onUndecided: () => void;
  #ownBefore: Promise<boolean> | undefined;
  #isFirst = true;

  constructor(options: {
    context: FileInputContext;
    reader: Reader;
    whereabouts: Whereabouts;
    known: KnownStreams;
    watcher: FolderWatcher;
    /** Some file has to be looked at again soon. */
    onUndecided: () => void;
  }) {
    this.#context = options.context;
    this.#reader = options.reader;
    this.#whereabouts = options.whereabouts;
    this.#known = options.known;
    this.#watcher = options.watcher;
    this.#onUndecided = options.onUndecided;
  }

  /** Looks for every file, and at every source. */
  async scan(): Promise<void> {
    const { patterns, table } = this.#context;
    const index = new FolderIndex();
    // Watching begins before looking, so that nothing that happens in between is missed for long.
    await this.#watch();
    const paths = await patterns.expand();
    await this.look(paths, index);
    for (const source of table.all) {
      if (source.place === 'here' && !paths.has(source.path)) await this.look([source.path], index);
      if (source.place === 'parked') await this.#whereabouts.checkParked(source, index);
    }
    for (const state of await this.#known.rest()) await this.#recover(state, index);
    await this.#checkExpected();
    this.#isFirst = false;
  }

  /** Looks at these paths, and opens the files that are new. */
  async look(paths: Iterable<string>, index: FolderIndex): Promise<void> {
    let found: string[] = [];
    for (const path of paths) {
      if (await this.#lookAt(path, index)) found.push(path);
      if (found.length < discoveriesMax) continue;
      await this.#discoverAll(found);
      found = [];
    }
    await this.#discoverAll(found);
  }

  /** True when there is a file that no source is for. */
  async #lookAt(path: string, index: FolderIndex): Promise<boolean> {
    const { table } = this.#context;
    let stats: BigIntStats;
    try {
      stats = await stat(path, { bigint: true });
    } catch (error) {
      await this.#cannotLook(path, error, index);
      return false;
    }
    const key = keyOf(stats);
    const there = table.byPath(path);
    if (there !== undefined && there.key !== key) await this.#whereabouts.left(there, index);
    if (!stats.isFile()) {
      this.#noFile(path, stats);
      return false;
    }
    const source = table.byKey(key);
    if (source === undefined) return true;
    if (source.path !== path || source.place !== 'here') {
      // Either a second name of the same file, or the file was renamed.
      const isSecondName = source.place === 'here' && (await keyAt(source.path)) === key;
      if (!isSecondName) await this.#whereabouts.returned(source, path, index);
    }
    this.#notice(source, stats);
    return false;
  }

  /** A path that was named is expected to be a file; globs such as `*` match folders too, which goes without saying. */
  #noFile(path: string, stats: BigIntStats): void {
    const { troubles, patterns } = this.#context;
    if (patterns.literals.includes(path)) troubles.raise(path, new NotAFileError(`${path} is no regular file`));
    else if (!stats.isDirectory()) troubles.skip(path);
  }

  async #cannotLook(path: string, error: unknown, index: FolderIndex): Promise<void> {
    if (!isFileError(error)) throw error;
    const { table, troubles, patterns } = this.#context;
    const there = table.byPath(path);
    if (!isMissing(error)) troubles.raise(path, error);
    else if (there !== undefined) await this.#whereabouts.left(there, index);
    else if (!patterns.literals.includes(path)) troubles.forget(path);
  }

  /** Has the source read when its file changed since it was looked at or read. */
  #notice(source: Source, stats: BigIntStats): void {
    const size = Number(stats.size);
    const modifiedMs = Number(stats.mtimeMs);
    const changed = size !== source.seenEnd || modifiedMs !== source.modifiedMs;
    source.modifiedMs = modifiedMs;
    if (changed || source.failed) this.#reader.queue(source);
  }

  async #discoverAll(paths: readonly string[]): Promise<void> {
    await Promise.all(paths.map((path) => this.#discover(path)));
  }

  async #discover(path: string): Promise<void> {
    const { troubles, options } = this.#context;
    try {
      const atEnd = this.#isFirst && options.start === 'end' && !(await this.#hasOwn());
      const discovery = await discover(path, { context: this.#context, known: this.#known, atEnd });
      troubles.clear(path);
      if (discovery.kind === 'undecided') this.#onUndecided();
      if (discovery.kind !== 'found') return;
      const { source } = discovery;
      // A link's own folder tells nothing of what is written to its target. Watched before it is read, so that no hint is missed.
      if (source.linkTarget !== undefined) await this.#watcher.add(dirname(source.linkTarget));
      this.#reader.queue(source);
    } catch (error) {
      if (!isFileError(error)) throw error;
      if (!isMissing(error)) troubles.raise(path, error);
    }
  }

  /** Whether this input ran before. Asked once, before the first file is found. */
  #hasOwn(): Promise<boolean> {
    this.#ownBefore ??= this.#known.hasOwn();
    return this.#ownBefore;
  }

  /** A stream whose file is not at its path any more: rotated or deleted while nobody looked. */
  async #recover(state: StreamState, index: FolderIndex): Promise<void> {
    const { patterns, sink, events, troubles } = this.#context;
    const { identity, streamId } = state;
    const key = keyOfIdentity(identity);
    const path = await index.locate(identity, key);
    // Where a glob matches, a look takes the stream as soon as the file can be opened.
    if (path !== undefined && patterns.matches(path)) return;
    if (path === undefined) {
      if (!(await this.#whereabouts.isGone(streamId, identity, index))) return;
      this.#known.settle([state]);
      events.fileReplaced(identity.path, streamId, 'the file is gone; what was not read of it is lost');
      sink.endStream(streamId);
      return;
    }
    try {
      await this.#readRotated(state, path);
    } catch (error) {
      if (!isFileError(error)) throw error;
      if (!isMissing(error)) troubles.raise(path, error);
    }
  }

  async #readRotated(state: StreamState, path: string): Promise<void> {
    const { table, files, claims, claimant, sink, events, clock } = this.#context;
    const { streamId } = state;
    const key = keyOfIdentity(state.identity);
    const decided = await this.#context.kind.traitsOf(state.identity.path);
    if (typeof decided !== 'object') return;
    // What was rotated away is read to its end as what it was, even if its path stands for something else by now.
    const traits = { ...decided, attributes: state.attributes };
    const handle = await openForReading(path);
    let isKept = false;
    try {
      const stats = await handle.stat({ bigint: true });
      if (keyOf(stats) !== key) return;
      const verdict = await verify(handle, state);
      this.#known.settle([state]);
      if (verdict !== 'same') {
        events.fileReplaced(state.identity.path, streamId, reasonOf(verdict));
        sink.endStream(streamId);
        return;
      }
      if (!claims.claimFile(claimant, key, attributesKeyOf(traits.attributes)) || !claims.claimStream(claimant, streamId)) return;
      const source = new Source({ key, traits, state, nowMs: clock.monotonic() });
      source.place = 'moved';
      source.sizeFound = Number(stats.size);
      source.identity = { ...state.identity, token: path };
      isKept = true;
      table.add(source);
      table.care.add(source);
      await files.adopt(source, handle);
      sink.updateIdentity(streamId, source.identity);
      events.fileRotated(source.path, streamId);
      this.#reader.queue(source);
    } finally {
      if (!isKept) await handle.close();
    }
  }

  /** What the options name without a wildcard and is not there, or is closed to us, is told once. */
  async #checkExpected(): Promise<void> {
    const { patterns, troubles } = this.#context;
    for (const folder of patterns.bases) {
      const error = await errorOf(access(folder, constants.R_OK | constants.X_OK));
      if (error === undefined) troubles.clear(folder);
      else troubles.raise(folder, error);
    }
    // Later a file may be missing for a moment, between a rotation and the new file.
    if (!this.#isFirst) return;
    for (const path of patterns.literals) {
      const error = await errorOf(access(path));
      if (error !== undefined) troubles.raise(path, error);
    }
  }

  async #watch(): Promise<void> {
    const { patterns, table } = this.#context;
    const folders = new Set(await patterns.folders());
    for (const source of table.all) {
      folders.add(dirname(source.path));
      if (source.linkTarget !== undefined) folders.add(dirname(source.linkTarget));
      if (source.place === 'moved' && source.identity.token !== '') folders.add(dirname(source.identity.token));
    }
    await this.#watcher.keep(folders);
  }
}

async function errorOf(attempt: Promise<void>): Promise<Error | undefined> {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    if (isFileError(error)) return error;
    throw error;
  }
}
