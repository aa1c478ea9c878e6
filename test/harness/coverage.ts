import type { ArchivedStream } from './read-archive.ts';

export interface Coverage {
  /** Bytes of the file that no row holds. */
  readonly missing: number;
  /** Bytes that a second row holds. */
  readonly doubled: number;
  /** Bytes of rows that differ from the file's at their position. */
  readonly different: number;
}

/** How the rows of all streams together cover one file's content: a file may have gone on in a new stream. */
export function coverageOf(content: Buffer, streams: readonly ArchivedStream[]): Coverage {
  const times = new Uint8Array(content.length);
  let different = 0;
  for (const stream of streams) {
    let at = 0;
    for (const { position, bytes } of stream.pieces) {
      for (let index = 0; index < bytes; index += 1) {
        if (stream.raw[at + index] === content[position + index]) times[position + index] = (times[position + index] ?? 0) + 1;
        else different += 1;
      }
      at += bytes;
    }
  }
  let missing = 0;
  let doubled = 0;
  for (const count of times) {
    if (count === 0) missing += 1;
    if (count > 1) doubled += count - 1;
  }
  return { missing, doubled, different };
}
