import { freeMemory } from '@tributary/shared/free-memory.ts';

const bytesMax = 2 * 1024 * 1024;

/**
 * Copies of the newest bodies, each given out once: while the hub keeps up a batch is sent right after it was stored, and need
 * not be read back. Holds no more than a little; what does not fit is read from the database.
 */
export class FreshBodies {
  readonly #bodies = new Map<number, Uint8Array>();
  #bytes = 0;

  keep(batchId: number, body: Uint8Array): void {
    if (body.length > bytesMax) return;
    this.#bodies.set(batchId, new Uint8Array(body));
    this.#bytes += body.length;
    for (const [oldest, evicted] of this.#bodies) {
      if (this.#bytes <= bytesMax) break;
      this.#bodies.delete(oldest);
      this.#bytes -= evicted.length;
      freeMemory(evicted);
    }
  }

  take(batchId: number): Uint8Array | undefined {
    const body = this.#bodies.get(batchId);
    if (body === undefined) return undefined;
    this.#bodies.delete(batchId);
    this.#bytes -= body.length;
    return body;
  }
}
