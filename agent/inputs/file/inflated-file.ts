/**
 * The content of a compressed file, read at positions as if it were a plain one. Bytes come out one after the other: what lies behind
 * is dropped, but for the first ones and those of the last read, and a position before that is reached by beginning again. A file
 * that ends in the middle of its content is read as far as it goes; when it has grown, reading begins again.
 */
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { fingerprintBytesMax } from './limits.ts';
import type { Compression } from './token.ts';

/** What can be read at positions: an open file, or what is compressed in one. Fewer bytes than asked for: it ends there. */
export interface ReadableFile {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
}

/** What a compressed file holds cannot be told: it is damaged. */
export class DamagedFileError extends Error {
  override readonly name = 'DamagedFileError';
  readonly code = 'DAMAGED';
}

const chunkBytes = 64 * 1024;

/** How a file that begins with these bytes is compressed; undefined: it is not. */
export function compressionOf(head: Uint8Array): Compression | undefined {
  const [first, second, third, fourth] = head;
  if (first === 0x1f && second === 0x8b && third === 8) return 'gzip';
  if (first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd) return 'zstd';
  return undefined;
}

export class InflatedFile implements ReadableFile {
  readonly #handle: FileHandle;
  readonly #compression: Compression;
  #chunks: AsyncIterator<Buffer> | undefined;
  /** Bytes that are at hand, beginning at `#begin`. */
  #window: Buffer[] = [];
  #begin = 0;
  #end = 0;
  #head: Buffer = Buffer.alloc(0);
  /** Compressed bytes that were read. */
  #consumed = 0;
  #isOver = false;

  constructor(handle: FileHandle, compression: Compression) {
    this.#handle = handle;
    this.#compression = compression;
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }> {
    if (position + length <= this.#head.length) {
      return { bytesRead: this.#head.copy(buffer, offset, position, position + length) };
    }
    if (position < this.#begin) await this.#restart();
    await this.#reach(position, length);
    let copied = 0;
    let at = this.#begin;
    for (const chunk of this.#window) {
      const from = Math.max(0, position + copied - at);
      if (from < chunk.length && copied < length) copied += chunk.copy(buffer, offset + copied, from, from + length - copied);
      at += chunk.length;
    }
    return { bytesRead: copied };
  }

  /** How many bytes it holds. */
  async length(): Promise<number> {
    while (await this.#pull()) this.#forgetBefore(this.#end);
    return this.#end;
  }

  async close(): Promise<void> {
    const chunks = this.#chunks;
    this.#chunks = undefined;
    this.#window = [];
    await chunks?.return?.();
  }

  async #reach(position: number, length: number): Promise<void> {
    this.#forgetBefore(position);
    while (this.#end < position + length) {
      if (!(await this.#pull())) {
        if (!(await this.#hasGrown())) return;
        await this.#restart();
      }
      this.#forgetBefore(position);
    }
  }

  /** Takes more bytes; false at the end. */
  async #pull(): Promise<boolean> {
    if (this.#isOver) return false;
    this.#chunks ??= this.#inflate();
    const next = await this.#next(this.#chunks);
    if (next === undefined) {
      this.#isOver = true;
      return false;
    }
    if (this.#end === this.#head.length && this.#head.length < fingerprintBytesMax) {
      this.#head = Buffer.concat([this.#head, next.subarray(0, fingerprintBytesMax - this.#head.length)]);
    }
    this.#window.push(next);
    this.#end += next.length;
    return true;
  }

  async #next(chunks: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
    try {
      const { value, done } = await chunks.next();
      return done === true ? undefined : value;
    } catch (error) {
      if (error instanceof Error && 'syscall' in error) throw error;
      throw new DamagedFileError(`after ${this.#end} bytes of its content it is damaged`, { cause: error });
    }
  }

  #inflate(): AsyncIterator<Buffer> {
    const stream =
      this.#compression === 'gzip'
        ? createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: chunkBytes })
        : createZstdDecompress({ finishFlush: constants.ZSTD_e_flush, chunkSize: chunkBytes });
    const source = Readable.from(this.#compressed(), { objectMode: false });
    source.on('error', (error) => stream.destroy(error));
    stream.on('close', () => source.destroy());
    return source.pipe(stream)[Symbol.asyncIterator]();
  }

  async *#compressed(): AsyncIterable<Buffer> {
    for (let position = 0; ;) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const { bytesRead } = await this.#handle.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      this.#consumed = position;
      yield chunk.subarray(0, bytesRead);
    }
  }

  async #hasGrown(): Promise<boolean> {
    return (await this.#handle.stat()).size > this.#consumed;
  }

  async #restart(): Promise<void> {
    await this.close();
    this.#begin = 0;
    this.#end = 0;
    this.#head = Buffer.alloc(0);
    this.#consumed = 0;
    this.#isOver = false;
  }

  #forgetBefore(position: number): void {
    for (let [first] = this.#window; first !== undefined && this.#begin + first.length <= position; [first] = this.#window) {
      this.#window.shift();
      this.#begin += first.length;
    }
  }
}
