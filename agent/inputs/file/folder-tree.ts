/**
 * The folders that globs lead to, and the files in them that match. A folder is listed again only when its modification time changed
 * since, or may change without our noticing as it changed just now: so looking for files among tens of thousands costs one `stat` for
 * each folder.
 */
import type { BigIntStats, Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, matchesGlob } from 'node:path';
import { birthOf } from './identity.ts';

export const magic = /[*?[\]{}()!+@\\]/;

/** Modification times of some file systems are two seconds coarse. */
const settledAfterMs = 2500;

interface Listing {
  readonly key: string;
  readonly isSettled: boolean;
  /** Paths that match, whatever they are. */
  readonly paths: ReadonlySet<string>;
  /** Folders in it that globs lead through. */
  readonly folders: readonly string[];
}

export interface Walk {
  /** Every folder that globs lead to. */
  readonly folders: ReadonlySet<string>;
  /** Those that were listed anew: what matches in them, and what did at the last walk. */
  readonly fresh: readonly { readonly paths: ReadonlySet<string>; readonly before: ReadonlySet<string> }[];
  /** Something may be gone since the last walk. */
  readonly hasChanged: boolean;
}

export interface WalkOptions {
  /** Called before a folder is listed. */
  readonly onFolder?: (folder: string) => Promise<void>;
  /** A folder that is there cannot be listed, or can be again. */
  readonly onListed?: (folder: string, error: Error | undefined) => void;
}

const noPaths: ReadonlySet<string> = new Set();

export class FolderTree {
  readonly #globs: readonly Glob[];
  #listings = new Map<string, Listing>();

  constructor(globs: readonly string[]) {
    this.#globs = globs.map((glob) => new Glob(glob));
  }

  /** Whether this was there and matched at the last walk. */
  has(path: string): boolean {
    return this.#listings.get(dirname(path))?.paths.has(path) === true;
  }

  /** Whether globs lead through a folder of this path. */
  leadsThrough(folder: string): boolean {
    return this.#globs.some((glob) => glob.leadsThrough(folder));
  }

  *paths(): Iterable<string> {
    for (const { paths } of this.#listings.values()) yield* paths;
  }

  async walk(options: WalkOptions = {}): Promise<Walk> {
    const known = this.#listings;
    const listings = new Map<string, Listing>();
    const fresh: { paths: ReadonlySet<string>; before: ReadonlySet<string> }[] = [];
    const waiting = [...new Set(this.#globs.map((glob) => glob.base))];
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
      if (listings.has(folder)) continue;
      await options.onFolder?.(folder);
      const before = known.get(folder);
      const listing = await this.#listing(folder, before, options);
      if (listing === undefined) continue;
      listings.set(folder, listing);
      if (listing !== before) fresh.push({ paths: listing.paths, before: before?.paths ?? noPaths });
      waiting.push(...listing.folders);
    }
    this.#listings = listings;
    const hasChanged = fresh.length > 0 || [...known.keys()].some((folder) => !listings.has(folder));
    return { folders: new Set(listings.keys()), fresh, hasChanged };
  }

  /** Undefined: there is no such folder, or it is closed to us. */
  async #listing(folder: string, known: Listing | undefined, { onListed }: WalkOptions): Promise<Listing | undefined> {
    try {
      // The time of the file system, whatever clock drives the input.
      const startedMs = Date.now();
      const stats = await stat(folder, { bigint: true });
      if (!stats.isDirectory()) return undefined;
      // Tells the device as one that knows births: a folder is older than the last file in it.
      birthOf(stats);
      const key = keyOf(stats);
      if (known?.key === key && known.isSettled) return known;
      const entries = await readdir(folder, { withFileTypes: true });
      onListed?.(folder, undefined);
      const changedMs = Number(stats.mtimeNs / 1_000_000n);
      return { key, isSettled: Math.abs(startedMs - changedMs) > settledAfterMs, ...(await this.#sort(folder, entries)) };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') onListed?.(folder, error);
      return undefined;
    }
  }

  async #sort(folder: string, entries: readonly Dirent[]): Promise<Pick<Listing, 'paths' | 'folders'>> {
    const paths = new Set<string>();
    const folders: string[] = [];
    const globs = this.#globs.filter((glob) => glob.mayHold(folder));
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (!entry.isDirectory() && globs.some((glob) => glob.matches(path))) paths.add(path);
      if (await this.#isFolder(entry, path)) folders.push(path);
    }
    return { paths, folders };
  }

  /** `**` stays inside its tree; a wildcard for one folder also stands for a link to one. */
  async #isFolder(entry: Dirent, path: string): Promise<boolean> {
    if (entry.isDirectory()) return this.leadsThrough(path);
    if (!entry.isSymbolicLink() || !this.#globs.some((glob) => !glob.isDeep && glob.leadsThrough(path))) return false;
    return await stat(path).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
  }
}

/** One glob, and the folders that it leads through. */
class Glob {
  readonly #pattern: string;
  /** Globs of the folders on the way. */
  readonly #ways: readonly string[];
  readonly #folder: string;
  /** Folders of any depth may match. */
  readonly isDeep: boolean;
  /** The longest folder that has no wildcard. */
  readonly base: string;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.base = baseOf(pattern);
    const parts = partsOf(pattern);
    const deepAt = parts.findIndex((part, index) => index < parts.length - 1 && (part === '**' || part.includes('/')));
    const lastIsDeep = parts.at(-1) === '**' || parts.at(-1)?.includes('/') === true;
    this.isDeep = deepAt >= 0 || lastIsDeep;
    const depth = this.isDeep ? (deepAt >= 0 ? deepAt : parts.length - 1) : parts.length - 1;
    const ways = parts.slice(0, depth).map((_, index) => parts.slice(0, index + 1).join('/'));
    this.#ways = this.isDeep ? [...ways, [...parts.slice(0, depth), '**'].join('/')] : ways;
    this.#folder = this.#ways.at(-1) ?? '';
  }

  matches(path: string): boolean {
    return this.#pattern === path || matchesGlob(path, this.#pattern);
  }

  /** Whether files in this folder may match. */
  mayHold(folder: string): boolean {
    if (this.isDeep) return folder === this.base || this.leadsThrough(folder);
    return folder === this.#folder || matchesGlob(folder, this.#folder);
  }

  leadsThrough(folder: string): boolean {
    return this.#ways.some((way) => way === folder || matchesGlob(folder, way));
  }
}

/** The parts between slashes; braces that hold a slash are one part. */
function partsOf(pattern: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const character of pattern) {
    if (character === '{') depth += 1;
    if (character === '}') depth = Math.max(0, depth - 1);
    if (character === '/' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += character;
  }
  parts.push(part);
  return parts;
}

/** The longest folder of a pattern that has no wildcard. */
export function baseOf(pattern: string): string {
  let folder = dirname(pattern);
  while (magic.test(folder)) folder = dirname(folder);
  return folder;
}

/** Another one when the folder is another, or something in it was made, renamed or deleted. */
function keyOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.mtimeNs}:${stats.ctimeNs}`;
}
