import type { FileHandle } from 'node:fs/promises';
import { markedBytes } from '@tributary/protocol/limits.ts';
import { markOf, marksDiffer } from '@tributary/protocol/mark.ts';
import type { Cut, CutCause } from '@tributary/protocol/messages.ts';
import { runRecordsMax } from '../../framing/limits.ts';
import { type Framed, frameLines } from '../../framing/lines.ts';
import type { Run } from '../input.ts';
import { fingerprintBytesMax, turnBytes } from './limits.ts';
import { fingerprintFits, fingerprintOf, readHead, type Fingerprint, type Verdict, verify } from './identity.ts';
import type { Cursor, Source } from './source.ts';

export interface TurnOptions {
  readonly handle: FileHandle;
  /** Memory to read into, of `turnBufferBytes`. */
  readonly buffer: Buffer;
  readonly lineBytesMax: number;
  /** Why an unfinished last line is cut off now; undefined: it is held. Asked when the end of the file was seen. */
  readonly tailCut: (tailBytes: number) => CutCause | undefined;
}

export type TurnResult =
  | {
      readonly kind: 'read';
      readonly run: Run | undefined;
      readonly cursor: Cursor;
      /** Bytes behind the run that were seen: the beginning of a line. */
      readonly heldBytes: number;
      readonly atEnd: boolean;
      readonly fingerprint: Fingerprint;
    }
  /** The file does not hold what was read of it any more. */
  | { readonly kind: 'changed'; readonly verdict: Exclude<Verdict, 'same'> };

/** Bytes a turn may read: enough for the longest line and one byte more, so that every turn that is not at the end gets on. */
export function turnBufferBytes(lineBytesMax: number): number {
  return markedBytes + Math.max(turnBytes, lineBytesMax + 1);
}

/**
 * Reads one turn of a file from its cursor. Every read begins with the 64 bytes before the position, which must still have the
 * cursor's mark: so a file that was cut and written anew is noticed even when it has grown beyond the position meanwhile.
 */
export async function readTurn(source: Source, options: TurnOptions): Promise<TurnResult> {
  const { handle, buffer, lineBytesMax } = options;
  const { cursor } = source;
  if (!source.verified) {
    const verdict = await verify(handle, { identity: source.identity, position: cursor.position, mark: cursor.mark });
    if (verdict !== 'same') return { kind: 'changed', verdict };
    source.verified = true;
  }
  const before = Math.min(markedBytes, cursor.position);
  const wanted = turnBufferBytes(lineBytesMax) - markedBytes + before;
  const { bytesRead } = await handle.read(buffer, 0, wanted, cursor.position - before);
  if (bytesRead < before) return { kind: 'changed', verdict: 'shorter' };
  if (marksDiffer(cursor.mark, markOf(buffer.subarray(0, before))))
    return { kind: 'changed', verdict: 'differs-before-position' };

  const seen = { handle, bytes: buffer.subarray(0, bytesRead), begin: cursor.position - before };
  const fingerprint = await growFingerprint(source.identity, seen);
  if (fingerprint === undefined) return { kind: 'changed', verdict: 'begins-differently' };

  const fresh = buffer.subarray(before, bytesRead);
  const atFileEnd = bytesRead < wanted;
  const framed = withTail(frameLines(fresh, { lineBytesMax, recordsMax: runRecordsMax }), fresh.length, (tailBytes) =>
    atFileEnd ? options.tailCut(tailBytes) : undefined,
  );
  const toMark = framed.end === 0 ? cursor.mark : markOf(buffer.subarray(0, before + framed.end));
  return {
    kind: 'read',
    run: framed.end === 0 ? undefined : runOf(cursor, fresh.subarray(0, framed.end), { framed, toMark }),
    cursor: { streamId: cursor.streamId, position: cursor.position + framed.end, mark: toMark },
    heldBytes: fresh.length - framed.end,
    atEnd: atFileEnd && framed.records < runRecordsMax,
    fingerprint,
  };
}

function runOf(cursor: Cursor, bytes: Buffer, { framed, toMark }: { framed: Framed; toMark: string }): Run {
  const { streamId, position: from, mark: fromMark } = cursor;
  return { streamId, from, bytes, records: framed.records, cuts: framed.cuts, lengths: [], fromMark, toMark };
}

/** Adds the unfinished last line as a record when it is to be cut off. */
function withTail(framed: Framed, length: number, tailCut: (tailBytes: number) => CutCause | undefined): Framed {
  const tailBytes = length - framed.end;
  if (tailBytes === 0 || framed.records >= runRecordsMax) return framed;
  const cause = tailCut(tailBytes);
  if (cause === undefined) return framed;
  const cut: Cut = { offset: length, cause };
  return { end: length, records: framed.records + 1, cuts: [...framed.cuts, cut] };
}

/** The fingerprint over more of the first bytes, now that there are more; undefined when those it covers are others now. */
async function growFingerprint(
  known: Fingerprint,
  seen: { handle: FileHandle; bytes: Buffer; begin: number },
): Promise<Fingerprint | undefined> {
  const { handle, bytes, begin } = seen;
  const length = Math.min(begin + bytes.length, fingerprintBytesMax);
  if (length <= known.fingerprintLength) return known;
  const head = begin === 0 ? bytes : await readHead(handle);
  if (!fingerprintFits(head, known)) return undefined;
  return fingerprintOf(head);
}
