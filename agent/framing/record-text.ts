/**
 * The text of a record for the patterns that say how lines are joined: its first bytes only, without the line's end. Of a container
 * engine's line it is what the container wrote.
 */
import { criTextStart } from './cri-lines.ts';
import { textDecoder } from '@tributary/shared/text/text-decoder.ts';

/** The record lies at `[start, end)` of the bytes. */
export type TextOf = (bytes: Buffer, start: number, end: number) => string;

const textBytesMax = 4096;
const newlineByte = 10;

export function recordText(encoding: string, container: 'docker' | 'cri' | undefined): TextOf {
  if (container === 'docker') return dockerText;
  const decoder = textDecoder(encoding);
  const first: TextOf = (bytes, start, end) =>
    withoutLineEnd(decoder.decode(bytes.subarray(start, Math.min(end, start + textBytesMax))));
  if (container === undefined) return first;
  return (bytes, start, end) => {
    const newline = bytes.indexOf(newlineByte, start);
    return first(bytes, criTextStart(bytes, start, end), newline < 0 ? end : Math.min(end, newline + 1));
  };
}

/** Of a record that was joined, the first line's. */
function dockerText(bytes: Buffer, start: number, end: number): string {
  const newline = bytes.indexOf(newlineByte, start);
  const line = bytes.toString('utf8', start, newline < 0 ? end : Math.min(end, newline));
  try {
    const { log }: Record<string, unknown> = JSON.parse(line);
    if (typeof log === 'string') return withoutLineEnd(log.slice(0, textBytesMax));
  } catch {
    // A line of another form is its own text.
  }
  return line.slice(0, textBytesMax);
}

function withoutLineEnd(text: string): string {
  if (!text.endsWith('\n')) return text;
  return text.slice(0, text.endsWith('\r\n') ? -2 : -1);
}
