import { decode, encode } from '@tributary/protocol/codec.ts';
import type { Message } from '@tributary/protocol/messages.ts';
import type { Random } from '../harness/random.ts';
import type { EventQueue } from './event-queue.ts';

/**
 * One direction of a connection: frames arrive in order, late, and once. When it is cut, what is under way still arrives up to a
 * random frame, even after both ends know of the cut: so an old connection's frames may come after a new one's.
 */
export class Link {
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #delayMsMax: number;
  readonly #encoded: boolean;
  readonly #corruptChance: number;
  readonly #deliver: (message: Message) => void;
  #lastAtMs = 0;
  #sent = 0;
  #delivered = 0;
  #lastDelivered = Number.POSITIVE_INFINITY;

  constructor(options: {
    queue: EventQueue;
    random: Random;
    delayMsMax: number;
    encoded: boolean;
    corruptChance: number;
    deliver: (message: Message) => void;
  }) {
    this.#queue = options.queue;
    this.#random = options.random;
    this.#delayMsMax = options.delayMsMax;
    this.#encoded = options.encoded;
    this.#corruptChance = options.corruptChance;
    this.#deliver = options.deliver;
  }

  send(message: Message): void {
    this.#sent += 1;
    const number = this.#sent;
    const carried = this.#carried(message);
    this.#lastAtMs = Math.max(this.#lastAtMs, this.#queue.nowMs + this.#random.below(this.#delayMsMax + 1));
    this.#queue.after(this.#lastAtMs - this.#queue.nowMs, () => {
      if (number > this.#lastDelivered) return;
      this.#delivered = number;
      this.#deliver(carried);
    });
  }

  /** `afterwards`: how many more frames arrive at most. */
  cut(afterwards: 'some' | 'none'): void {
    if (this.#lastDelivered !== Number.POSITIVE_INFINITY) return;
    const underWay = this.#sent - this.#delivered;
    this.#lastDelivered = this.#delivered + (afterwards === 'some' ? this.#random.below(underWay + 1) : 0);
  }

  #carried(message: Message): Message {
    const carried = this.#encoded ? decode(encode(message)) : message;
    if (carried.kind !== 'batch' || !this.#random.chance(this.#corruptChance)) return carried;
    const body = carried.body.slice();
    const at = this.#random.below(body.length);
    body[at] = (body[at] ?? 0) ^ 0x10;
    return { ...carried, body };
  }
}
