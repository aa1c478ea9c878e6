/**
 * Objects as files of a folder. An object is written under a temporary name, synced and renamed, and the folder synced: it is whole or not
 * there. A folder that comes into being is synced into its parent.
 */
import { randomBytes } from 'node:crypto';
import { link, mkdir, open, opendir, readFile, rename, rm, rmdir, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assert } from '@tributary/shared/assert.ts';
import { ObjectStoreError, type ObjectName, type ObjectStore, type StoredObject } from './object-store.ts';

const markerName = '.tributary-spill';
const namePattern = /^[a-z0-9_-]{1,100}(?:\/[a-z0-9_-]{1,100}){0,7}$/;
const temporaryPattern = /\.[0-9a-f]{16}\.tmp$/;

/** Makes the folder when it is not there. Rejects with a sentence. */
export async function openFolderStore(folder: string): Promise<ObjectStore> {
  try {
    await makeFolder(folder);
    return new FolderStore(folder, await markerOf(folder));
  } catch (error) {
    throw new ObjectStoreError(
      `queue.redis.spill: ${folder} cannot be used (${reasonOf(error)}); name a folder that all hubs of the site share and may write to`,
      error,
    );
  }
}

class FolderStore implements ObjectStore {
  readonly id: string;
  readonly #folder: string;
  readonly #prepared = new Set<string>();

  constructor(folder: string, id: string) {
    this.#folder = folder;
    this.id = id;
  }

  async put(name: ObjectName, bytes: Uint8Array): Promise<void> {
    const path = this.#path(name);
    try {
      for (let tries = 1; ; tries += 1) {
        await this.#prepare(dirname(path));
        try {
          await writeWhole(path, bytes);
          return;
        } catch (error) {
          // Its folder was just removed for being empty.
          this.#prepared.delete(dirname(path));
          if (codeOf(error) !== 'ENOENT' || tries === triesMax) throw error;
        }
      }
    } catch (error) {
      throw new ObjectStoreError(`${path} cannot be written: ${reasonOf(error)}`, error);
    }
  }

  async get(name: ObjectName): Promise<Buffer | undefined> {
    const path = this.#path(name);
    try {
      return await readFile(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw new ObjectStoreError(`${path} cannot be read: ${reasonOf(error)}`, error);
    }
  }

  async delete(name: ObjectName): Promise<void> {
    const path = this.#path(name);
    try {
      await rm(path, { force: true });
    } catch (error) {
      throw new ObjectStoreError(`${path} cannot be removed: ${reasonOf(error)}`, error);
    }
  }

  async *list(): AsyncIterable<StoredObject> {
    yield* this.#listFolder('');
  }

  /** What is empty or half written is removed on the way when it is old. */
  async *#listFolder(below: string): AsyncIterable<StoredObject> {
    let entries = 0;
    for await (const entry of await opendir(join(this.#folder, below))) {
      entries += 1;
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      const path = join(this.#folder, name);
      if (entry.isDirectory()) {
        yield* this.#listFolder(name);
        continue;
      }
      const found = await stat(path).catch(() => undefined);
      if (found === undefined || !entry.isFile()) continue;
      if (temporaryPattern.test(entry.name)) {
        if (Date.now() - found.mtimeMs > leftoverMs) await rm(path, { force: true });
      } else if (namePattern.test(name)) yield { name, bytes: found.size, modifiedMs: found.mtimeMs };
    }
    // Only an empty one can be removed, and a put that is under way makes it again.
    if (entries === 0 && below !== '') await rmdir(join(this.#folder, below)).catch(() => undefined);
  }

  /** Another hub may have made it a moment ago and not synced it yet: so does each process, once. */
  async #prepare(folder: string): Promise<void> {
    if (this.#prepared.has(folder)) return;
    await mkdir(folder, { recursive: true, mode: 0o750 });
    for (let path = folder; path !== this.#folder; path = dirname(path)) await syncFolder(dirname(path));
    if (this.#prepared.size >= preparedMax) this.#prepared.clear();
    this.#prepared.add(folder);
  }

  #path(name: ObjectName): string {
    assert(namePattern.test(name), 'a name of an object is made of harmless parts');
    return join(this.#folder, name);
  }
}

const leftoverMs = 3_600_000;
const preparedMax = 1000;
const triesMax = 3;

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  const file = await open(temporary, 'wx', 0o640);
  try {
    await writeAndSync(file, bytes);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

async function writeAndSync(file: FileHandle, bytes: Uint8Array): Promise<void> {
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** With its parents; each new one is synced into its parent. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o750 });
  if (first === undefined) return;
  for (let path = folder; ; path = dirname(path)) {
    await syncFolder(dirname(path));
    if (path === first || path === dirname(path)) return;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const file = await open(folder, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Several hubs may come first at a time: one of them makes it. */
async function markerOf(folder: string): Promise<string> {
  const path = join(folder, markerName);
  const read = async (): Promise<string | undefined> => {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    });
    return text?.trim();
  };
  const there = await read();
  if (there !== undefined) return there;
  const own = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  const file = await open(own, 'wx', 0o640);
  try {
    await writeAndSync(file, Buffer.from(`${randomBytes(16).toString('hex')}\n`));
    await link(own, path).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  } finally {
    await rm(own, { force: true });
  }
  await syncFolder(folder);
  return (await read()) ?? '';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}
