import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Segment } from '@tributary/protocol/messages.ts';
import type { Entry, StreamInfo } from '../queue/queue.ts';
import { batchEntry, compress, countedSegment, lineSegment, streamInfo } from '../testing/records.ts';
import { decodeBlock, type Block } from './block.ts';
import { inflatedBytesMax } from './limits.ts';
import { passThrough } from './pass-through.ts';

interface Row {
  readonly stream: string;
  readonly position: number;
  readonly flags: number;
  readonly raw: string;
}

const app = streamInfo(1);
const other = streamInfo(2);
const counted = streamInfo(3, { counted: true });

/** An entry of segments, each with the bytes it is over. */
function entryOf(parts: readonly [StreamInfo, Segment, Buffer][], changes: Partial<Entry> = {}): Entry {
  const segments = parts.map(([stream, segment]) => ({ ...segment, stream }));
  return batchEntry(segments, Buffer.concat(parts.map(([, , bytes]) => bytes)), changes);
}

function lines(stream: StreamInfo, text: string, from = 0): [StreamInfo, Segment, Buffer] {
  const bytes = Buffer.from(text, 'latin1');
  return [stream, lineSegment(bytes, from), bytes];
}

function processed(entry: Entry): { block: Block; result: Extract<ReturnType<typeof passThrough>, { kind: 'block' }> } {
  const result = passThrough(entry);
  assert.equal(result.kind, 'block', JSON.stringify(result));
  return { block: decodeBlock(result.body, result.inflatedBytes), result };
}

/** The block's records as a reader with all the time in the world would list them. */
function rowsOf(block: Block): Row[] {
  const ends = block.streams.map((stream) => stream.from);
  let offset = 0;
  return Array.from({ length: block.records }, (_, index): Row => {
    const stream = block.columns.stream[index] ?? 0;
    const length = block.columns.length[index] ?? 0;
    const position = (ends[stream] ?? 0) + (block.columns.skipped[index] ?? 0);
    ends[stream] = position + (block.streams[stream]?.attributes.counted === true ? 1 : length);
    const raw = Buffer.from(block.raw.subarray(offset, offset + length)).toString('latin1');
    offset += length;
    return { stream: block.streams[stream]?.path ?? '', position, flags: block.columns.flags[index] ?? 0, raw };
  });
}

function reasonOf(entry: Entry): string {
  const result = passThrough(entry);
  assert.equal(result.kind, 'rejected');
  return result.reason;
}

