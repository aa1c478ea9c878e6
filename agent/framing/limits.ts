import { cutsMax, inflatedBytesMax, recordsMax, segmentsMax } from '@tributary/protocol/limits.ts';
import { assert } from '@tributary/shared/assert.ts';

/** No run may be longer: it must fit a batch of its own. */
export const runBytesMax = inflatedBytesMax;
/** Every record of a run might be cut. */
export const runRecordsMax = Math.min(recordsMax, cutsMax);

/** Limits of the batcher; protocol/limits.ts bounds what a batch may be at all. */
export interface BatcherLimits {
  /** A batch is closed when it would grow beyond this many raw bytes. A single longer run makes a batch of its own. */
  readonly batchBytesMax: number;
  readonly batchRecordsMax: number;
  readonly batchSegmentsMax: number;
  /** A batch is closed this long after its first run came. */
  readonly flushIntervalMs: number;
  /** Memory for runs, and for compressed bodies until they are stored; beyond it `push` asks its caller to wait. */
  readonly stagedBytesMax: number;
  /** Compressions under way at a time, each in a thread of libuv's pool. */
  readonly compressionsMax: number;
}

export const defaultBatcherLimits: BatcherLimits = {
  batchBytesMax: 1024 * 1024,
  batchRecordsMax: runRecordsMax,
  batchSegmentsMax: segmentsMax,
  flushIntervalMs: 200,
  stagedBytesMax: 6 * 1024 * 1024,
  compressionsMax: 2,
};

export function checkBatcherLimits(limits: BatcherLimits): void {
  assert(limits.batchBytesMax > 0 && limits.batchBytesMax <= inflatedBytesMax, 'a batch is within what the protocol allows');
  assert(limits.batchRecordsMax > 0 && limits.batchRecordsMax <= runRecordsMax, 'a batch has records and cuts that may be sent');
  assert(limits.batchSegmentsMax > 0 && limits.batchSegmentsMax <= segmentsMax, 'a batch has segments that may be sent');
  assert(limits.stagedBytesMax >= 2 * limits.batchBytesMax, 'one batch can be filled while another is compressed');
  assert(limits.compressionsMax >= 1, 'batches are compressed');
}
