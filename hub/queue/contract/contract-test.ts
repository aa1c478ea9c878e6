import type { QueueLimits } from '../limits.ts';
import type { Queue } from '../queue.ts';

export interface QueueFixture extends AsyncDisposable {
  readonly queue: Queue;
  /** The store's clock, moved by hand. */
  advance(ms: number): void;
  /** Closes the store and opens it again; the fixture goes on with the new `queue`. */
  reopen(): Promise<void>;
}

export type OpenQueueFixture = (limits?: Partial<QueueLimits>) => Promise<QueueFixture>;

/** A rule of the contract in words, and how it is seen. */
export type ContractTest = readonly [name: string, body: (open: OpenQueueFixture) => Promise<void>];
