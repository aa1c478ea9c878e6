/** What `GET /tap` answers, a JSON object a line. Names are stable. */
import type { StreamAttributes } from '@tributary/protocol/messages.ts';
import { RecordEnds } from '../../framing/record-ends.ts';
import type { Run } from '../../inputs/input.ts';

export interface TappedRecord {
  readonly time: string;
  readonly input: string;
  readonly path: string;
  readonly tenant: string;
  readonly type: string;
  readonly position: number;
  /** All of it, also where `text` is only its beginning. */
  readonly bytes: number;
  /** It goes on in the next record. */
  readonly partial?: true;
  /** As it is shipped, in its declared encoding, without the line's end. */
  readonly text: string;
}

/** Records that matched and were not told: more than the rate, or more than the reader took. */
export interface SkippedRecords {
  readonly skipped: number;
}

export interface TappedStream {
  readonly input: string;
  readonly path: string;
  readonly attributes: StreamAttributes;
}

const textBytesMax = 16 * 1024;

/** The first records of a run. */
export function* tappedRecords(run: Run, { input, path, attributes }: TappedStream, time: string): Generator<TappedRecord> {
  const bytes = Buffer.from(run.bytes.buffer, run.bytes.byteOffset, run.bytes.length);
  const { tenant, type, counted, encoding } = attributes;
  const { records, cuts, lengths, drops, from } = run;
  const decoder = new TextDecoder(encoding);
  const ends = new RecordEnds(bytes, { end: bytes.length, records, cuts, lengths, isLines: lengths.length === 0 });
  let drop = 0;
  let left = 0;
  for (let index = 0; ends.next(); index += 1) {
    const { start, end, cut } = ends;
    for (let next = drops[drop]; next !== undefined && next.offset <= start; next = drops[drop]) {
      left += next.span;
      drop += 1;
    }
    const text = decoder.decode(bytes.subarray(start, Math.min(end, start + textBytesMax))).replace(/\r?\n$/, '');
    yield {
      time,
      input,
      path,
      tenant,
      type,
      position: counted ? from + index : from + left + start,
      bytes: end - start,
      ...(cut === undefined || cut === 'end' ? {} : { partial: true }),
      text,
    };
  }
}
