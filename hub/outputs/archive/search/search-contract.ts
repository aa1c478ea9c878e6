/** The call of a search thread: one frame at a time. */
import type { ArchiveQuery } from './query.ts';

/** How a matching record is written: its bytes as they were, a line of JSON, or not at all. */
export type ResultFormat = 'raw' | 'json' | 'count';

/** Given to a thread at its start. */
export interface SearchThreadData {
  readonly query: ArchiveQuery;
  readonly format: ResultFormat;
}

export interface FrameTask {
  readonly path: string;
  readonly channel: string;
  readonly offset: number;
  readonly compressedBytes: number;
  readonly inflatedBytes: number;
  /** The first frame of an object begins with the header row. */
  readonly isFirst: boolean;
}

export interface FrameResult {
  /** Receive time of the frame's first row: no later frame of the object has an earlier one. */
  readonly firstMs: number;
  readonly matched: number;
  /** Per matching record its receive time and where its written form ends in `bytes`. Empty for `count`. */
  readonly times: Float64Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type SearchContract = {
  readonly scan: { readonly argument: FrameTask; readonly result: FrameResult };
};
