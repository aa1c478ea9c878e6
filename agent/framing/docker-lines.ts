/**
 * Docker's json-file log: a JSON object a line. `log` ends with a newline where the container's line does; Docker splits lines of more
 * than 16 KiB. Recognised on bytes where the object is written as Docker writes it, and by a parser otherwise.
 */
import { openPart, partLineFramer, stderrPart, stdoutPart, unknownPart } from './part-lines.ts';

/** A quote within the text is written with a backslash, so the first place of these bytes ends a value: of `log`, as Docker writes it. */
const beforeLog = Buffer.from('{"log":"');
const behindLog = Buffer.from('","stream":"std');
const backslash = 92;
const letterN = 110;
const letterO = 111;
const brace = 123;

export const dockerLineFramer = partLineFramer(dockerPartOf);

export function dockerPartOf(bytes: Buffer, start: number, end: number): number {
  const line = bytes.subarray(start, end);
  const quote = line.indexOf(behindLog);
  // Few lines are split, so that the parser may look at each that seems to be.
  if (quote < 0 || !endsWithNewline(line, quote)) return line[0] === brace ? parsedPart(line) : unknownPart;
  return line[quote + behindLog.length] === letterO ? stdoutPart : stderrPart;
}

/** Whether the JSON text that the quote ends does so with `\n`; the backslash itself may be an escaped one. */
function endsWithNewline(line: Buffer, quote: number): boolean {
  if (line[quote - 1] !== letterN) return false;
  let at = quote - 2;
  while (line[at] === backslash) at -= 1;
  return (quote - 2 - at) % 2 === 1;
}

function parsedPart(line: Buffer): number {
  try {
    const { log, stream }: Record<string, unknown> = JSON.parse(line.toString());
    if (typeof log !== 'string') return unknownPart;
    const bit = stream === 'stderr' ? stderrPart : stdoutPart;
    return bit | (log === '' || log.endsWith('\n') ? 0 : openPart);
  } catch {
    return unknownPart;
  }
}

/** Where the inside of the string `log` is in the line `[start, end)`. Undefined where it is not written as an engine writes it. */
export function dockerTextRange(bytes: Buffer, start: number, end: number): readonly [start: number, end: number] | undefined {
  const line = bytes.subarray(start, end);
  const quote = line.indexOf(behindLog);
  if (quote >= 0 && line.indexOf(beforeLog) === 0) return [start + beforeLog.length, start + quote];
  // The fields in another order.
  const [before = '', inside] = /^\{(?:[^{]*,)?\s*"log"\s*:\s*"((?:[^"\\]|\\[^])*)(?=")/.exec(line.toString('latin1')) ?? [];
  return inside === undefined ? undefined : [start + before.length - inside.length, start + before.length];
}
