/**
 * How the bytes of a source that can be read again are cut into records. A framer keeps no state between calls: it is given the bytes
 * from the first record that was not pushed yet, and what it holds back it is given again. So an unfinished record survives a
 * rotation and a restart by its position alone. Where a record ends depends only on the bytes from where it begins, never on how
 * they came in chunks.
 */
import type { Cut } from '@tributary/protocol/messages.ts';

export interface FrameLimits {
  /** A longer record is cut into pieces; the same pieces however the bytes came. Its last terminator does not count. */
  readonly recordBytesMax: number;
  readonly recordsMax: number;
  /** Bytes of whole records that may be found; the longest record with its terminator fits. */
  readonly bytesMax: number;
}

/**
 * What to do with a last record whose end was not seen: `hold` it for more bytes; `idle`: the source was quiet for long enough, send it
 * as it is (with a cut if its line has no end); `end`: nothing more will come.
 */
export type Tail = 'hold' | 'idle' | 'end';

export interface Framed {
  /** Bytes from the start that are whole records; what follows is held. */
  readonly end: number;
  readonly records: number;
  /** Ascending. One of cause `too-long` may also be behind a terminator: what was one record goes on in the next. */
  readonly cuts: readonly Cut[];
  /** Each record is one line, which ends by `\n` or a cut: whoever splits the bytes needs no lengths. */
  readonly isLines: boolean;
  /** Length of each record; a framer whose records are always lines leaves them empty. */
  readonly lengths: readonly number[];
}

export interface Framer {
  /** Frames `bytes`, which begin at the start of a record, within the limits. */
  frame(bytes: Buffer, limits: FrameLimits, tail: Tail): Framed;
  /** With so many bytes in view a record's end is always found, whatever they are. */
  viewBytes(recordBytesMax: number): number;
  /** How long a last record that may go on is held while its source is quiet; undefined: as long as an unfinished line. */
  readonly quietMs: number | undefined;
}

export const noCuts: readonly Cut[] = [];
export const noLengths: readonly number[] = [];

/** Two frames as one: `second` was framed from where `first` ends. Both tell lengths, or neither does. */
export function joinFramed(first: Framed, second: Framed): Framed {
  if (second.records === 0) return first;
  if (first.records === 0) return second;
  const cuts = second.cuts.map(({ offset, cause }) => ({ offset: first.end + offset, cause }));
  return {
    end: first.end + second.end,
    records: first.records + second.records,
    cuts: [...first.cuts, ...cuts],
    isLines: first.isLines && second.isLines,
    lengths: [...first.lengths, ...second.lengths],
  };
}
