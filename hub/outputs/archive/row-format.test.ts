import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { decodeBlock, encodeBlock, rawFrame, type Block, type BlockStream } from '../../processing/block.ts';
import { streamInfo } from '../../testing/records.ts';
import { BlockRows, columns, headerRow, RowBuffer } from './row-format.ts';

const receivedMs = Date.UTC(2026, 10, 21, 9, 8, 7, 6);

interface TestRecord {
  readonly raw: Uint8Array;
  readonly stream: number;
  readonly flags: number;
  readonly event: number;
}

function blockOf(records: readonly TestRecord[], streams: readonly BlockStream[]): Block {
  const { body, inflatedBytes } = encodeBlock({
    receivedMs,
    streams,
    columns: {
      stream: Uint32Array.from(records, ({ stream }) => stream),
      skipped: new Float64Array(records.length),
      ordinal: new Uint32Array(records.length),
      flags: Uint8Array.from(records, ({ flags }) => flags),
      length: Uint32Array.from(records, ({ raw }) => raw.length),
      event: Float64Array.from(records, ({ event }) => event),
    },
    raw: rawFrame(records.map(({ raw }) => raw)),
  });
  return decodeBlock(body, inflatedBytes);
}

function csvOf(block: Block, bytesMax: number): Buffer {
  const buffer = new RowBuffer(64);
  buffer.appendHeader();
  const rows = new BlockRows(block);
  const frames: Buffer[] = [];
  let isDone = false;
  while (!isDone) {
    isDone = buffer.appendRows(rows, bytesMax);
    frames.push(Buffer.from(buffer.take()));
  }
  return Buffer.concat(frames);
}

/** RFC 4180 as plainly as it can be read; one character a byte. */
function parse(csv: Buffer): string[][] {
  const text = csv.toString('latin1');
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let field = '';
    if (text[at] === '"') {
      for (at += 1; text[at] !== '"' || text[at + 1] === '"'; at += 1) {
        field += text[at];
        if (text[at] === '"') at += 1;
      }
      at += 1;
    } else for (; text[at] !== ',' && text[at] !== '\n'; at += 1) field += text[at];
    row.push(field);
    if (text[at] === '\n') {
      rows.push(row);
      row = [];
    }
    at += 1;
  }
  return rows;
}

function blockStream(
  number: number,
  changes: Partial<BlockStream> & { labels?: Record<string, string>; host?: string } = {},
): BlockStream {
  const { labels = {}, host = 'web1', ...rest } = changes;
  const { key, attributes } = streamInfo(number, { labels, host });
  return { key, attributes, path: '/var/log/app.log', from: 0, ...rest };
}

