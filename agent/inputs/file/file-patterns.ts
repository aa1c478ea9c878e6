import { lstat } from 'node:fs/promises';
import { dirname, matchesGlob, normalize } from 'node:path';
import { baseOf, FolderTree, magic } from './folder-tree.ts';
import { matchesRememberedMax } from './limits.ts';

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
    const matches = this.#paths.some((pattern) => pattern === path || matchesGlob(path, pattern)) && !this.isExcluded(path);
    if (this.#remembered.size >= matchesRememberedMax) this.#remembered.clear();
    this.#remembered.set(path, matches);
    return matches;
  }

  /** The folders that globs lead to. */
  tree(): FolderTree {
    return new FolderTree(this.#paths.filter((path) => magic.test(path)));
  }

  /** Paths that were named and are there. One that also is a glob is a name if there is such a file. */
  async named(): Promise<ReadonlySet<string>> {
    const named = new Set<string>();
    for (const path of this.#paths) {
      if ((!magic.test(path) || (await isThere(path))) && !this.isExcluded(path)) named.add(path);
    }
    return named;
  }

  /** All paths that match now, each once. A folder that cannot be read counts as empty. */
  async expand(): Promise<ReadonlySet<string>> {
    const tree = this.tree();
    await tree.walk();
    const found = new Set(await this.named());
    for (const path of tree.paths()) if (!this.isExcluded(path)) found.add(path);
    return found;
  }

  /** Folders in which a file that matches may appear, as far as they are there. */
  async folders(): Promise<ReadonlySet<string>> {
    const { folders } = await this.tree().walk();
    return new Set([...this.#paths.map((path) => baseOf(path)), ...folders]);
  }

  isExcluded(path: string): boolean {
    return this.#exclude.some((pattern) => pattern === path || matchesGlob(path, pattern));
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}
