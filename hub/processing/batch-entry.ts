/** What crosses between a pipeline and its thread: entries of a front topic, and what became of them. */
import type { Entry } from '../queue/queue.ts';
import type { ProcessReport } from './call-terms.ts';

/** The part of an entry that processing needs. */
export type BatchEntry = Pick<Entry, 'records' | 'inflatedBytes' | 'segments' | 'trims' | 'receivedMs' | 'body'>;

/**
 * A segment of a batch, without what was trimmed, with the index that it has in the batch, and the batch's among those that are worked on
 * together. One of drops only has no records.
 */
export interface KeptPart {
  readonly entry: number;
  readonly segment: number;
  readonly from: number;
  readonly to: number;
  readonly records: number;
  readonly bytes: number;
}

export interface ProcessedBlock {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly inflatedBytes: number;
  readonly records: number;
  readonly kept: readonly KeptPart[];
}

/** Of one or more entries that were worked on together, in their order. */
export interface Processed {
  /** Undefined where nothing is left of any: all of it had arrived before, or was rejected. */
  readonly block: ProcessedBlock | undefined;
  /** Documents that a pipeline sent to other log types of the tenant: of each type one block. */
  readonly routed?: readonly { readonly type: string; readonly block: ProcessedBlock }[];
  /** What cannot be processed, now or later: each is kept with its reason (invariant 6), and the others go on. */
  readonly rejected: readonly RejectedBatch[];
  /** Of a channel that has a pipeline. */
  readonly report?: ProcessReport;
}

export interface RejectedBatch {
  readonly entry: number;
  readonly reason: string;
}
