import type { BigIntStats } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { FileInputContext } from './context.ts';
import type { Copies } from './copies.ts';
import { discover, type DiscoveryOptions } from './discovery.ts';
import { FolderIndex, keyAt } from './folder-index.ts';
import type { FolderTree, Walk } from './folder-tree.ts';
import type { FolderWatcher } from './folder-watcher.ts';
import { birthOf, type FileKey, isBornAnew, keyOf } from './identity.ts';
import type { KnownStreams } from './known-streams.ts';
import { discoveriesMax, folderFilesMax, looksPerScanMin, looksPerSecond, pollsPerSecond } from './limits.ts';
import type { Reader } from './reader.ts';
import { Recovery } from './recovery.ts';
import { namesBefore } from './rotated-names.ts';
import type { Source } from './source.ts';
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
  readonly #recovery: Recovery;
  #ownBefore: Promise<boolean> | undefined;
  /** Files that were left out at the first scan, and where what is read of them later begins. */
  readonly #leftOut = new Map<FileKey, number | 'end'>();
  /** Files that could not be decided about or opened: they are looked at in each scan, for nothing in their folder needs to change. */
  #unsettled = new Set<string>();
  #isFirst = true;

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#context = options.context;
    this.#tree = options.context.patterns.tree();
    this.#recovery = new Recovery(options);
  }

  /** Looks for files in every folder, and at known files in turn; `elapsedMs` since the last scan, undefined: at all of them. */
  async scan(elapsedMs: number | undefined): Promise<void> {
    const { patterns, table } = this.#context;
    const { watcher, whereabouts, known } = this.#options;
    const index = new FolderIndex();
    const walk = await this.#walk();
    const named = await patterns.named();
    const unsettled = this.#unsettled;
    this.#unsettled = new Set();
    await this.look(new Set([...named, ...this.#pathsIn(walk), ...unsettled]), index);
    if (walk.hasChanged || !watcher.isComplete) {
      for (const source of table.all) {
        const isThere = source.place !== 'here' || this.#tree.has(source.path) || named.has(source.path);
        if (!isThere) await this.look([source.path], index);
      }
    }
    for (const source of table.inTurn(this.#turns(elapsedMs))) {
      if (source.place === 'here') await this.look([source.path], index);
    }
    for (const source of table.away) {
      if (source.place === 'parked') await whereabouts.checkParked(source, index);
      else if (source.failed || !table.care.has(source)) await whereabouts.checkMoved(source);
    }
    const rest = await known.rest();
    await this.#recovery.recover(rest, this.#isFirst ? rest.length : this.#turns(elapsedMs), index);
    await this.#checkExpected();
    this.#isFirst = false;
  }

  /** The file of a source is not at its path any more. */
  left(source: Source): void {
    this.#recovery.rotated(source, source.identity);
    this.#options.onUndecided();
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
      const onFollowed: DiscoveryOptions['onFollowed'] = (source, before) => {
        this.#recovery.rotated(source, before);
        reader.queue(source);
      };
      const discovery = await discover(path, { context: this.#context, known, copies, start, onFollowed });
      troubles.clear(path);
      if (discovery.kind === 'undecided' && discovery.isSoon) {
        this.#unsettled.add(path);
        onUndecided();
      }
      if (discovery.kind === 'undecided' && start === 'end') await this.#leaveOut(path);
      if (discovery.kind !== 'found') return;
      const { source } = discovery;
      // A link's own folder tells nothing of what is written to its target. Watched before it is read, so that no hint is missed.
      if (source.linkTarget !== undefined) await watcher.add(dirname(source.linkTarget));
      reader.queue(source);
    } catch (error) {
      if (!isFileError(error)) throw error;
      if (isMissing(error)) return;
      this.#unsettled.add(path);
      troubles.raise(path, error);
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
