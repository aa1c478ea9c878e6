import type { BigIntStats } from 'node:fs';
import { access, constants, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SourceIdentity } from '@tributary/protocol/messages.ts';
import { type FileKey, isBornAnew, keyOf } from './identity.ts';
import { subfoldersMax } from './limits.ts';
import { pathsOf } from './token.ts';
import { isClosed, isMissing } from './troubles.ts';

/** Finds files by device and inode in a folder. Lists a folder once: make a new index for every look. */
export class FolderIndex {
  readonly #folders = new Map<string, Promise<ReadonlyMap<FileKey, string>>>();
  /** Something could not be looked at just now, so that what was not found may be there. */
  #isPartial = false;

  /** Where the file is that once had this identity: where it was last, or under another name in the same folders or those in them. */
  async locate(identity: SourceIdentity, key: FileKey): Promise<string | undefined> {
    const known = pathsOf(identity);
    for (const path of known) {
      if (await this.#isAt(path, identity, key)) return path;
    }
    for (const folder of await foldersNear(known, (error) => this.#failed(error))) {
      const path = (await this.#list(folder)).get(key);
      if (path !== undefined && (await this.#isAt(path, identity, key))) return path;
    }
    return undefined;
  }

  /**
   * Whether a file that was not located is gone for good: its folder, or what is left above it, is there and on the file's device. Where
   * another file system, or none, is mounted just now, or one of the `bases` of the globs is not there, the file may come back. Where this
   * index could not look at something, as too many files were open or a disk failed, nothing is gone.
   */
  async isGone(identity: SourceIdentity, bases: ReadonlySet<string>): Promise<boolean> {
    if (this.#isPartial) return false;
    for (const path of pathsOf(identity)) {
      if (!(await isGoneAt(path, identity.device, bases))) return false;
    }
    return true;
  }

  async statsOf(path: string): Promise<BigIntStats | undefined> {
    try {
      return await stat(path, { bigint: true });
    } catch {
      return undefined;
    }
  }

  #list(folder: string): Promise<ReadonlyMap<FileKey, string>> {
    return this.#folders.getOrInsertComputed(folder, () => this.#listFolder(folder));
  }

  async #listFolder(folder: string): Promise<ReadonlyMap<FileKey, string>> {
    const found = new Map<FileKey, string>();
    try {
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(folder, entry.name);
        const stats = await this.#stat(path);
        if (stats !== undefined) found.set(keyOf(stats), path);
      }
    } catch (error) {
      this.#failed(error);
    }
    return found;
  }

  /** Whether the file is at a path, and not another that has its inode now. */
  async #isAt(path: string, identity: SourceIdentity, key: FileKey): Promise<boolean> {
    const stats = await this.#stat(path);
    return stats !== undefined && keyOf(stats) === key && !isBornAnew(identity, stats);
  }

  async #stat(path: string): Promise<BigIntStats | undefined> {
    try {
      return await stat(path, { bigint: true });
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  /** What is gone, or closed to us, holds no file that we could read: that is an answer. */
  #failed(error: unknown): void {
    if (!isMissing(error) && !isClosed(error)) this.#isPartial = true;
  }
}

/** The folders of these paths, and after them those in them: rotated files are often moved into one. Those that cannot be listed lead nowhere. */
export async function foldersNear(
  paths: readonly string[],
  onFailed: (error: unknown) => void = () => undefined,
): Promise<readonly string[]> {
  const folders = new Set(paths.map((path) => dirname(path)));
  const inside: string[] = [];
  for (const folder of folders) {
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      const subfolders = entries.filter((entry) => entry.isDirectory()).slice(0, subfoldersMax);
      inside.push(...subfolders.map(({ name }) => join(folder, name)));
    } catch (error) {
      onFailed(error);
    }
  }
  return [...folders.union(new Set(inside))];
}

/** The key of the file at a path; undefined when there is none or it cannot be looked at. */
export async function keyAt(path: string): Promise<FileKey | undefined> {
  try {
    return keyOf(await stat(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

async function isGoneAt(path: string, device: string, bases: ReadonlySet<string>): Promise<boolean> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      const { dev } = await stat(folder, { bigint: true });
      await access(folder, constants.R_OK | constants.X_OK);
      return String(dev) === device;
    } catch (error) {
      const isRemoved = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!isRemoved || bases.has(folder) || folder === dirname(folder)) return false;
    }
  }
}