suite('pass-through', () => {
  test('each line is a record at its byte offset; the body goes on as it came', () => {
    const entry = entryOf([lines(app, 'one\r\n\n"three"', 100)]);
    const { block, result } = processed(entry);
    const stream = '/var/log/1.log';
    assert.deepEqual(rowsOf(block), [
      { stream, position: 100, flags: 0, raw: 'one\r\n' },
      { stream, position: 105, flags: 0, raw: '\n' },
      { stream, position: 106, flags: 0, raw: '"three"' },
    ]);
    assert.ok(Buffer.from(result.body).includes(Buffer.from(entry.body)), 'not compressed a second time');
    assert.equal(block.receivedMs, entry.receivedMs);
    assert.deepEqual(result.kept, [{ segment: 0, from: 100, records: 3, bytes: 13 }]);
  });

  test('cuts end records: what goes on is partial, what ended the source is not', () => {
    const bytes = Buffer.from('long line\nab');
    const segment = lineSegment(bytes, 0, [
      { offset: 4, cause: 'too-long' },
      { offset: 12, cause: 'end' },
    ]);
    const { block } = processed(entryOf([[app, segment, bytes]]));
    assert.deepEqual(
      rowsOf(block).map(({ raw, flags, position }) => [raw, flags, position]),
      [
        ['long', 1, 0],
        [' line\n', 0, 4],
        ['ab', 0, 10],
      ],
    );
    const idle = lineSegment(Buffer.from('wait'), 7, [{ offset: 4, cause: 'idle' }]);
    assert.deepEqual(
      rowsOf(processed(entryOf([[app, idle, Buffer.from('wait')]])).block).map(({ flags }) => flags),
      [1],
    );
  });

  test('counted records may hold anything and count one each', () => {
    const records = [Buffer.from('a\nb'), Buffer.alloc(0), Buffer.from('\n')];
    const { block } = processed(entryOf([[counted, countedSegment(records, 5), Buffer.concat(records)]]));
    assert.deepEqual(
      rowsOf(block).map(({ raw, position }) => [raw, position]),
      [
        ['a\nb', 5],
        ['', 6],
        ['\n', 7],
      ],
    );
  });

  test('segments of several streams keep their order and positions, gaps included', () => {
    const entry = entryOf([lines(app, 'a1\n', 10), lines(other, 'b\n'), lines(app, 'a2\n', 13), lines(app, 'a3\n', 50)]);
    const { block } = processed(entry);
    assert.equal(block.streams.length, 2);
    assert.deepEqual(
      rowsOf(block).map(({ raw, position }) => [raw, position]),
      [
        ['a1\n', 10],
        ['b\n', 0],
        ['a2\n', 13],
        ['a3\n', 50],
      ],
    );
  });

  test('what was trimmed is left out, a line cut by it begins at the trim', () => {
    const parts = [lines(app, 'old\nhalf new\n', 10), lines(other, 'gone\n'), lines(app, 'all\n', 23)];
    const records = [Buffer.from('x'), Buffer.from('yy')];
    parts.push([counted, countedSegment(records, 0), Buffer.concat(records)]);
    const trims = [
      { segment: 0, from: 19 },
      { segment: 1, from: 5 },
      { segment: 3, from: 1 },
    ];
    const { block, result } = processed(entryOf(parts, { trims }));
    assert.deepEqual(
      rowsOf(block).map(({ raw, position }) => [raw, position]),
      [
        ['new\n', 19],
        ['all\n', 23],
        ['yy', 1],
      ],
    );
    assert.deepEqual(
      result.kept.map(({ segment, from, records: kept }) => [segment, from, kept]),
      [
        [0, 19, 1],
        [2, 23, 1],
        [3, 1, 1],
      ],
    );
    assert.deepEqual(passThrough(entryOf([lines(app, 'x\n')], { trims: [{ segment: 0, from: 2 }] })), { kind: 'nothing' });
  });

  test('any bytes, cut and trimmed anywhere, come out once and in order', () => {
    const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array.map((byte) => (byte < 60 ? 10 : byte))));
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(200), { maxLength: 5 }), fc.nat(200), (content, offsets, skip) => {
        const cuts = [...new Set(offsets)]
          .filter((offset) => offset > 0 && offset <= content.length)
          .toSorted((a, b) => a - b)
          .map((offset) => ({ offset, cause: 'idle' as const }));
        const from = Math.min(skip, content.length);
        const result = passThrough(
          entryOf([[app, lineSegment(content, 1000, cuts), content]], { trims: [{ segment: 0, from: 1000 + from }] }),
        );
        if (from === content.length) return assert.equal(result.kind, 'nothing');
        assert.equal(result.kind, 'block', JSON.stringify(result));
        const rows = rowsOf(decodeBlock(result.body, result.inflatedBytes));
        assert.equal(rows.map(({ raw }) => raw).join(''), content.subarray(from).toString('latin1'));
        assert.equal(rows[0]?.position, 1000 + from);
        for (const [index, row] of rows.entries()) {
          assert.equal(rows[index + 1]?.position ?? row.position + row.raw.length, row.position + row.raw.length);
          assert.ok(!row.raw.slice(0, -1).includes('\n'), 'a line ends at its newline');
        }
      }),
    );
  });

  test('figures that do not fit the body are rejected with the reason', () => {
    const good = entryOf([lines(app, 'one\ntwo\n')]);
    const [segment] = good.segments;
    assert.ok(segment !== undefined);
    const wrong = (changes: Partial<Segment>, rest: Partial<Entry> = {}): string =>
      reasonOf({ ...good, segments: [{ ...segment, ...changes }], ...rest });
    assert.match(wrong({ records: 1 }, { records: 1 }), /declares 1 records and has more/);
    assert.match(wrong({ records: 3 }, { records: 3 }), /declares 3 records and has 2/);
    assert.match(wrong({ records: 2 }, { records: 3 }), /2 records, the batch 3/);
    assert.match(wrong({ bytes: 7 }), /7 bytes, the batch 8/);
    assert.match(wrong({ to: 9 }), /9 positions has 8 bytes/);
    assert.match(reasonOf({ ...good, inflatedBytes: inflatedBytesMax + 1 }), /over/);
    assert.match(reasonOf({ ...good, body: compress(Buffer.from('one\ntwo\nthree\n')) }), /more than its 8 bytes/);
    assert.match(reasonOf({ ...good, body: compress(Buffer.from('one')) }), /3 bytes instead of 8/);
    assert.match(reasonOf({ ...good, body: Buffer.from('no zstd') }), /not readable zstd/);
    const short = countedSegment([Buffer.from('ab')]);
    assert.match(reasonOf(entryOf([[counted, { ...short, lengths: [1] }, Buffer.from('ab')]])), /add up to 1/);
    assert.match(reasonOf(entryOf([[counted, { ...short, lengths: [] }, Buffer.from('ab')]])), /has 0/);
  });
});
