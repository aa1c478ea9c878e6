/**
 * The log format of Kubernetes' container runtimes: `<time> <stdout|stderr> <tags> <text>`. The tag `P` says that the text goes on in
 * the next line of this stream, `F` that it ends; further tags would follow behind a colon.
 */
import { openPart, partLineFramer, stderrPart, stdoutPart, unknownPart } from './part-lines.ts';

const space = 32;
const colon = 58;
const letterP = 80;
const streamNames = [
  { name: Buffer.from('stdout '), bit: stdoutPart },
  { name: Buffer.from('stderr '), bit: stderrPart },
];
const streamNameBytes = 7;
/** The time is shorter. */
const timeBytesMax = 64;

export const criLineFramer = partLineFramer(criPartOf);

export function criPartOf(bytes: Buffer, start: number, end: number): number {
  const line = bytes.subarray(start, Math.min(end, start + timeBytesMax));
  const name = line.indexOf(space) + 1;
  const tag = name + streamNameBytes;
  const stream = streamNames.find(({ name: expected }) => line.subarray(name, tag).equals(expected));
  if (name === 0 || stream === undefined) return unknownPart;
  const isOpen = line[tag] === letterP && (line[tag + 1] === space || line[tag + 1] === colon);
  return stream.bit | (isOpen ? openPart : 0);
}

/** Where the text of the line that begins at `start` begins; `start` itself where the line has another form. */
export function criTextStart(bytes: Buffer, start: number, end: number): number {
  if (criPartOf(bytes, start, end) === unknownPart) return start;
  const tags = bytes.indexOf(space, start) + 1 + streamNameBytes;
  const text = bytes.indexOf(space, tags) + 1;
  return text === 0 || text > end ? end : text;
}
