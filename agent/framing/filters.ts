/**
 * What an edge filter does to records before anything is kept or sent: leaves some out, and masks parts of others. It never moves a
 * position: what is left out is told as drops, and a mask has as many bytes as what it hides.
 */
import type { Cut, Drop, Id } from '@tributary/protocol/messages.ts';
import type { Framed } from './framer.ts';

export interface FilterCounts {
  /** Records that an exclude pattern matched, or no include pattern. */
  readonly excluded: number;
  readonly sampledOut: number;
  /** Records of which something is masked. */
  readonly redacted: number;
}

/** Records of a stream whose positions are bytes, after the filter. */
export interface Filtered {
  /** What is left, one record after the other; lies in the bytes that were given. */
  readonly bytes: Buffer;
  readonly records: number;
  /** Offsets in `bytes`. */
  readonly cuts: readonly Cut[];
  readonly lengths: readonly number[];
  readonly drops: readonly Drop[];
  readonly counts: FilterCounts;
}

/** Records of a source that counts them: bytes one after the other, and the length of each. */
export interface RecordsBytes {
  readonly bytes: Uint8Array;
  readonly lengths: readonly number[];
}

export interface RecordFilter {
  /**
   * Filters the whole records that `framed` found at the start of `bytes`, which it changes: what is left is moved together. The same
   * bytes at the same place are always decided the same way, so that what is read again is filtered as it was.
   */
  filterRun(bytes: Buffer, framed: Framed, place: { readonly streamId: Id; readonly position: number }): Filtered;
  /** Filters records that have no positions yet: what is left out gets none. The given bytes are not changed. */
  filterRecords(records: RecordsBytes): RecordsBytes & { readonly counts: FilterCounts };
}