suite('archive rows', () => {
  test('a row is as docs/ARCHITECTURE.md says', () => {
    const streams = [
      blockStream(7, { labels: { b: '2', a: 'say "hi", ok' }, path: '/var/log/a,b.log', from: 9_007_199_254_740_000 }),
    ];
    const csv = csvOf(
      blockOf(
        [
          { raw: Buffer.from('plain\n'), stream: 0, flags: 0, event: Number.NaN },
          { raw: Buffer.from('say "x"\r\n'), stream: 0, flags: 1, event: receivedMs - 1 },
        ],
        streams,
      ),
      1e6,
    );
    const start = `2026-11-21T09:08:07.006Z,web1,${'a6'.repeat(16)},${'7'.padStart(32, '0')},"/var/log/a,b.log","{""a"":""say \\""hi\\"", ok"",""b"":""2""}",`;
    assert.equal(
      csv.toString(),
      `${columns.join(',')}\n` +
        `${start}9007199254740000,0,,,,"plain\n"\n` +
        `${start}9007199254740006,0,partial,2026-11-21T09:08:07.005Z,,"say ""x""\r\n"\n`,
    );
    assert.equal(headerRow.toString(), `${columns.join(',')}\n`);
  });

  test('what a pipeline found is beside the raw line, and a document that is not the first of its record has no line', () => {
    const each = { stream: 0, event: Number.NaN };
    const raw = Buffer.from('{"a":1}\n');
    const block = blockOf(
      [
        { ...each, raw, flags: 2 },
        { ...each, raw, flags: 0 },
        { ...each, raw: Buffer.alloc(0), flags: 0 },
      ],
      [blockStream(1)],
    );
    const texts = ['', '{"b":"say \\"hi\\", ok"}', '{"c":3}'].map((text) => Buffer.from(text));
    const found = {
      ...block.columns,
      fields: Uint32Array.from(texts, ({ length }) => length),
      ordinal: Uint32Array.of(0, 0, 1),
      skipped: Float64Array.of(0, 0, -raw.length),
    };
    const [, ...rows] = parse(csvOf({ ...block, columns: found, fields: Buffer.concat(texts) }, 10));
    assert.deepEqual(
      rows.map((row) => row.slice(6)),
      [
        ['0', '0', 'json', '', '', '{"a":1}\n'],
        ['8', '0', '', '', '{"b":"say \\"hi\\", ok"}', '{"a":1}\n'],
        ['8', '1', '', '', '{"c":3}', ''],
      ],
    );
  });

  test('rows whose bytes are not UTF-8 say so, before anything else that is told of them', () => {
    const encoded = (encoding: string): BlockStream => ({
      ...blockStream(1),
      attributes: streamInfo(1, { encoding }).attributes,
    });
    const streams = [encoded('UTF-16LE'), encoded('x'.repeat(64)), encoded('UTF-8'), encoded('us-ascii')];
    const records = streams.map((_, stream) => ({ raw: Buffer.from('x\0\n\0'), stream, flags: 1, event: receivedMs }));
    const [, ...rows] = parse(
      csvOf(blockOf([...records, { ...records[0], raw: Buffer.alloc(0), stream: 0, flags: 0, event: Number.NaN }], streams), 10),
    );
    assert.deepEqual(
      rows.map((row) => row[8]),
      ['encoding:utf-16le partial', `encoding:${'x'.repeat(64)} partial`, 'partial', 'partial', 'encoding:utf-16le'],
    );
    assert.ok(
      rows.slice(0, 4).every((row) => row[11] === 'x\0\n\0'),
      'the bytes stay',
    );
  });

  test('any bytes of any streams come back, however small the frames', () => {
    const awkward = fc
      .uint8Array({ maxLength: 30 })
      .map((bytes) => bytes.map((byte) => [0x22, 0x2c, 0x0a, 0x0d, 0][byte] ?? byte));
    const record = fc.record({ raw: awkward, stream: fc.nat(2), flags: fc.nat(1), event: fc.constant(Number.NaN) });
    const streams = [blockStream(0, { host: 'a"b,c\n' }), blockStream(1, { from: 99 }), blockStream(2, { path: 'é "quoted"' })];
    fc.assert(
      fc.property(fc.array(record, { maxLength: 30 }), fc.integer({ min: 1, max: 500 }), (records, bytesMax) => {
        const [header, ...rows] = parse(csvOf(blockOf(records, streams), bytesMax));
        assert.deepEqual(header, columns);
        const ends = streams.map(({ from }) => from);
        assert.deepEqual(
          rows,
          records.map(({ raw, stream, flags }) => {
            const { attributes, key, path } = streams[stream] ?? blockStream(0);
            const position = ends[stream] ?? 0;
            ends[stream] = position + raw.length;
            const source = Buffer.from(path).toString('latin1');
            const place = [String(position), '0', flags === 1 ? 'partial' : '', '', ''];
            const text = Buffer.from(raw).toString('latin1');
            return ['2026-11-21T09:08:07.006Z', attributes.host, key.agentId, key.streamId, source, '', ...place, text];
          }),
        );
      }),
    );
  });
});

test('what is for others has no row; the next document of its record has the raw', () => {
  const lines = ['one\n', 'two\n', '', '', 'three\n', 'four\n', ''].map((line) => Buffer.from(line));
  const { key, attributes } = streamInfo(1);
  const streams = [{ key, attributes, path: '/var/log/a.log', from: 0 }];
  const { body, inflatedBytes } = encodeBlock({
    receivedMs,
    streams,
    columns: {
      stream: new Uint32Array(lines.length),
      skipped: Float64Array.from([0, 0, -4, 0, 4, 0, -5]),
      ordinal: Uint32Array.from([0, 0, 1, 2, 0, 0, 1]),
      flags: new Uint8Array(lines.length),
      length: Uint32Array.from(lines, ({ length }) => length),
      event: undefined,
      route: Uint32Array.from([0, 1, 2, 0, 1, 0, 0]),
    },
    raw: rawFrame(lines),
    routes: [{}, { outputs: ['siem'] }, { outputs: ['siem', 'cold'] }],
  });
  const block = decodeBlock(body, inflatedBytes);
  const rowsOf = (output: string): readonly (readonly string[])[] => {
    const buffer = new RowBuffer(64);
    assert.ok(buffer.appendRows(new BlockRows(block, undefined, output), 1 << 20));
    return parse(Buffer.from(buffer.take())).map((row) => [row[6] ?? '', row[7] ?? '', row[11] ?? '']);
  };
  const [four, after] = [
    ['14', '0', 'four\n'],
    ['14', '1', ''],
  ];
  assert.deepEqual(rowsOf('archive'), [['0', '0', 'one\n'], ['4', '2', 'two\n'], four, after]);
  assert.deepEqual(rowsOf('cold'), [['0', '0', 'one\n'], ['4', '1', 'two\n'], ['4', '2', ''], four, after]);
  assert.equal(rowsOf('siem').length, lines.length);
});
