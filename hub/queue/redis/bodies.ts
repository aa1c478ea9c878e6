/**
 * Where bodies go: small ones with the entry, larger ones under a key of their own, and what is beyond Redis' budget to the spill store,
 * durable before the entry that names it. With it goes what describes its records, so that little of such an entry stays in Redis.
 *
 * What was spilled is: the length of the description (4 bytes, little end first), the description, the body.
 */
import { randomBytes } from 'node:crypto';
import { assert } from '@tributary/shared/assert.ts';
import type { StoredBody } from './entry-text.ts';
import type { RedisLevels } from './levels.ts';
import { keyedBytesMin, spilledBytesMin } from './limits.ts';
import type { ObjectStore } from './spill/object-store.ts';
import { spillName } from './spill/spill-name.ts';

export interface BodiesParts {
  readonly levels: Pick<RedisLevels, 'memoryBytes'>;
  readonly memoryBytesMax: number;
  readonly spill: ObjectStore | undefined;
  readonly nowMs: () => number;
}

export class Bodies {
  readonly #parts: BodiesParts;
  /** Of each partition, the last call that waits for its body; those behind it wait as well, as calls keep their order. */
  readonly #waiting = new Map<number, Promise<unknown>>();

  constructor(parts: BodiesParts) {
    this.#parts = parts;
  }

  get spill(): ObjectStore | undefined {
    return this.#parts.spill;
  }

  /** Calls `then` once the bodies are where they belong, in the order of the calls for the partition. */
  placed<Result>(
    partition: number,
    bodies: readonly StoredBody[],
    then: (placed: readonly StoredBody[]) => Promise<Result>,
  ): Promise<Result> {
    const before = this.#waiting.get(partition);
    const isSpilled = bodies.map((body) => this.#isSpilled(body));
    if (before === undefined && !isSpilled.includes(true)) return then(bodies.map(keyed));
    const own = Promise.all(
      bodies.map((body, index) => (isSpilled[index] === true ? this.#spilled(partition, body) : Promise.resolve(keyed(body)))),
    );
    const turn = before === undefined ? own : Promise.allSettled([before, own]);
    this.#waiting.set(partition, turn);
    return this.#inTurn({ partition, turn }, own, then);
  }

  async #inTurn<Result>(
    { partition, turn }: { readonly partition: number; readonly turn: Promise<unknown> },
    own: Promise<readonly StoredBody[]>,
    then: (placed: readonly StoredBody[]) => Promise<Result>,
  ): Promise<Result> {
    try {
      await turn;
      return await then(await own);
    } finally {
      if (this.#waiting.get(partition) === turn) this.#waiting.delete(partition);
    }
  }

  #isSpilled({ body }: StoredBody): boolean {
    const { spill, levels, memoryBytesMax } = this.#parts;
    return spill !== undefined && body.byteLength >= spilledBytesMin && levels.memoryBytes + body.byteLength > memoryBytesMax;
  }

  async #spilled(partition: number, stored: StoredBody): Promise<StoredBody> {
    const { spill, nowMs } = this.#parts;
    assert(spill !== undefined, 'what is spilled has a place to go');
    const ref = spillName(partition, nowMs());
    await spill.put(ref, spilledBytes(stored));
    return { ...stored, ref };
  }
}

function keyed(stored: StoredBody): StoredBody {
  if (stored.body.byteLength < keyedBytesMin) return stored;
  return { ...stored, ref: `=${randomBytes(12).toString('base64url')}` };
}

function spilledBytes({ rest, body }: StoredBody): Buffer {
  const description = Buffer.from(rest);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(description.length);
  return Buffer.concat([length, description, body]);
}

export function partsOfSpilled(bytes: Buffer): { readonly rest: string; readonly body: Buffer } {
  assert(bytes.length >= 4, 'what was spilled begins with a length');
  const length = bytes.readUInt32LE(0);
  assert(bytes.length >= 4 + length, 'what was spilled is whole');
  return { rest: bytes.toString('utf8', 4, 4 + length), body: bytes.subarray(4 + length) };
}
