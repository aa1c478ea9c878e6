/**
 * How the bytes of a source that can be read again are cut into records. A framer keeps no state between calls: it is given the bytes
 * from the first record that was not pushed yet, and what it holds back it is given again. So an unfinished record survives a
 * rotation and a restart by its position alone.
 */
import type { Cut } from '@tributary/protocol/messages.ts';

export interface FrameLimits {
  /** A longer record is cut into pieces; the same pieces however the bytes came. */
  readonly recordBytesMax: number;
  readonly recordsMax: number;
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
  readonly cuts: readonly Cut[];
  /** Length of each record; empty where each line is a record. */
  readonly lengths: readonly number[];
}

export interface Framer {
  /** Frames `bytes`, which begin at the start of a record; no more than `recordsMax` records of them. */
  frame(bytes: Buffer, limits: FrameLimits, tail: Tail): Framed;
  /** How long a last record that may go on is held while its source is quiet; undefined: as long as an unfinished line. */
  readonly quietMs: number | undefined;
}
