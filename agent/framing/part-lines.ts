/**
 * Lines of a container engine's log, where a long line of the container is split into several: they are one record, of all the engine's
 * lines from the first part to the last. The parts of its two streams may stand between each other, so a record ends when neither has
 * an open part: it may hold lines of both.
 *
 * A record of more than `recordBytesMax` bytes, or with a part that is open for more than `partsMax` lines, is cut behind a whole line of
 * the engine: its first piece is told by a Cut of cause `too-long`.
 */
import { FramedBuilder } from './framed-builder.ts';
import type { Framed, FrameLimits, Framer, Tail } from './framer.ts';
import { lineFramer } from './lines.ts';
import { RecordEnds } from './record-ends.ts';

/** What the engine's line `[start, end)` is: the bit of its stream, and `openPart` when its text goes on in a later line. */
export type PartOf = (bytes: Buffer, start: number, end: number) => number;

export const stdoutPart = 1;
export const stderrPart = 2;
/** A line of no known form: a record of its own, unless it stands within one. */
export const unknownPart = 0;
export const openPart = 4;

export const streamBits = stdoutPart | stderrPart;
const partsMax = 1024;

export function partLineFramer(partOf: PartOf): Framer {
  return {
    frame: (bytes, limits, tail) => frameParts({ bytes, limits, tail, partOf }),
    viewBytes: (recordBytesMax) => recordBytesMax + 1,
    quietMs: undefined,
  };
}

function frameParts(given: { bytes: Buffer; limits: FrameLimits; tail: Tail; partOf: PartOf }): Framed {
  const { bytes, limits, tail, partOf } = given;
  const { recordBytesMax } = limits;
  const everyLine = { recordBytesMax, recordsMax: Infinity, bytesMax: Infinity };
  const lines = new RecordEnds(bytes, lineFramer.frame(bytes, everyLine, tail));
  const found = new FramedBuilder(limits);
  let open = 0;
  let parts = 0;
  while (lines.next()) {
    const terminatorBytes = lines.cut === undefined ? 1 : 0;
    if (parts > 0 && lines.end - terminatorBytes - found.end > recordBytesMax) {
      if (!found.add(lines.start, false, 'too-long')) return found.framed();
      open = 0;
      parts = 0;
    }
    const part = lines.cut === undefined ? partOf(bytes, lines.start, lines.end) : unknownPart;
    const stream = part & streamBits;
    open = (part & openPart) === 0 ? open & ~stream : open | stream;
    parts += 1;
    if (open !== 0 && parts < partsMax && lines.cut === undefined) continue;
    const cut = lines.cut ?? (open === 0 ? undefined : 'too-long');
    if (!found.add(lines.end, parts === 1 && cut === lines.cut, cut)) return found.framed();
    open = 0;
    parts = 0;
  }
  if (parts === 0) return found.framed();
  // What follows an open part, however it ends, would make the record too long.
  if (bytes.length - found.end > recordBytesMax) found.add(lines.end, false, 'too-long');
  else if (tail !== 'hold') found.add(lines.end, false, tail);
  return found.framed();
}
