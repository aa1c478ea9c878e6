import assert from 'node:assert/strict';
import type { CutCause } from '@tributary/protocol/messages.ts';
import type { FrameLimits, Framer, Tail } from '../framer.ts';
import { RecordEnds } from '../record-ends.ts';

/** A record as tests compare it: its text and why it was cut. */
export type FoundRecord = readonly [text: string, cut?: CutCause];

export interface Arrival {
  /** How many bytes each look finds more; the last is repeated. */
  readonly steps: readonly number[];
  /** Bytes that are looked at beyond those that the framer needs to see. */
  readonly more: number;
  readonly recordsMax: number;
}

const atOnce: Arrival = { steps: [Infinity], more: 1_000_000, recordsMax: 65_536 };

/** Frames bytes as they arrive, as a file is read in turns; at the end, with the tail. Checks what holds for every framer. */
export function frameAll(
  framer: Framer,
  bytes: Buffer,
  given: { readonly recordBytesMax?: number; readonly tail?: Tail; readonly arrival?: Arrival } = {},
): FoundRecord[] {
  const { recordBytesMax = 1024, tail = 'end', arrival = atOnce } = given;
  const limits: FrameLimits = { recordBytesMax, recordsMax: arrival.recordsMax, bytesMax: 1_000_000 };
  const view = framer.viewBytes(recordBytesMax) + arrival.more;
  const found: FoundRecord[] = [];
  let position = 0;
  let arrived = 0;
  for (let turn = 0; ; turn += 1) {
    const seen = bytes.subarray(position, Math.min(arrived, position + view));
    const isEnd = arrived >= bytes.length && position + seen.length === bytes.length;
    const held = framer.frame(seen, limits, 'hold');
    const framed = held.end === 0 && isEnd ? framer.frame(seen, limits, tail) : held;
    assert(framed.records <= limits.recordsMax, 'no more records than asked for');
    if (seen.length === view) assert(framed.end > 0, 'with so much in view there is a record');
    const records = new RecordEnds(seen, framed);
    while (records.next()) {
      const { start, end, cut } = records;
      assert(end > start, 'a record has bytes');
      const text = seen.toString('latin1', start, end);
      if (framed.isLines)
        assert.equal(text.indexOf('\n', 0) === -1 ? cut !== undefined : text.indexOf('\n') === text.length - 1, true);
      found.push(cut === undefined ? [text] : [text, cut]);
    }
    assert.equal(records.end, framed.end);
    position += framed.end;
    if (framed.end === 0) {
      if (isEnd) break;
      arrived += arrival.steps[Math.min(turn, arrival.steps.length - 1)] ?? 1;
    }
  }
  if (tail === 'end') assert.equal(found.map(([text]) => text).join(''), bytes.toString('latin1'), 'nothing is lost or added');
  return found;
}
