/** The calls of a search thread: one frame at a time, of any of the searches that began there. */
import type { EncryptionSpec } from '../frame-cipher.ts';
import type { ArchiveQuery } from './query.ts';

/**
 * How a matching record is written: its bytes as they were, a line of JSON, its row as it is in the archive; not at all, but its time; or
 * neither, but counted.
 */
export type ResultFormat = 'raw' | 'json' | 'row' | 'time' | 'count';

/** By receive time. */
export type SearchOrder = 'oldest' | 'newest';

/** Given to a thread at its start. */
export interface SearchThreadData {
  readonly isBackground: boolean;
}

/** All that a search's frames have in common. */
export interface SearchData {
  readonly query: ArchiveQuery;
  readonly format: ResultFormat;
  readonly order: SearchOrder;
  /** Name of the archive's output: what entries hold for others only is left out. */
  readonly output?: string | undefined;
  readonly encryption: EncryptionSpec | undefined;
}

export interface FrameTask {
  /** Of the object. */
  readonly name: string;
  /**
   * Its file, for the thread to read; or the bytes of the frame, where they had to be fetched; or entries of the queue whose rows the
   * archive does not have yet.
   */
  readonly from: string | Uint8Array<ArrayBuffer> | readonly QueueEntry[];
  readonly channel: string;
  readonly offset: number;
  readonly compressedBytes: number;
  readonly inflatedBytes: number;
  /** The first frame of an object begins with the header row. */
  readonly isFirst: boolean;
}

/** A block of documents that waits for the archive. */
export interface QueueEntry {
  readonly inflatedBytes: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** In the order of the search: the newest record first when it goes backwards. */
export interface FrameResult {
  /** Receive time of the frame's first row: frames before it have nothing later, frames behind it nothing earlier. */
  readonly firstMs: number;
  readonly matched: number;
  /** How many of these are of each host, for `count`. */
  readonly hosts?: ReadonlyMap<string, number>;
  /** Per matching record its receive time and where its written form ends in `bytes`. Empty for `count`. */
  readonly times: Float64Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type SearchContract = {
  /** Before the first frame of a search, and behind its last one. */
  readonly begin: { readonly argument: { readonly search: number; readonly data: SearchData }; readonly result: undefined };
  readonly end: { readonly argument: { readonly search: number }; readonly result: undefined };
  readonly scan: { readonly argument: { readonly search: number; readonly task: FrameTask }; readonly result: FrameResult };
};
