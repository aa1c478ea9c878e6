import { assert } from '@tributary/shared/assert.ts';

const blockBytesMin = 4096;

/**
 * Blocks of memory that runs are staged in, reused so that a busy agent allocates nothing per batch. Sizes are powers of two.
 * Memory that is given back goes at once, without waiting for the garbage collector.
 */
export class StagingPool {
  readonly #free = new Map<number, Buffer<ArrayBuffer>[]>();
  readonly #freeBytesMax: number;
  #freeBytes = 0;
  #usedBytes = 0;

  constructor(freeBytesMax: number) {
    this.#freeBytesMax = freeBytesMax;
  }

  /** Bytes of all blocks that are in use. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** A block of at least `bytes`. */
  take(bytes: number): Buffer<ArrayBuffer> {
    const size = Math.max(blockBytesMin, 2 ** Math.ceil(Math.log2(bytes)));
    this.#usedBytes += size;
    const block = this.#free.get(size)?.pop();
    if (block === undefined) return Buffer.from(new ArrayBuffer(size));
    this.#freeBytes -= size;
    return block;
  }

  give(block: Buffer<ArrayBuffer>): void {
    const size = block.length;
    this.#usedBytes -= size;
    assert(this.#usedBytes >= 0, 'a block is given back once');
    if (this.#freeBytes + size > this.#freeBytesMax) {
      block.buffer.transfer(0);
      return;
    }
    this.#freeBytes += size;
    this.#free.getOrInsertComputed(size, () => []).push(block);
  }

  /** Frees the blocks that nobody uses. */
  trim(): void {
    for (const blocks of this.#free.values()) {
      for (const block of blocks) block.buffer.transfer(0);
    }
    this.#free.clear();
    this.#freeBytes = 0;
  }
}
