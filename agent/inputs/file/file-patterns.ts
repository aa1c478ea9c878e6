import { glob, lstat } from 'node:fs/promises';
import { dirname, matchesGlob, normalize } from 'node:path';
import { matchesRememberedMax } from './limits.ts';

const magic = /[*?[\]{}()!+@\\]/;

/** What one input reads: the globs of its options without those it excludes. A name of a file that is there is taken literally. */
export class FilePatterns {
  readonly #paths: readonly string[];
  readonly #exclude: readonly string[];
  readonly #remembered = new Map<string, boolean>();

  constructor(options: { readonly paths: readonly string[]; readonly exclude: readonly string[] }) {
    this.#paths = options.paths.map((path) => normalize(path));
    this.#exclude = options.exclude.map((path) => normalize(path));
  }

  /** Paths without a wildcard: that nothing is there is worth telling. */
  get literals(): readonly string[] {
    return this.#paths.filter((path) => !magic.test(path));
  }

  /** Folders that must be there for anything to match a glob. */
  get bases(): readonly string[] {
    return this.#paths.filter((path) => magic.test(path)).map((path) => baseOf(path));
  }

  /** Whether files may match in folders that are made later. */
  get hasWildFolders(): boolean {
    return this.#paths.some((path) => magic.test(dirname(path)));
  }

  /** Whether a path is one of this input's, whatever it is. */
  matches(path: string): boolean {
    const remembered = this.#remembered.get(path);
    if (remembered !== undefined) return remembered;
    const matches = this.#paths.some((pattern) => pattern === path || matchesGlob(path, pattern)) && !this.#isExcluded(path);
    if (this.#remembered.size >= matchesRememberedMax) this.#remembered.clear();
    this.#remembered.set(path, matches);
    return matches;
  }

  /** All paths that match now, each once. A folder that cannot be read counts as empty. */
  async expand(): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (const pattern of this.#paths) {
      const literal = !magic.test(pattern) || (await isThere(pattern));
      if (literal) found.add(pattern);
      else for await (const path of walk(pattern)) found.add(path);
    }
    for (const path of found) {
      if (this.#isExcluded(path)) found.delete(path);
    }
    return found;
  }

  /** Folders in which a file that matches may appear, as far as they are there. */
  async folders(): Promise<ReadonlySet<string>> {
    const folders = new Set<string>();
    for (const pattern of this.#paths) {
      folders.add(baseOf(pattern));
      const folder = dirname(pattern);
      if (!magic.test(folder)) continue;
      for await (const path of walk(folder)) folders.add(path);
    }
    return folders;
  }

  #isExcluded(path: string): boolean {
    return this.#exclude.some((pattern) => pattern === path || matchesGlob(path, pattern));
  }
}

/** `**` stays inside its tree; a wildcard for one folder also stands for a link to one. */
function walk(pattern: string): AsyncIterable<string> {
  return glob(pattern, { followSymlinks: !pattern.includes('**') });
}

/** The longest folder of a pattern that has no wildcard. */
function baseOf(pattern: string): string {
  let folder = dirname(pattern);
  while (magic.test(folder)) folder = dirname(folder);
  return folder;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}
