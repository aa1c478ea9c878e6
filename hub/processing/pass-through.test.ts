import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Segment } from '@tributary/protocol/messages.ts';
import type { Entry, StreamInfo } from '../queue/queue.ts';
import { batchEntry, compress, countedSegment, lineSegment, streamInfo } from '../testing/records.ts';
import type { ProcessedBlock } from './batch-entry.ts';
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
const nothingLeft = { block: undefined, rejected: [] };

/** An entry of segments, each with the bytes it is over. */
function entryOf(parts: readonly [StreamInfo, Segment, Buffer][], changes: Partial<Entry> = {}): Entry {
  const segments = parts.map(([stream, segment]) => ({ ...segment, stream }));
  return batchEntry(segments, Buffer.concat(parts.map(([, , bytes]) => bytes)), changes);
}

function lines(stream: StreamInfo, text: string, from = 0): [StreamInfo, Segment, Buffer] {
  const bytes = Buffer.from(text, 'latin1');
  return [stream, lineSegment(bytes, from), bytes];
}

function processed(...entries: readonly Entry[]): { block: Block; result: ProcessedBlock } {
  const { block: result, rejected } = passThrough(entries);
  assert.ok(result !== undefined, JSON.stringify(rejected));
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

/** Runs of the same byte, 128 KiB each in four bytes. */
function bomb(runs: number): Uint8Array<ArrayBuffer> {
  const run = [0b010, 0, 0b1_0000, 0x61];
  const blocks = Array.from({ length: runs }, () => run).flat();
  return Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x50, ...blocks, 1, 0, 0]);
}

function reasonOf(entry: Entry): string {
  const { block, rejected } = passThrough([entry]);
  assert.deepEqual([block, rejected.length, rejected[0]?.entry], [undefined, 1, 0]);
  return rejected[0]?.reason ?? '';
}

/** A record, or what a filter left out. */
type Piece =
  | { readonly kind: 'record'; readonly text: string; readonly isCut: boolean }
  | { readonly kind: 'drop'; readonly span: number };

const piece: fc.Arbitrary<Piece> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('record'), text: fc.stringMatching(/^[a-z\n]{0,8}$/), isCut: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop'), span: fc.integer({ min: 1, max: 40 }) }) },
);

