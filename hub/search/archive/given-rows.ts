/**
 * Which rows of a search were on the pages before. Rows come in a fixed order: by receive time, then by channel and partition, and there as in
 * the topic. Where a channel's rows are not in the order of time (several log types route to it), a row counts as of the time at which it
 * comes, so that none is passed over.
 */
import type { FoundRecord } from '../../dashboard/api/search-shapes.ts';
import type { SearchOrder } from '../../outputs/archive/search/search-contract.ts';
import type { ArchiveObject } from '../../queue/queue.ts';
import type { PagePlace } from './page-place.ts';

export class GivenRows {
  readonly #after: PagePlace | undefined;
  readonly #sign: number;
  /** Per object, the key at which its last row came. */
  readonly #reached = new Map<ArchiveObject, number>();
  #hasPassed = false;

  constructor(after: PagePlace | undefined, order: SearchOrder) {
    this.#after = after;
    this.#sign = order === 'oldest' ? 1 : -1;
  }

  /** Whether an object has nothing but rows that were given. */
  isGone({ receivedMsMin, receivedMsMax }: ArchiveObject): boolean {
    const after = this.#after;
    if (after === undefined) return false;
    return this.#sign === 1 ? receivedMsMax < after.ms : receivedMsMin > after.ms;
  }

  /** The time at which the next row of an object comes. */
  comesAt(object: ArchiveObject, receivedMs: number): number {
    const key = Math.max(this.#reached.get(object) ?? -Infinity, this.#sign * receivedMs);
    this.#reached.set(object, key);
    return this.#sign * key;
  }

  /** To be asked of each row, in order; `place` is read where it has to be known. */
  wasGiven(object: ArchiveObject, ms: number, place: () => FoundRecord['at']): boolean {
    const after = this.#after;
    if (after === undefined || this.#sign * ms > this.#sign * after.ms) return false;
    if (ms !== after.ms) return true;
    const side = object.channel < after.channel ? -1 : object.channel > after.channel ? 1 : object.partition - after.partition;
    if (side !== 0) return side < 0;
    if (this.#hasPassed) return false;
    const { agent, stream, position, ordinal } = place();
    this.#hasPassed =
      agent === after.agent && stream === after.stream && position === after.position && ordinal === after.ordinal;
    return true;
  }
}
