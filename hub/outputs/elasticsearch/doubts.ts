/**
 * Which entries may have been sent before, by whoever had the lease.
 *
 * `anywhere`: as many as an owner can have sent and not committed, behind the cursor, and as many behind the last one of which something was there: a
 * cursor that went back (a restored copy, another master, an operator's seek) finds one after the other. They may have been sent a moment ago.
 *
 * `elsewhere`: those whose batches were made before the lease was acquired, as they may have come again after the store went back. Nothing near them
 * was found, so that the index that is written to is left to refuse them: to ask it too would cost a look for each document of a backlog.
 *
 * What the edge wrote later is new.
 */
import { leaseMs } from '../../groups/limits.ts';
import type { Entry, Lease } from '../../queue/queue.ts';
import type { Doubt } from './bulk/bulk-server.ts';
import { clockSlackMs, suspectBytesMax, suspectEntriesMax } from './limits.ts';

/** The first owner there ever was: nobody sent anything before. */
const firstEpoch = 1;

/** A lease that is given back raises the epoch, and so does one that is acquired. */
const epochsOfRest = 2;

/** A lease that was given back with all that was sent committed. */
export type LeftLease = Pick<Lease, 'epoch' | 'cursor' | 'generation'>;

export class Doubts {
  /** This hub had it last: nobody wrote anything for it meanwhile. */
  readonly isOwnAgain: boolean;
  readonly #acquiredMs: number;
  // A clock that was set back tells nothing of what was under way, so these are counted.
  #untilSequence: number;
  #bytesLeft: number;

  /** `left`: what this hub gave back last. When nobody had it since, nothing is under way: a topic at rest gives its lease back again and again. */
  constructor({ expiresMs, cursor, epoch, generation, isAfterUnclean }: NewLease, left?: LeftLease) {
    this.#acquiredMs = expiresMs - leaseMs;
    const isSame = left?.cursor === cursor && left.generation === generation;
    this.isOwnAgain = isSame && left.epoch === epoch - epochsOfRest && !isAfterUnclean;
    this.#untilSequence = cursor + (epoch === firstEpoch || this.isOwnAgain ? 0 : suspectEntriesMax);
    this.#bytesLeft = suspectBytesMax;
  }

  /** Asked once for each entry, in their order. */
  of({ sequence, createdMs, receivedMs, inflatedBytes }: Lookable): Doubt {
    const isNear = sequence <= this.#untilSequence && this.#bytesLeft > 0;
    this.#bytesLeft -= inflatedBytes;
    if (isNear) return 'anywhere';
    return Math.min(createdMs, receivedMs) <= this.#acquiredMs + clockSlackMs ? 'elsewhere' : 'none';
  }

  /** Something of the entries up to this one was there. */
  found(sequence: number): void {
    this.#untilSequence = Math.max(this.#untilSequence, sequence + suspectEntriesMax);
    this.#bytesLeft = suspectBytesMax;
  }
}

type NewLease = LeftLease & Pick<Lease, 'expiresMs' | 'isAfterUnclean'>;
type Lookable = Pick<Entry, 'sequence' | 'createdMs' | 'receivedMs' | 'inflatedBytes'>;
