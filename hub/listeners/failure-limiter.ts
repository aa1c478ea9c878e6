/**
 * How often strangers may fail: each address has a few tries at once and gets one back after a time, and so have all together. Only
 * failures cost, so that a thousand servers behind one address can enrol, and who guesses cannot go on. Bounded memory: an
 * address that is not remembered has all its tries.
 */
import { type Clock, systemClock } from '@tributary/shared/clock.ts';
import { networkOf } from '@tributary/shared/network/network-of.ts';

export interface BucketLimits {
  readonly tries: number;
  readonly perSecond: number;
}

export interface FailureLimits {
  readonly perAddress: BucketLimits;
  readonly total: BucketLimits;
  readonly addressesMax: number;
}

interface Bucket {
  left: number;
  atMs: number;
}

export class FailureLimiter {
  readonly #limits: FailureLimits;
  readonly #clock: Clock;
  readonly #total: Bucket;
  /** The one that failed last stands last. */
  readonly #byAddress = new Map<string, Bucket>();

  constructor(limits: FailureLimits, clock: Clock = systemClock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#total = { left: limits.total.tries, atMs: clock.monotonic() };
  }

  /** How long this address must wait before it may try again; 0: it may now. */
  waitMs(address: string): number {
    const { perAddress, total } = this.#limits;
    const own = this.#byAddress.get(networkOf(address));
    const waits = [this.#wait(this.#total, total), own === undefined ? 0 : this.#wait(own, perAddress)];
    return Math.max(...waits);
  }

  failed(address: string): void {
    const { perAddress, total, addressesMax } = this.#limits;
    const network = networkOf(address);
    const own = this.#byAddress.get(network) ?? { left: perAddress.tries, atMs: this.#clock.monotonic() };
    this.#take(own, perAddress);
    this.#take(this.#total, total);
    this.#byAddress.delete(network);
    this.#byAddress.set(network, own);
    for (const oldest of this.#byAddress.keys()) {
      if (this.#byAddress.size <= addressesMax) break;
      this.#byAddress.delete(oldest);
    }
  }

  #wait(bucket: Bucket, limits: BucketLimits): number {
    this.#fill(bucket, limits);
    return bucket.left >= 1 ? 0 : Math.ceil(((1 - bucket.left) * 1000) / limits.perSecond);
  }

  #take(bucket: Bucket, limits: BucketLimits): void {
    this.#fill(bucket, limits);
    bucket.left = Math.max(0, bucket.left - 1);
  }

  #fill(bucket: Bucket, { tries, perSecond }: BucketLimits): void {
    const now = this.#clock.monotonic();
    bucket.left = Math.min(tries, bucket.left + ((now - bucket.atMs) * perSecond) / 1000);
    bucket.atMs = now;
  }
}
