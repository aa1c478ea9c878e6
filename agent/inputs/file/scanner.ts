import type { BigIntStats } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { StreamState } from '../input.ts';
import { attributesKeyOf } from './claims.ts';
import type { FileInputContext } from './context.ts';
import type { Copies } from './copies.ts';
import { discover } from './discovery.ts';
import { FolderIndex, keyAt } from './folder-index.ts';
import type { FolderTree, Walk } from './folder-tree.ts';
import type { FolderWatcher } from './folder-watcher.ts';
import { birthOf, type FileKey, isBornAnew, keyOf, keyOfIdentity, reasonOf, verify } from './identity.ts';
import type { KnownStreams } from './known-streams.ts';
import { discoveriesMax, folderFilesMax, looksPerScanMin, looksPerSecond, pollsPerSecond } from './limits.ts';
import { openForReading } from './linux.ts';
import type { Reader } from './reader.ts';
import { namesBefore } from './rotated-names.ts';
import { Source } from './source.ts';
import { parseFileToken, withToken } from './token.ts';
import { isFileError, isMissing, NotAFileError } from './troubles.ts';
import type { Whereabouts } from './whereabouts.ts';

export interface ScannerOptions {
  readonly context: FileInputContext;
  readonly reader: Reader;
  readonly whereabouts: Whereabouts;
  readonly copies: Copies;
  readonly known: KnownStreams;
  readonly watcher: FolderWatcher;
  /** Some file has to be looked at again soon. */
  readonly onUndecided: () => void;
}

/**
 * Finds files, and notices what happened to those that are known. `scan` relies on nothing: it looks into every folder that changed, and
 * at the known files in turn, so many at a time that it costs little however many there are. `look` is told by a hint where to look.
 * Used by one task only.
 */
