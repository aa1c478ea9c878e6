/**
 * Lines of UTF-16: a newline is a unit of two bytes, which begins at an even position. A record begins at one: positions begin at 0,
 * and a record ends behind a whole unit, except the last one of a file that ends within a unit. So the bytes that a framer is given
 * are aligned. (UTF-32 is no encoding of the web's standard, and not accepted.)
 *
 * The limit of a record is rounded down to whole units. What is quiet for long is cut behind its last whole unit.
 */
import { FramedBuilder } from './framed-builder.ts';
import type { Framed, FrameLimits, Framer, Tail } from './framer.ts';

const unitBytes = 2;
const newlines = { 'utf-16le': Buffer.from([10, 0]), 'utf-16be': Buffer.from([0, 10]) };

export function wideLineFramer(encoding: keyof typeof newlines): Framer {
  const newline = newlines[encoding];
  return {
    frame: (bytes, limits, tail) => frameWideLines({ bytes, newline, limits, tail }),
    viewBytes: (recordBytesMax) => recordBytesMax + unitBytes,
    quietMs: undefined,
  };
}

function frameWideLines(given: { bytes: Buffer; newline: Buffer; limits: FrameLimits; tail: Tail }): Framed {
  const { bytes, newline, limits, tail } = given;
  const pieceBytesMax = limits.recordBytesMax - (limits.recordBytesMax % unitBytes);
  const found = new FramedBuilder(limits);
  let lineEnd = endOfLine(bytes, newline, 0);
  while (!found.isFull) {
    const start = found.end;
    const isWhole = lineEnd !== undefined && lineEnd - unitBytes - start <= pieceBytesMax;
    if (lineEnd !== undefined && isWhole) {
      if (!found.add(lineEnd, false)) break;
      lineEnd = endOfLine(bytes, newline, lineEnd);
    } else if (bytes.length - start >= pieceBytesMax + unitBytes) {
      if (!found.add(start + pieceBytesMax, false, 'too-long')) break;
    } else {
      const end = tail === 'end' ? bytes.length : bytes.length - ((bytes.length - start) % unitBytes);
      if (tail !== 'hold' && end > start) found.add(end, false, tail);
      break;
    }
  }
  return found.framed();
}

/** Just behind the next newline. */
function endOfLine(bytes: Buffer, newline: Buffer, from: number): number | undefined {
  let at = bytes.indexOf(newline, from);
  while (at >= 0 && at % unitBytes !== 0) at = bytes.indexOf(newline, at + 1);
  return at < 0 ? undefined : at + unitBytes;
}
