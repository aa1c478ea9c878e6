/**
 * Frames that were fetched from a bucket, on the local disk: who searches the same days again, with another word, fetches nothing. Compressed
 * as they came, and encrypted where they are. Objects never change, so nothing in it is ever out of date; the least used goes first. A
 * cache that cannot be written is none: a search does not fail of it.
 */
import { hash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isTemporaryName, temporaryName } from '../object-name.ts';
import type { FileRange } from './archive-store.ts';

/** It is trimmed to less than it may hold, so that it is not trimmed at each search. */
const trimmedShare = 0.8;
const leftoverMs = 3_600_000;

export class FrameCache {
  readonly #folder: string;
  readonly #bytesMax: number;
  #hasGrown = false;

  constructor(folder: string, bytesMax: number) {
    this.#folder = folder;
    this.#bytesMax = bytesMax;
  }

  /** Concurrent calls for the same range may both fetch it. Without the version of its file a range is not kept. */
  async get(range: FileRange & { readonly name: string }, fetch: () => Promise<Buffer>): Promise<Buffer> {
    const { name, version, offset, length } = range;
    if (this.#bytesMax === 0 || version === undefined) return await fetch();
    const file = hash('sha256', `${name} ${version} ${offset} ${length}`, 'hex');
    const path = join(this.#folder, file);
    const cached = await readFile(path).catch(() => undefined);
    if (cached !== undefined && cached.length === length) {
      // By whom it was written last is when it was used last.
      await utimes(path, new Date(), new Date()).catch(() => undefined);
      return cached;
    }
    const bytes = await fetch();
    await this.#put(file, bytes).catch(() => undefined);
    return bytes;
  }

  /** Brings it back to its size. */
  async trim(): Promise<void> {
    if (!this.#hasGrown) return;
    this.#hasGrown = false;
    await this.#trim().catch(() => undefined);
  }

  async #put(file: string, bytes: Buffer): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o750 });
    const temporary = join(this.#folder, temporaryName(file));
    await writeFile(temporary, bytes, { mode: 0o640 });
    await rename(temporary, join(this.#folder, file));
    this.#hasGrown = true;
  }

  async #trim(): Promise<void> {
    const found: { readonly path: string; readonly bytes: number; readonly usedMs: number }[] = [];
    let bytes = 0;
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const file = await stat(path).catch(() => undefined);
      if (file === undefined) continue;
      if (isTemporaryName(name) && file.mtimeMs < Date.now() - leftoverMs) await rm(path, { force: true });
      bytes += file.size;
      found.push({ path, bytes: file.size, usedMs: file.mtimeMs });
    }
    if (bytes <= this.#bytesMax) return;
    for (const file of found.toSorted((a, b) => a.usedMs - b.usedMs)) {
      if (bytes <= this.#bytesMax * trimmedShare) return;
      await rm(file.path, { force: true });
      bytes -= file.bytes;
    }
  }
}