export class Scanner {
  readonly #options: ScannerOptions;
  readonly #context: FileInputContext;
  readonly #tree: FolderTree;
  #ownBefore: Promise<boolean> | undefined;
  /** Files that were left out at the first scan, and where what is read of them later begins. */
  readonly #leftOut = new Map<FileKey, number | 'end'>();
  #recovered = 0;
  #isFirst = true;

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#context = options.context;
    this.#tree = options.context.patterns.tree();
  }

  /** Looks for files in every folder, and at known files in turn; `elapsedMs` since the last scan, undefined: at all of them. */
  async scan(elapsedMs: number | undefined): Promise<void> {
    const { patterns, table } = this.#context;
    const { watcher, whereabouts, known } = this.#options;
    const index = new FolderIndex();
    const walk = await this.#walk();
    const named = await patterns.named();
    await this.look([...named, ...this.#pathsIn(walk)], index);
    if (walk.hasChanged || !watcher.isComplete) {
      for (const source of table.all) {
        const isThere = source.place !== 'here' || this.#tree.has(source.path) || named.has(source.path);
        if (!isThere) await this.look([source.path], index);
      }
    }
    for (const source of table.inTurn(this.#turns(elapsedMs))) {
      if (source.place === 'here') await this.look([source.path], index);
    }
    for (const source of table.away) if (source.place === 'parked') await whereabouts.checkParked(source, index);
    await this.#recoverRest(await known.rest(), elapsedMs, index);
    await this.#checkExpected();
    this.#isFirst = false;
  }

  /** Whether something new at this path may be a folder in which files match. */
  async isWay(path: string): Promise<boolean> {
    if (!this.#tree.leadsThrough(path)) return false;
    return await stat(path).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
  }

  /** Looks at these paths, and opens the files that are new. */
  async look(paths: Iterable<string>, index: FolderIndex): Promise<void> {
    let found: string[] = [];
    const rotated: string[] = [];
    for (const path of paths) {
      if (!(await this.#lookAt(path, index))) continue;
      // What may be the copy of another file is looked at when that one is known.
      if (namesBefore(basename(path)).length > 0) rotated.push(path);
      else found.push(path);
      if (found.length < discoveriesMax) continue;
      await this.#discoverAll(found);
      found = [];
    }
    await this.#discoverAll(found);
    for (let at = 0; at < rotated.length; at += discoveriesMax) await this.#discoverAll(rotated.slice(at, at + discoveriesMax));
  }

  /** Watches folders before they are listed, so that nothing that happens in between is missed for long. */
  async #walk(): Promise<Walk> {
    const { troubles, table, patterns } = this.#context;
    const { watcher } = this.#options;
    const walk = await this.#tree.walk({
      onFolder: (folder) => watcher.add(folder),
      onListed: (folder, error) => (error === undefined ? troubles.clear(folder) : troubles.raise(folder, error)),
    });
    const folders = new Set([...patterns.literals.map((path) => dirname(path)), ...walk.folders]);
    for (const source of table.all) {
      if (source.linkTarget !== undefined) folders.add(dirname(source.linkTarget));
      if (source.place === 'moved') folders.add(dirname(source.currentPath));
    }
    await watcher.keep(folders);
    return walk;
  }

  /** What there is to look at in folders that were listed anew. */
  #pathsIn({ fresh }: Walk): readonly string[] {
    const { patterns, table } = this.#context;
    return fresh.flatMap(({ paths, before }) =>
      [...paths].filter((path) => {
        if (patterns.isExcluded(path)) return false;
        return paths.size <= folderFilesMax || !before.has(path) || table.byPath(path) === undefined;
      }),
    );
  }

  /** How many known files this scan looks at. */
  #turns(elapsedMs: number | undefined): number {
    const { table } = this.#context;
    if (elapsedMs === undefined) return table.count;
    const perSecond = this.#options.watcher.isComplete ? looksPerSecond : pollsPerSecond;
    return Math.max(looksPerScanMin, Math.ceil((elapsedMs / 1000) * perSecond));
  }

  /** True when there is a file that no source is for. */
  async #lookAt(path: string, index: FolderIndex): Promise<boolean> {
    const { table } = this.#context;
    const { whereabouts } = this.#options;
    let stats: BigIntStats;
    try {
      stats = await stat(path, { bigint: true });
    } catch (error) {
      await this.#cannotLook(path, error, index);
      return false;
    }
    const key = keyOf(stats);
    const there = table.byPath(path);
    if (there !== undefined && there.key !== key) await whereabouts.left(there, index);
    if (!stats.isFile()) {
      this.#noFile(path, stats);
      return false;
    }
    let source = table.byKey(key);
    if (source !== undefined && source.handle === undefined && isBornAnew(source.identity, stats)) {
      // The file was deleted while it was closed, and a new one has its inode.
      await whereabouts.finish(source);
      source = table.byKey(key);
    }
    if (source === undefined) return !this.#isLeftOut(key, stats) && !this.#options.copies.isCopy(key, stats);
    if (source.path !== path || source.place !== 'here') {
      // Either a second name of the same file, or the file was renamed.
      const isSecondName = source.place === 'here' && (await keyAt(source.path)) === key;
      if (!isSecondName) await whereabouts.returned(source, path, index);
    }
    this.#notice(source, stats);
    return false;
  }

  /** Whether nobody wrote to the file for longer than is asked for. */
  #isLeftOut(key: FileKey, stats: BigIntStats): boolean {
    const { options, clock } = this.#context;
    const { ignore_older: olderMs, start } = options;
    if (olderMs === undefined || clock.now() - Number(stats.mtimeMs) <= olderMs) return false;
    if (this.#isFirst && start === 'end') this.#leftOut.set(key, Number(stats.size));
    return true;
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
    else if (there !== undefined) await this.#options.whereabouts.left(there, index);
    else if (!patterns.literals.includes(path)) troubles.forget(path);
  }

  /** Has the source read when its file changed since it was looked at or read. */
  #notice(source: Source, stats: BigIntStats): void {
    const { sink } = this.#context;
    const isWritten = Number(stats.mtimeMs) !== source.modifiedMs;
    const hasChanged = source.hasChanged(stats) || isWritten;
    // Written, and as long as before: the bytes before the position may be the same by chance, so more is looked at.
    if (isWritten && !source.hasChanged(stats)) source.verified = false;
    source.look(stats);
    if (parseFileToken(source.identity.token).birth === '' && birthOf(stats) !== '' && source.holds === 0) {
      source.identity = withToken(source.identity, { birth: birthOf(stats) });
      sink.updateIdentity(source.cursor.streamId, source.identity);
    }
    if (hasChanged || source.failed) this.#options.reader.queue(source);
  }

  async #discoverAll(paths: readonly string[]): Promise<void> {
    await Promise.all(paths.map((path) => this.#discover(path)));
  }

  async #discover(path: string): Promise<void> {
    const { troubles } = this.#context;
    const { known, copies, reader, watcher, onUndecided } = this.#options;
    try {
      const start = await this.#startOf(path);
      const onFollowed = (source: Source): void => reader.queue(source);
      const discovery = await discover(path, { context: this.#context, known, copies, start, onFollowed });
      troubles.clear(path);
      if (discovery.kind === 'undecided' && discovery.isSoon) onUndecided();
      if (discovery.kind === 'undecided' && start === 'end') await this.#leaveOut(path);
      if (discovery.kind !== 'found') return;
      const { source } = discovery;
      // A link's own folder tells nothing of what is written to its target. Watched before it is read, so that no hint is missed.
      if (source.linkTarget !== undefined) await watcher.add(dirname(source.linkTarget));
      reader.queue(source);
    } catch (error) {
      if (!isFileError(error)) throw error;
      if (!isMissing(error)) troubles.raise(path, error);
    }
  }

  async #leaveOut(path: string): Promise<void> {
    const key = await keyAt(path);
    if (key !== undefined) this.#leftOut.set(key, 'end');
  }

  async #startOf(path: string): Promise<'beginning' | 'end' | number> {
    if (this.#context.options.start !== 'end') return 'beginning';
    if (this.#isFirst && !(await this.#hasOwn())) return 'end';
    const key = this.#leftOut.size === 0 ? undefined : await keyAt(path);
    return (key === undefined ? undefined : this.#leftOut.get(key)) ?? 'beginning';
  }

  /** Whether this input ran before. Asked once, before the first file is found. */
  #hasOwn(): Promise<boolean> {
    this.#ownBefore ??= this.#options.known.hasOwn();
    return this.#ownBefore;
  }

  /** Looks for the files of streams that were not found by a path: at some of them in turn, if there are many. */
  async #recoverRest(rest: readonly StreamState[], elapsedMs: number | undefined, index: FolderIndex): Promise<void> {
    const count = this.#isFirst ? rest.length : Math.min(rest.length, this.#turns(elapsedMs));
    if (this.#recovered >= rest.length) this.#recovered = 0;
    const { length } = rest;
    for (let at = 0; at < count; at += 1) {
      const state = rest[(this.#recovered + at) % length];
      if (state !== undefined) await this.#recover(state, index);
    }
    this.#recovered += count;
  }

  /** A stream whose file is not at its path any more: rotated or deleted while nobody looked. */
  async #recover(state: StreamState, index: FolderIndex): Promise<void> {
    const { patterns, troubles } = this.#context;
    const { identity, streamId } = state;
    const path = await index.locate(identity, keyOfIdentity(identity));
    // Where a glob matches, a look takes the stream as soon as the file can be opened.
    if (path !== undefined && patterns.matches(path)) return;
    try {
      if (path !== undefined) await this.#readRotated(state, path);
      else if (await this.#options.whereabouts.isGone(streamId, identity, index)) await this.#gone(state);
    } catch (error) {
      if (!isFileError(error)) throw error;
      if (!isMissing(error)) troubles.raise(path ?? identity.path, error);
    }
  }

  /** What became of the file holds the rest of its content, or that is lost. */
  async #gone(state: StreamState): Promise<void> {
    const { sink, events, kind } = this.#context;
    const { known, copies, reader } = this.#options;
    const { identity, streamId } = state;
    const traits = await kind.traitsOf(identity.path);
    known.settle([state]);
    const copy = typeof traits !== 'object' ? undefined : await copies.follow(state, { ...traits, attributes: state.attributes });
    if (copy === undefined) {
      events.fileReplaced(identity.path, streamId, 'the file is gone; what was not read of it is lost');
      sink.endStream(streamId);
    } else reader.queue(copy);
  }

  async #readRotated(state: StreamState, path: string): Promise<void> {
    const { table, files, claims, claimant, sink, events, clock, kind } = this.#context;
    const { known, copies, reader } = this.#options;
    const { streamId } = state;
    const key = keyOfIdentity(state.identity);
    const decided = await kind.traitsOf(state.identity.path);
    if (typeof decided !== 'object') return;
    // What was rotated away is read to its end as what it was, even if its path stands for something else by now.
    const traits = { ...decided, attributes: state.attributes };
    const handle = await openForReading(path);
    let isKept = false;
    try {
      const stats = await handle.stat({ bigint: true });
      if (keyOf(stats) !== key) return;
      const identity = withToken(state.identity, { at: path });
      const source = new Source({ key, traits, state: { ...state, identity }, nowMs: clock.monotonic() });
      // The reader looks whether a compressed file holds what was read of it.
      const verdict = source.compression === '' ? await verify(handle, state) : 'same';
      known.settle([state]);
      if (verdict !== 'same') {
        events.fileReplaced(state.identity.path, streamId, reasonOf(verdict));
        const copy = await copies.follow(state, traits);
        if (copy === undefined) sink.endStream(streamId);
        else reader.queue(copy);
        return;
      }
      if (!claims.claimFile(claimant, key, attributesKeyOf(traits.attributes)) || !claims.claimStream(claimant, streamId)) return;
      source.place = 'moved';
      source.verified = source.compression === '';
      source.look(stats);
      source.sizeFound = source.compression === '' ? source.size : Number.MAX_SAFE_INTEGER;
      isKept = true;
      table.add(source);
      table.care.add(source);
      await files.adopt(source, handle);
      sink.updateIdentity(streamId, source.identity);
      events.fileRotated(source.path, streamId);
      reader.queue(source);
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