/** The segment that an agent would make of these, and the rows that must come of it. With lengths a record may be several lines. */
function segmentOfPieces(
  pieces: readonly Piece[],
  hasLengths: boolean,
): { segment: Segment; bytes: Buffer; rows: { position: number; raw: string; flags: number }[] } {
  const rows: { position: number; raw: string; flags: number }[] = [];
  const cuts: { offset: number; cause: 'idle' }[] = [];
  const drops: { offset: number; span: number; records: number }[] = [];
  let text = '';
  let position = 50;
  for (const next of pieces) {
    if (next.kind === 'drop') {
      const last = drops.at(-1);
      if (last?.offset === text.length) drops.splice(-1, 1, { ...last, span: last.span + next.span });
      else drops.push({ offset: text.length, span: next.span, records: 1 });
      position += next.span;
      continue;
    }
    const raw = hasLengths
      ? `x${next.text}`
      : next.isCut
        ? `x${next.text.replaceAll('\n', '')}`
        : `${next.text.replaceAll('\n', '')}\n`;
    text += raw;
    if (next.isCut) cuts.push({ offset: text.length, cause: 'idle' });
    rows.push({ position, raw, flags: next.isCut ? 1 : 0 });
    position += raw.length;
  }
  const lengths = hasLengths ? rows.map(({ raw }) => raw.length) : [];
  const figures = { records: rows.length, bytes: text.length, cuts, lengths, drops };
  return { segment: { from: 50, to: position, fromMark: '', toMark: '', ...figures }, bytes: Buffer.from(text), rows };
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
    assert.deepEqual(result.kept, [{ entry: 0, segment: 0, from: 100, to: 113, records: 3, bytes: 13 }]);
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

  test('counted records that go on in the next one are partial, also behind a trim', () => {
    const records = [Buffer.from('aaa'), Buffer.from('bbb'), Buffer.from('c'), Buffer.from('d')];
    const cuts: Segment['cuts'] = [
      { offset: 3, cause: 'too-long' },
      { offset: 6, cause: 'too-long' },
      { offset: 8, cause: 'end' },
    ];
    const segment = { ...countedSegment(records, 5), cuts };
    const flagsIn = (entry: Entry): unknown[] => rowsOf(processed(entry).block).map(({ raw, flags }) => [raw, flags !== 0]);
    const part: Parameters<typeof entryOf>[0][number] = [counted, segment, Buffer.concat(records)];
    const rest = [
      ['bbb', true],
      ['c', false],
      ['d', false],
    ];
    assert.deepEqual(flagsIn(entryOf([part])), [['aaa', true], ...rest]);
    assert.deepEqual(flagsIn(entryOf([part], { trims: [{ segment: 0, from: 6, to: 0 }] })), rest);
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
      { segment: 0, from: 19, to: 0 },
      { segment: 1, from: 5, to: 0 },
      { segment: 3, from: 1, to: 0 },
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
    assert.deepEqual(passThrough([entryOf([lines(app, 'x\n')], { trims: [{ segment: 0, from: 2, to: 0 }] })]), nothingLeft);
  });

  test('records of several lines are what their lengths say, and what was left out makes positions jump', () => {
    const bytes = Buffer.from('one\n more\ntwo\nthree');
    const segment: Segment = {
      ...lineSegment(bytes, 100),
      to: 100 + bytes.length + 60,
      records: 3,
      lengths: [10, 4, 5],
      cuts: [{ offset: 19, cause: 'idle' }],
      drops: [
        { offset: 0, span: 10, records: 1 },
        { offset: 14, span: 20, records: 3 },
        { offset: 19, span: 30, records: 1 },
      ],
    };
    const { block, result } = processed(entryOf([[app, segment, bytes], lines(app, 'next\n', segment.to)]));
    assert.deepEqual(
      rowsOf(block).map(({ raw, position, flags }) => [raw, position, flags]),
      [
        ['one\n more\n', 110, 0],
        ['two\n', 120, 0],
        ['three', 144, 1],
        ['next\n', 179, 0],
      ],
    );
    assert.deepEqual(result.kept, [
      { entry: 0, segment: 0, from: 100, to: 179, records: 3, bytes: 19 },
      { entry: 0, segment: 1, from: 179, to: 184, records: 1, bytes: 5 },
    ]);
  });

  test('a batch of nothing but drops makes a block without documents, whose positions are told', () => {
    const nothing: Segment = { ...lineSegment(Buffer.alloc(0), 7), to: 17, drops: [{ offset: 0, span: 10, records: 2 }] };
    const entry = entryOf([[app, nothing, Buffer.alloc(0)]]);
    const { block, result } = processed(entry);
    assert.deepEqual([block.records, block.raw.length, block.streams.length], [0, 0, 0]);
    assert.deepEqual(result.kept, [{ entry: 0, segment: 0, from: 7, to: 17, records: 0, bytes: 0 }]);
    assert.deepEqual(processed({ ...entry, trims: [{ segment: 0, from: 9, to: 0 }] }).result.kept[0]?.from, 9);
    assert.deepEqual(passThrough([{ ...entry, trims: [{ segment: 0, from: 17, to: 0 }] }]), nothingLeft);
  });

  test('of a part that fills a gap only that is read, of lines and of counted records', () => {
    const late = processed(entryOf([lines(app, 'one\ntwo\nthree\n', 100)], { trims: [{ segment: 0, from: 104, to: 108 }] }));
    assert.deepEqual(
      rowsOf(late.block).map(({ position, raw }) => [position, raw]),
      [[104, 'two\n']],
    );
    assert.deepEqual(late.result.kept, [{ entry: 0, segment: 0, from: 104, to: 108, records: 1, bytes: 4 }]);
    const records = ['a', 'bb', 'ccc', 'dddd'].map((text) => Buffer.from(text));
    const part = processed(
      entryOf([[counted, countedSegment(records, 10), Buffer.concat(records)]], { trims: [{ segment: 0, from: 11, to: 13 }] }),
    );
    assert.deepEqual(
      rowsOf(part.block).map(({ position, raw }) => [position, raw]),
      [
        [11, 'bb'],
        [12, 'ccc'],
      ],
    );
    assert.deepEqual(part.result.kept, [{ entry: 0, segment: 0, from: 11, to: 13, records: 2, bytes: 5 }]);
  });

  test('any records, filtered and trimmed anywhere, keep their positions', () => {
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 30 }), fc.boolean(), fc.nat(400), fc.nat(200), (...drawn) => {
        const [pieces, hasLengths, skip, length] = drawn;
        const { segment, bytes, rows } = segmentOfPieces(pieces, hasLengths);
        const from = Math.min(segment.from + skip, segment.to);
        // Nothing: to the segment's end.
        const end = from + length < segment.to ? from + length : segment.to;
        const to = end === segment.to || end === from ? 0 : end;
        const until = to === 0 ? segment.to : to;
        const expected = rows
          .filter((row) => row.position + row.raw.length > from && row.position < until)
          .map((row) => {
            const before = Math.max(0, from - row.position);
            return { position: row.position + before, raw: row.raw.slice(before, until - row.position), flags: row.flags };
          });
        const behind = lines(app, 'behind\n', segment.to + 5);
        const { block } = processed(entryOf([[app, segment, bytes], behind], { trims: [{ segment: 0, from, to }] }));
        assert.deepEqual(
          rowsOf(block).map(({ position, raw, flags }) => ({ position, raw, flags })),
          [...expected, { position: segment.to + 5, raw: 'behind\n', flags: 0 }],
        );
      }),
    );
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
        const entry = entryOf([[app, lineSegment(content, 1000, cuts), content]], {
          trims: [{ segment: 0, from: 1000 + from, to: 0 }],
        });
        const { block: result, rejected } = passThrough([entry]);
        if (from === content.length) return assert.deepEqual([result, rejected], [undefined, []]);
        assert.ok(result !== undefined, JSON.stringify(rejected));
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

  test('a body that inflates to far more than its batch says costs no more memory than that', () => {
    const bytes = Buffer.alloc(4 * 1024 * 1024, 'a\n');
    const entry = entryOf([[app, lineSegment(bytes), bytes]]);
    const before = process.memoryUsage.rss();
    assert.match(reasonOf({ ...entry, body: bomb(4096) }), /inflates to more than its 4194304 bytes/);
    const grown = process.memoryUsage.rss() - before;
    assert.ok(grown < 64 * 1024 * 1024, `${grown} bytes for a body that inflates to 512 MiB`);
  });

  test('a body that asks its decoder for too much memory is rejected', () => {
    const bytes = Buffer.from('one\ntwo\n');
    const entry = entryOf([[app, lineSegment(bytes), bytes]]);
    const windowed = (descriptor: number): Uint8Array =>
      Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, descriptor, 1 | (bytes.length << 3), 0, 0, ...bytes]);
    assert.ok(passThrough([{ ...entry, body: windowed(13 << 3) }]).block !== undefined, '8 MiB are allowed');
    assert.match(reasonOf({ ...entry, body: windowed(14 << 3) }), /not readable zstd/);
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
    assert.match(wrong({ lengths: [8], records: 2 }), /has 1/);
    assert.match(wrong({ lengths: [8, 0] }), /without bytes/);
    assert.match(wrong({ lengths: [3, 5], cuts: [{ offset: 4, cause: 'idle' }] }), /within a record/);
    assert.match(wrong({ to: 10, drops: [{ offset: 5, span: 2, records: 1 }] }), /at byte 5 is not between/);
    assert.match(wrong({ to: 10, drops: [{ offset: 4, span: 1, records: 1 }] }), /8 bytes and 1 left out/);
    assert.match(reasonOf({ ...good, inflatedBytes: inflatedBytesMax + 1 }), /over/);
    assert.match(reasonOf({ ...good, body: compress(Buffer.from('one\ntwo\nthree\n')) }), /more than its 8 bytes/);
    assert.match(reasonOf({ ...good, body: compress(Buffer.from('one')) }), /3 bytes instead of 8/);
    assert.match(reasonOf({ ...good, body: Buffer.from('no zstd') }), /not readable zstd/);
    const short = countedSegment([Buffer.from('ab')]);
    assert.match(reasonOf(entryOf([[counted, { ...short, lengths: [1] }, Buffer.from('ab')]])), /add up to 1/);
    assert.match(reasonOf(entryOf([[counted, { ...short, lengths: [] }, Buffer.from('ab')]])), /has 0/);
    const cut: Segment = { ...short, cuts: [{ offset: 1, cause: 'idle' }] };
    assert.match(reasonOf(entryOf([[counted, cut, Buffer.from('ab')]])), /within a record/);
    const left: Segment = { ...short, drops: [{ offset: 2, span: 1, records: 1 }] };
    assert.match(reasonOf(entryOf([[counted, left, Buffer.from('ab')]])), /counted records has drops/);
  });

  test('batches together make one block, each with its time, and what is wrong with one is only its own', () => {
    const receivedMs = 1_790_000_000_000;
    const at = (ms: number, entry: Entry): Entry => ({ ...entry, receivedMs: receivedMs + ms });
    const good = entryOf([lines(other, 'x\ny\n', 30)]);
    const [segment] = good.segments;
    assert.ok(segment !== undefined);
    const entries = [
      at(0, entryOf([lines(app, 'one\ntwo\n')])),
      at(0, { ...good, body: Buffer.from('no zstd') }),
      at(3, entryOf([lines(app, 'three\n', 8), lines(other, 'x\n', 10)])),
      // It was split in part before it was found out.
      at(3, {
        ...entryOf([lines(other, 'left\n', 12)]),
        segments: [{ ...segment, from: 12, to: 17, records: 2, bytes: 5 }],
        records: 2,
      }),
      at(3, entryOf([lines(app, 'four\n', 14)], { trims: [{ segment: 0, from: 19, to: 0 }] })),
      at(3, entryOf([lines(app, 'five\nsix\n', 19)], { trims: [{ segment: 0, from: 24, to: 0 }] })),
    ];
    const { block, result } = processed(...entries);
    assert.deepEqual(
      passThrough(entries).rejected.map(({ entry, reason }) => [entry, /zstd|declares 2/.test(reason)]),
      [
        [1, true],
        [3, true],
      ],
    );
    assert.deepEqual(
      rowsOf(block).map(({ position, raw }) => [position, raw]),
      [
        [0, 'one\n'],
        [4, 'two\n'],
        [8, 'three\n'],
        [10, 'x\n'],
        [24, 'six\n'],
      ],
    );
    assert.deepEqual(
      block.streams.map((stream) => [stream.key, stream.from, stream.receivedMs]),
      [
        [app.key, 0, undefined],
        [app.key, 8, receivedMs + 3],
        [other.key, 10, receivedMs + 3],
      ],
    );
    assert.deepEqual(
      result.kept.map(({ entry, segment: index, from, to }) => [entry, index, from, to]),
      [
        [0, 0, 0, 8],
        [2, 0, 8, 14],
        [2, 1, 10, 12],
        [5, 0, 24, 28],
      ],
    );
  });
});
