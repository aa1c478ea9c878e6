/**
 * Drops on their way to the writer. While much is dropped, ranges of one stream that follow each other become one; they are written
 * together after a while, and before anything that follows them in their stream. On a full disk they wait here, merged, until what
 * was written before is answered.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import { assert } from '@tributary/shared/assert.ts';
import { type Dropped, joined } from '../framing/stream-end.ts';
import { dropDelayMs } from './limits.ts';

export class DropQueue {
  readonly #write: (dropped: Dropped) => Promise<void>;
  readonly #waiting = new Map<Id, Dropped>();
  readonly #underWay = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  /** `write` must not reject. */
  constructor(write: (dropped: Dropped) => Promise<void>) {
    this.#write = write;
  }

  add(dropped: Dropped): void {
    const before = this.#waiting.get(dropped.streamId);
    assert(before === undefined || before.to === dropped.from, 'what was dropped before something that was kept is written');
    this.#waiting.set(dropped.streamId, before === undefined ? dropped : joined(before, dropped));
    this.#arm();
  }

  /** Something of this stream is to be written now: what was dropped before it goes first. */
  flush(streamId: Id): void {
    const dropped = this.#waiting.get(streamId);
    if (dropped === undefined) return;
    this.#waiting.delete(streamId);
    const written = this.#write(dropped);
    this.#underWay.add(written);
    void written.finally(() => this.#underWay.delete(written));
  }

  /** Resolves when everything that was dropped of this stream so far is durable; undefined when it is. */
  settled(streamId: Id): Promise<void> | undefined {
    this.flush(streamId);
    return this.#underWay.size === 0 ? undefined : Promise.all(this.#underWay).then(() => undefined);
  }

  /** Resolves when everything that was dropped is durable. */
  async flushAll(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const streamId of this.#waiting.keys()) this.flush(streamId);
    await Promise.all(this.#underWay);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#underWay.size > 0) this.#arm();
      else void this.flushAll();
    }, dropDelayMs).unref();
  }
}
