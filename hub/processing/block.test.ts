import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { BlockError, decodeBlock, encodeBlock, rawFrame, type BlockColumns, type NewBlock } from './block.ts';
import { streamInfo } from '../testing/records.ts';

const receivedMs = 1_790_000_000_123;

function streamsOf(count: number): NewBlock['streams'] {
  return Array.from({ length: count }, (_, index) => {
    const { key, attributes, identity } = streamInfo(index, { labels: { rack: String(index) } });
    return { key, attributes, path: identity.path, from: index * 1000 };
  });
}

const routes = [{}, { index: 'slow' }, { outputs: ['archive'] }];

const record = fc.record({
  raw: fc.uint8Array({ maxLength: 40 }),
  stream: fc.nat(2),
  skipped: fc.oneof(fc.constant(0), fc.integer({ min: -1000, max: 2 ** 40 })),
  ordinal: fc.nat(3),
  flags: fc.nat(3),
  fields: fc.oneof(fc.constant(''), fc.json()),
  route: fc.nat(2),
  event: fc.oneof(fc.constant(Number.NaN), fc.nat(2_000_000_000_000)),
});

function blockOf(records: readonly (typeof record extends fc.Arbitrary<infer R> ? R : never)[], hasEvents: boolean): NewBlock {
  const columns: BlockColumns = {
    stream: Uint32Array.from(records, ({ stream }) => stream),
    skipped: Float64Array.from(records, ({ skipped }) => skipped),
    ordinal: Uint32Array.from(records, ({ ordinal }) => ordinal),
    flags: Uint8Array.from(records, ({ flags }) => flags),
    length: Uint32Array.from(records, ({ raw }) => raw.length),
    event: hasEvents ? Float64Array.from(records, ({ event }) => event) : undefined,
    fields: Uint32Array.from(records, ({ fields }) => Buffer.byteLength(fields)),
    route: Uint32Array.from(records, ({ route }) => route),
  };
  const fields = Buffer.from(records.map((one) => one.fields).join(''));
  return { receivedMs, streams: streamsOf(3), columns, raw: rawFrame(records.map(({ raw }) => raw)), fields, routes };
}

function someBlock(): { body: Uint8Array<ArrayBuffer>; inflatedBytes: number } {
  const raw = Buffer.from('one\ntwo\n');
  const each = { stream: 0, skipped: 0, ordinal: 0, event: 5, fields: '{"a":1}', route: 1 };
  return encodeBlock(
    blockOf(
      [
        { ...each, raw: raw.subarray(0, 4), flags: 0 },
        { ...each, raw: raw.subarray(4), flags: 1 },
      ],
      true,
    ),
  );
}

suite('block', () => {
  test('what was written is read', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), fc.boolean(), (records, hasEvents) => {
        const written = blockOf(records, hasEvents);
        const { body, inflatedBytes } = encodeBlock(written);
        const read = decodeBlock(body, inflatedBytes);
        assert.deepEqual(read.columns, written.columns);
        assert.deepEqual([read.streams, read.routes], [written.streams, routes]);
        assert.equal(Buffer.from(read.fields).toString(), records.map(({ fields }) => fields).join(''));
        assert.deepEqual([read.records, read.receivedMs], [records.length, receivedMs]);
        assert.ok(Buffer.from(read.raw).equals(Buffer.concat(records.map(({ raw }) => raw))));
        const known = records.map(({ event }) => event).filter((event) => hasEvents && !Number.isNaN(event));
        assert.equal(read.eventMsMin, known.length === 0 ? undefined : Math.min(...known));
        assert.equal(read.eventMsMax, known.length === 0 ? undefined : Math.max(...known));
      }),
    );
  });

  test('columns whose values are all the same take no room', () => {
    const records = Array.from({ length: 10_000 }, () => {
      return { raw: new Uint8Array(3), stream: 0, skipped: 0, ordinal: 0, flags: 0, event: 0, fields: '', route: 0 };
    });
    const { inflatedBytes } = encodeBlock(blockOf(records, false));
    assert.ok(inflatedBytes < 30_000 + 3000, `${inflatedBytes}`);
  });

  test('a damaged or foreign block is refused, never read wrongly', () => {
    const { body, inflatedBytes } = someBlock();
    const good = decodeBlock(body, inflatedBytes);
    for (let index = 0; index < body.length; index += 1) {
      const damaged = new Uint8Array(body);
      damaged[index] = (damaged[index] ?? 0) ^ 0x55;
      try {
        assert.deepEqual(decodeBlock(damaged, inflatedBytes), good);
      } catch (error) {
        assert.ok(error instanceof BlockError, `byte ${index}: ${String(error)}`);
      }
    }
    for (const size of [0, 3, 15, 16, body.length - 1]) {
      assert.throws(() => decodeBlock(body.subarray(0, size), inflatedBytes), BlockError);
    }
    assert.throws(() => decodeBlock(body, inflatedBytes + 1), BlockError);
    assert.throws(() => decodeBlock(body, 10), BlockError);
  });

  test('a newer version is refused by name, an unknown column is skipped', () => {
    const { body, inflatedBytes } = someBlock();
    const newer = Buffer.from(body);
    newer.writeUInt32LE(2, 4);
    assert.throws(() => decodeBlock(newer, inflatedBytes), /version 2 is not known/);

    const { body: extended, inflatedBytes: size } = withColumn(Buffer.from(body), inflatedBytes);
    assert.deepEqual(decodeBlock(extended, size), decodeBlock(body, inflatedBytes));
  });
});

/** The same block as a later version of the program would write it: with a column `later` before the others. */
function withColumn(body: Buffer, inflatedBytes: number): { body: Buffer; inflatedBytes: number } {
  const frameEnd = 16 + body.readUInt32LE(8);
  const columns = zstdDecompressSync(body.subarray(16, frameEnd));
  const headerEnd = 4 + columns.readUInt32LE(0);
  const header: { columns: unknown[] } = JSON.parse(columns.toString('utf8', 4, headerEnd));
  header.columns.unshift({ name: 'later', encoding: 'packed', bytes: 13 });
  const text = Buffer.from(JSON.stringify(header));
  const pad = (offset: number): Buffer => Buffer.alloc((8 - (offset % 8)) % 8);
  const start = Buffer.alloc(4);
  start.writeUInt32LE(text.length);
  const head = Buffer.concat([start, text, pad(4 + text.length), Buffer.alloc(13, 7), pad(13)]);
  const extended = Buffer.concat([head, columns.subarray(Math.ceil(headerEnd / 8) * 8)]);
  const compressed = zstdCompressSync(extended);
  const prelude = Buffer.from(body.subarray(0, 16));
  prelude.writeUInt32LE(compressed.length, 8);
  prelude.writeUInt32LE(extended.length, 12);
  return {
    body: Buffer.concat([prelude, compressed, body.subarray(frameEnd)]),
    inflatedBytes: inflatedBytes - columns.length + extended.length,
  };
}
