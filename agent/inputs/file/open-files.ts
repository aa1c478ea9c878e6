import type { FileHandle } from 'node:fs/promises';
import type { Clock } from '@tributary/shared/clock.ts';
import { isBornAnew, keyOf } from './identity.ts';
import { InflatedFile, type ReadableFile } from './inflated-file.ts';
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
  readonly #clock: Clock;
  /** In the order of use, the latest last. */
  readonly #sources = new Set<Source>();

  constructor(filesMax: number, clock: Clock) {
    this.#filesMax = filesMax;
    this.#clock = clock;
  }

  get count(): number {
    return this.#sources.size;
  }

  /** Takes over an open file. */
  async adopt(source: Source, handle: FileHandle): Promise<void> {
    source.handle = handle;
    source.usedMs = this.#clock.monotonic();
    this.#sources.add(source);
    await this.#closeUnused(source);
  }

  /** What the source's file holds; opened again when it was closed meanwhile, and then not `verified`. */
  async use(source: Source): Promise<ReadableFile> {
    const handle = await this.#handleOf(source);
    const { compression } = source;
    if (compression === '') return handle;
    source.inflated ??= new InflatedFile(handle, compression);
    return source.inflated;
  }

  async close(source: Source): Promise<void> {
    const { handle, inflated } = source;
    source.handle = undefined;
    source.inflated = undefined;
    this.#sources.delete(source);
    await inflated?.close();
    await handle?.close();
  }

  /** Closes what was not used for so long, but files that were renamed away or deleted. */
  async closeIdle(idleMs: number): Promise<void> {
    const nowMs = this.#clock.monotonic();
    for (const source of this.#sources) {
      if (nowMs - source.usedMs < idleMs) return;
      if (mayClose(source)) await this.close(source);
    }
  }

  async closeAll(): Promise<void> {
    for (const source of this.#sources) await this.close(source);
  }

  async #handleOf(source: Source): Promise<FileHandle> {
    source.usedMs = this.#clock.monotonic();
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

  async #reopen(source: Source): Promise<FileHandle> {
    const handle = await openForReading(source.currentPath);
    try {
      const stats = await handle.stat({ bigint: true });
      if (keyOf(stats) !== source.key || isBornAnew(source.identity, stats)) {
        throw new AnotherFileError(`another file is at ${source.currentPath} by now`);
      }
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
      if (source === wanted || !mayClose(source)) continue;
      await this.close(source);
      if (this.#sources.size <= this.#filesMax) return;
    }
  }
}

function mayClose(source: Source): boolean {
  return !source.reading && source.place !== 'moved';
}
