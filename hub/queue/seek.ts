/**
 * Where an operator puts a cursor: before the entry of a sequence, before the first entry that was received at a time or after it,
 * before what is retained, or behind all there is.
 */
export type SeekTarget =
  | { readonly kind: 'sequence'; readonly sequence: number }
  | { readonly kind: 'time'; readonly receivedMs: number }
  | { readonly kind: 'beginning' }
  | { readonly kind: 'end' };

export interface Sought {
  /** Sequence of the last entry that counts as passed now. */
  readonly cursor: number;
  /** Records that were stepped over: counted as dropped. 0 where the cursor went back. */
  readonly skippedRecords: number;
}
