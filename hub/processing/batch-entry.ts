/** What crosses between a pipeline and its thread: an entry of a front topic, and what became of it. */
import type { Entry } from '../queue/queue.ts';

/** The part of an entry that processing needs. */
export type BatchEntry = Pick<Entry, 'records' | 'inflatedBytes' | 'segments' | 'trims' | 'receivedMs' | 'body'>;

/** A segment of the batch, without what was trimmed, with the index that it has in the batch. One of drops only has no records. */
export interface KeptPart {
  readonly segment: number;
  readonly from: number;
  readonly to: number;
  readonly records: number;
  readonly bytes: number;
}

export type Processed =
  | {
      readonly kind: 'block';
      readonly body: Uint8Array<ArrayBuffer>;
      readonly inflatedBytes: number;
      readonly records: number;
      readonly kept: readonly KeptPart[];
    }
  /** All of it had arrived before. */
  | { readonly kind: 'nothing' }
  /** The batch cannot be processed, now or later: it is kept with the reason (invariant 6). */
  | { readonly kind: 'rejected'; readonly reason: string };
