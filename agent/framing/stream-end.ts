import type { ChannelName, Id, Mark } from '@tributary/protocol/messages.ts';
import { assert } from '@tributary/shared/assert.ts';
import type { Run } from '../inputs/input.ts';
import { runBytesMax, runRecordsMax } from './limits.ts';
import type { OpenBatch } from './open-batch.ts';

/** Positions of a stream whose records were not kept. */
export interface Dropped {
  readonly streamId: Id;
  readonly from: number;
  readonly to: number;
  /** Mark and token at `to`. */
  readonly mark: Mark;
  readonly token?: string | undefined;
  readonly records: number;
  readonly bytes: number;
}

/** How far a stream was pushed. */
export interface StreamEnd {
  streamId: Id;
  readonly channel: ChannelName;
  readonly counted: boolean;
  position: number;
  mark: Mark;
  token: string | undefined;
  /** Skipped and not told yet, ascending. */
  readonly drops: Dropped[];
  /** Batches, open or under way, that hold runs of it. */
  pending: number;
  lastBatch: OpenBatch | undefined;
  ending: boolean;
}

/** `next` begins where `first` ends: both as one. */
export function joined(first: Dropped, next: Dropped): Dropped {
  return { ...next, from: first.from, records: first.records + next.records, bytes: first.bytes + next.bytes };
}

/** The contract of Run, as far as it can be held to without looking at bytes. */
export function checkRun(run: Run, counted: boolean): void {
  const { from, to, bytes, records, lengths, cuts, drops } = run;
  assert(to > from, 'a run covers positions');
  assert(bytes.length <= runBytesMax && records <= runRecordsMax && drops.length <= records + 1, 'a run fits a batch');
  if (counted) {
    assert(records > 0 && to - from === records, 'where positions are counted there is one for each record');
    assert(lengths.length === records && drops.length === 0, 'a counted record has a length, and nothing is left out');
    assert(cuts.length <= records, 'a cut ends a record');
    return;
  }
  let dropped = 0;
  for (const { span } of drops) dropped += span;
  assert(to - from === bytes.length + dropped, 'where positions are bytes, what is not there was dropped');
  assert(records > 0 || (bytes.length === 0 && dropped > 0), 'a run has records or drops');
  assert(lengths.length === 0 || lengths.length === records, 'each record has a length or none has');
  assert(cuts.length <= records, 'a cut ends a record');
}
