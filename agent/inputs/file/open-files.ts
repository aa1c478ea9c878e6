import type { FileHandle } from 'node:fs/promises';
import { keyOf } from './identity.ts';
import { openForReading } from './linux.ts';
import type { Source } from './source.ts';

/** Another file is where the source's was. */
export class AnotherFileError extends Error {
  override readonly name = 'AnotherFileError';
  readonly code = 'ANOTHER_FILE';
}

/**
 * The open files of an input, no more than `filesMax` at a time: beyond it the one that was not used for longest is closed and
 * opened again when needed. Files that were renamed away or deleted stay open, since nothing may lead back to them.
 */
export class OpenFiles {
  readonly #filesMax: number;
  /** In the order of use, the latest last. */
  readonly #sources = new Set<Source>();

  constructor(filesMax: number) {
    this.#filesMax = filesMax;
  }

  get count(): number {
    return this.#sources.size;
  }

  /** Takes over an open file. */
  async adopt(source: Source, handle: FileHandle): Promise<void> {
    source.handle = handle;
    this.#sources.add(source);
    await this.#closeUnused(source);
  }

  /** The source's open file; opened again when it was closed meanwhile, and then not `verified`. */
  async use(source: Source): Promise<FileHandle> {
    if (source.handle === undefined) {
      source.opening ??= this.#reopen(source).finally(() => {
        source.opening = undefined;
      });
      return source.opening;
    }
    this.#sources.delete(source);
    this.#sources.add(source);
    return source.handle;
  }

  async close(source: Source): Promise<void> {
    const { handle } = source;
    source.handle = undefined;
    this.#sources.delete(source);
    await handle?.close();
  }

  async closeAll(): Promise<void> {
    for (const source of this.#sources) await this.close(source);
  }

  async #reopen(source: Source): Promise<FileHandle> {
    const handle = await openForReading(source.currentPath);
    try {
      const stats = await handle.stat({ bigint: true });
      if (keyOf(stats) !== source.key) throw new AnotherFileError(`another file is at ${source.currentPath} by now`);
    } catch (error) {
      await handle.close();
      throw error;
    }
    source.verified = false;
    await this.adopt(source, handle);
    return handle;
  }

  async #closeUnused(wanted: Source): Promise<void> {
    if (this.#sources.size <= this.#filesMax) return;
    for (const source of this.#sources) {
      if (source === wanted || source.reading || source.place === 'moved') continue;
      await this.close(source);
      if (this.#sources.size <= this.#filesMax) return;
    }
  }
}
