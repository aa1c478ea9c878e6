/**
 * A folder of a file system as the archive's store. Each file is written under a temporary name beside its own, synced, renamed, and the folder
 * synced. Drafts and ranges block: they are used in threads of their own.
 */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, openSync, readFileSync, readSync, renameSync, rmSync } from 'node:fs';
import { open, opendir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { checksumOf, makeFolder, syncFolder, temporaryPath, writeSmallFile } from '../durable-file.ts';
import { isTemporaryName, keptName, manifestName } from '../object-name.ts';
import type { ArchiveStore, FileRange, FolderNames, ObjectDraft, StoredFile } from './archive-store.ts';

export class FolderStore implements ArchiveStore {
  readonly place: string;
  readonly #sign: string | undefined;

  /** `sign`: see FolderSpec. */
  constructor(folder: string, sign?: string) {
    this.place = folder;
    this.#sign = sign;
  }

  localPath(name: string): string {
    return join(this.place, name);
  }

  draft(name: string): ObjectDraft {
    this.#mustBeSigned();
    const path = join(this.place, name);
    makeFolder(dirname(path));
    return new FolderDraft(path);
  }

  async read(name: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.place, name));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async readRange(name: string, { offset, length }: FileRange): Promise<Buffer> {
    return readFileRange(join(this.place, name), offset, length);
  }

  async write(name: string, text: string): Promise<void> {
    this.#mustBeSigned();
    const path = join(this.place, name);
    makeFolder(dirname(path));
    writeSmallFile(path, text);
    syncFolder(dirname(path));
  }

  async writeNew(name: string, text: string): Promise<boolean> {
    const path = join(this.place, name);
    makeFolder(dirname(path));
    const own = temporaryPath(`${path}.new`);
    writeSmallFile(own, text);
    try {
      linkSync(own, path);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    } finally {
      rmSync(own, { force: true });
    }
    syncFolder(dirname(path));
    return true;
  }

  async remove(name: string): Promise<void> {
    const path = join(this.place, name);
    await rm(path, { force: true });
    await syncRemoval(dirname(path));
  }

  async checksum(name: string): Promise<string | undefined> {
    return checksumOf(join(this.place, name));
  }

  async *list(folder: string): AsyncGenerator<StoredFile, void, undefined> {
    const top = join(this.place, folder);
    let entries;
    try {
      entries = await opendir(top, { recursive: true });
    } catch (error) {
      if (folder !== '' && isMissing(error)) return;
      throw error;
    }
    for await (const entry of entries) {
      if (!entry.isFile() || isTemporaryName(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      const found = await statOf(path);
      if (found !== undefined) yield { name: path.slice(this.place.length + 1), ...found };
    }
  }

  async names(folder: string): Promise<FolderNames> {
    try {
      const entries = await readdir(join(this.place, folder), { withFileTypes: true });
      const named = (wanted: boolean): string[] =>
        entries.filter((entry) => entry.isDirectory() === wanted && !isTemporaryName(entry.name)).map(({ name }) => name);
      return { folders: named(true), files: named(false) };
    } catch (error) {
      if (folder !== '' && isMissing(error)) return { folders: [], files: [] };
      throw error;
    }
  }

  #mustBeSigned(): void {
    if (this.#sign === undefined || existsSync(join(this.place, this.#sign))) return;
    throw new Error(
      `${this.place} has no ${this.#sign} any more, which was made there at the start: mount the disk of the archive, or start the hub again if this folder is to be used`,
    );
  }

  async removeLeftovers(beforeMs: number): Promise<number> {
    let removed = 0;
    for (const entry of await readdir(this.place, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !isTemporaryName(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      // Another hub, which writes into the same folder, may have renamed it meanwhile.
      const found = await statOf(path);
      if (found === undefined || found.modifiedMs >= beforeMs) continue;
      await rm(path, { force: true });
      removed += 1;
    }
    return removed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

class FolderDraft implements ObjectDraft {
  readonly path: string;
  readonly #named: string;

  constructor(named: string) {
    this.#named = named;
    this.path = temporaryPath(named);
  }

  grown(): void {
    // The disk has it as it comes.
  }

  async seal(): Promise<void> {
    const file = openSync(this.path, 'r');
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  async publish({ sha256, manifest }: { readonly sha256: string; readonly manifest: string }): Promise<void> {
    crashPoint('hub.archive.before-rename');
    this.#keepOther(sha256);
    renameSync(this.path, this.#named);
    writeSmallFile(manifestName(this.#named), manifest);
    syncFolder(dirname(this.#named));
  }

  async discard(): Promise<void> {
    rmSync(this.path, { force: true });
  }

  #keepOther(sha256: string): void {
    if (!existsSync(this.#named)) return;
    const other = createHash('sha256').update(readFileSync(this.#named)).digest('hex');
    if (other === sha256) return;
    const kept = keptName(this.#named, other);
    if (existsSync(manifestName(this.#named))) renameSync(manifestName(this.#named), manifestName(kept));
    renameSync(this.#named, kept);
  }
}

/** Without it what was removed is there again after a loss of power. A folder that went meanwhile had nothing in it. */
async function syncRemoval(folder: string): Promise<void> {
  try {
    await using file = await open(folder, 'r');
    await file.sync();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Rejects where the file ends before. */
export function readFileRange(path: string, offset: number, length: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(length);
    if (readSync(file, bytes, 0, length, offset) !== length) throw new Error(`the file ends before byte ${offset + length}`);
    return bytes;
  } finally {
    closeSync(file);
  }
}

async function statOf(path: string): Promise<Omit<StoredFile, 'name'> | undefined> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { bytes: size, modifiedMs: mtimeMs };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
