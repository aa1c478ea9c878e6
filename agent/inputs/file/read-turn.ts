import { markedBytes } from '@tributary/protocol/limits.ts';
import { markOf, marksDiffer } from '@tributary/protocol/mark.ts';
import type { Mark } from '@tributary/protocol/messages.ts';
import type { FilterCounts, RecordFilter } from '../../framing/filters.ts';
import { type Framed, type Framer, joinFramed, noLengths, type Tail } from '../../framing/framer.ts';
import { runBytesMax, runRecordsMax } from '../../framing/limits.ts';
import type { Overflow, Run } from '../input.ts';
import { fingerprintBytesMax, turnBytes } from './limits.ts';
import { fingerprintFits, fingerprintOf, readHead, type Fingerprint, type Verdict, verify } from './identity.ts';
import type { ReadableFile } from './inflated-file.ts';
import type { Cursor, Source } from './source.ts';

export interface TurnOptions {
  readonly handle: ReadableFile;
  /** Memory to read into, at least `turnBufferBytes`. */
  readonly buffer: Buffer;
  readonly framer: Framer;
  readonly filter: RecordFilter | undefined;
  readonly recordBytesMax: number;
  readonly overflow: Overflow;
  /** What becomes of a last record whose end was not seen. Asked when the end of the file was seen and something is held. */
  readonly tail: (heldBytes: number) => Tail;
}

export type TurnResult =
  | {
      readonly kind: 'read';
      readonly run: Run | undefined;
      readonly cursor: Cursor;
      /** Bytes behind the run that were seen: the beginning of a record. */
      readonly heldBytes: number;
      readonly atEnd: boolean;
      readonly fingerprint: Fingerprint;
      /** Undefined without a filter, or without a run. */
      readonly filtered: FilterCounts | undefined;
    }
  /** The file does not hold what was read of it any more. */
  | { readonly kind: 'changed'; readonly verdict: Exclude<Verdict, 'same'> };

/** Bytes a turn may read: enough to see the end of the longest record, so that every turn that is not at the end gets on. */
export function turnBufferBytes(framer: Framer, recordBytesMax: number): number {
  return markedBytes + Math.max(turnBytes, framer.viewBytes(recordBytesMax));
}

/**
 * Reads one turn of a file from its cursor. Every read begins with the 64 bytes before the position, which must still have the
 * cursor's mark: so a file that was cut and written anew is noticed even when it has grown beyond the position meanwhile.
 *
 * A position is the offset in the file and the `base` of its identity: so many bytes were removed from its beginning. Where that
 * leaves fewer than 64 bytes before the position, there is no mark.
 */
export async function readTurn(source: Source, options: TurnOptions): Promise<TurnResult> {
  const { handle, buffer } = options;
  const { cursor, identity } = source;
  if (!source.verified) {
    const verdict = await verify(handle, { identity, position: cursor.position, mark: cursor.mark });
    if (verdict !== 'same') return { kind: 'changed', verdict };
    source.verified = true;
  }
  const offset = cursor.position - identity.base;
  const before = Math.min(markedBytes, offset);
  const wanted = turnBufferBytes(options.framer, options.recordBytesMax) - markedBytes + before;
  const { bytesRead } = await handle.read(buffer, 0, wanted, offset - before);
  if (bytesRead < before) return { kind: 'changed', verdict: 'shorter' };
  if (marksDiffer(cursor.mark, markAt(buffer.subarray(0, before), cursor.position)))
    return { kind: 'changed', verdict: 'differs-before-position' };

  const seen = { handle, bytes: buffer.subarray(0, bytesRead), begin: offset - before };
  const fingerprint = await growFingerprint(identity, seen);
  if (fingerprint === undefined) return { kind: 'changed', verdict: 'begins-differently' };

  const fresh = buffer.subarray(before, bytesRead);
  const atFileEnd = bytesRead < wanted;
  const framed = frame(fresh, atFileEnd, options);
  const position = cursor.position + framed.end;
  // Before the filter changes these bytes.
  const mark = framed.end === 0 ? cursor.mark : markAt(buffer.subarray(0, before + framed.end), position);
  const next: Cursor = { streamId: cursor.streamId, position, mark };
  return {
    kind: 'read',
    ...runOf({ from: cursor, to: next, bytes: fresh, framed }, options),
    cursor: next,
    heldBytes: fresh.length - framed.end,
    atEnd: atFileEnd && framed.records < runRecordsMax && fresh.length <= runBytesMax,
    fingerprint,
  };
}

/** The mark at `position`, which these bytes end at; unknown where fewer are left than it is made of. */
function markAt(bytesBefore: Buffer, position: number): Mark {
  return bytesBefore.length < Math.min(markedBytes, position) ? '' : markOf(bytesBefore);
}

/** Whole records that fit a run; at the end of the file also what is held, when its time has come. */
function frame(bytes: Buffer, atFileEnd: boolean, options: TurnOptions): Framed {
  const { framer, recordBytesMax, tail } = options;
  const limits = { recordBytesMax, recordsMax: runRecordsMax, bytesMax: runBytesMax };
  const whole = framer.frame(bytes, limits, 'hold');
  const heldBytes = bytes.length - whole.end;
  if (!atFileEnd || heldBytes === 0 || whole.records >= runRecordsMax || bytes.length > runBytesMax) return whole;
  const what = tail(heldBytes);
  if (what === 'hold') return whole;
  const left = { recordBytesMax, recordsMax: runRecordsMax - whole.records, bytesMax: runBytesMax - whole.end };
  return joinFramed(whole, framer.frame(bytes.subarray(whole.end), left, what));
}

interface Turn {
  readonly from: Cursor;
  readonly to: Cursor;
  readonly bytes: Buffer;
  readonly framed: Framed;
}

function runOf(turn: Turn, options: TurnOptions): { readonly run: Run | undefined; readonly filtered: FilterCounts | undefined } {
  const { from, to, bytes, framed } = turn;
  if (framed.end === 0) return { run: undefined, filtered: undefined };
  const { filter, overflow } = options;
  const place = {
    streamId: from.streamId,
    from: from.position,
    to: to.position,
    fromMark: from.mark,
    toMark: to.mark,
    overflow,
  };
  if (filter === undefined) {
    const { records, cuts } = framed;
    const lengths = framed.isLines ? noLengths : framed.lengths;
    return { run: { ...place, bytes: bytes.subarray(0, framed.end), records, cuts, lengths, drops: [] }, filtered: undefined };
  }
  const { counts, ...left } = filter.filterRun(bytes, framed, from);
  const lengths = framed.isLines ? noLengths : left.lengths;
  return { run: { ...place, ...left, lengths }, filtered: counts };
}

/** The fingerprint over more of the first bytes, now that there are more; undefined when those it covers are others now. */
async function growFingerprint(
  known: Fingerprint,
  seen: { handle: ReadableFile; bytes: Buffer; begin: number },
): Promise<Fingerprint | undefined> {
  const { handle, bytes, begin } = seen;
  const length = Math.min(begin + bytes.length, fingerprintBytesMax);
  if (length <= known.fingerprintLength) return known;
  const head = begin === 0 ? bytes : await readHead(handle);
  if (!fingerprintFits(head, known)) return undefined;
  return fingerprintOf(head);
}
