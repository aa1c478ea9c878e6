import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SourceIdentity } from '@tributary/protocol/messages.ts';
import { type FileKey, keyOf } from './identity.ts';

/** Finds files by device and inode in a folder. Lists a folder once: make a new index for every look. */
export class FolderIndex {
  readonly #folders = new Map<string, Promise<ReadonlyMap<FileKey, string>>>();

  /** Where the file is that once had this identity: where it was last, or under another name in the same folders. */
  async locate(identity: SourceIdentity, key: FileKey): Promise<string | undefined> {
    const known = pathsOf(identity);
    for (const path of known) {
      if ((await keyAt(path)) === key) return path;
    }
    for (const folder of new Set(known.map((path) => dirname(path)))) {
      const path = (await this.#list(folder)).get(key);
      if (path !== undefined) return path;
    }
    return undefined;
  }

  /**
   * Whether a file that was not located is gone for good: its folder is there and on the file's device. Where another file system,
   * or none, is mounted just now, the file may come back.
   */
  async isGone(identity: SourceIdentity): Promise<boolean> {
    for (const path of pathsOf(identity)) {
      try {
        const folder = dirname(path);
        const { dev } = await stat(folder, { bigint: true });
        await readdir(folder);
        if (String(dev) !== identity.device) return false;
      } catch {
        return false;
      }
    }
    return true;
  }

  async sizeOf(path: string): Promise<number | undefined> {
    try {
      return (await stat(path)).size;
    } catch {
      return undefined;
    }
  }

  #list(folder: string): Promise<ReadonlyMap<FileKey, string>> {
    return this.#folders.getOrInsertComputed(folder, () => listFolder(folder));
  }
}

/** The key of the file at a path; undefined when there is none or it cannot be looked at. */
export async function keyAt(path: string): Promise<FileKey | undefined> {
  try {
    return keyOf(await stat(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

function pathsOf(identity: SourceIdentity): readonly string[] {
  return identity.token === '' ? [identity.path] : [identity.token, identity.path];
}

async function listFolder(folder: string): Promise<ReadonlyMap<FileKey, string>> {
  const found = new Map<FileKey, string>();
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(folder, entry.name);
      const key = await keyAt(path);
      if (key !== undefined) found.set(key, path);
    }
  } catch {
    // A folder that is gone or closed to us holds no file that we could read.
  }
  return found;
}
