import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordBlock } from '../../record-block.ts';
import { HttpError } from '../http-error.ts';
import { recordBytesMax, recordsPerPushMax } from '../limits.ts';
import { jsonRecordsOf } from './json-records.ts';
import { linesOf } from './lines.ts';

function texts({ bytes, lengths }: RecordBlock): string[] {
  let at = 0;
  const records = lengths.map((length) => Buffer.from(bytes.subarray(at, (at += length))).toString());
  assert.equal(at, bytes.length);
  return records;
}

function lines(bytes: Buffer): RecordBlock {
  return linesOf(bytes, () => undefined);
}

async function json(text: string | Buffer): Promise<string[]> {
  return texts(await jsonRecordsOf(Buffer.from(text), () => undefined));
}

test('lines keep their bytes and terminators; blank ones are none', () => {
  assert.deepEqual(texts(lines(Buffer.from('one\ntwo\r\n\n\r\n three\n\n'))), ['one\n', 'two\r\n', ' three\n']);
  assert.deepEqual(texts(lines(Buffer.from('a\nb'))), ['a\n', 'b']);
  assert.deepEqual(texts(lines(Buffer.from('\n\r\n\n\r'))), []);
  assert.deepEqual(texts(lines(Buffer.alloc(0))), []);
  const bytes = Buffer.from([0xff, 0x00, 0x0a, 0xc3, 0x0a]);
  const { bytes: kept, lengths } = lines(Buffer.from(bytes));
  assert.deepEqual([Buffer.from(kept), lengths], [bytes, [3, 2]]);
});

test('without blank lines nothing is copied', () => {
  const body = Buffer.from('one\ntwo\n');
  assert.equal(lines(body).bytes.buffer, body.buffer);
});

test('a line too long, and lines too many, name themselves', () => {
  const long = Buffer.concat([Buffer.from('ok\n'), Buffer.alloc(recordBytesMax, 'x'), Buffer.from('\n')]);
  assert.throws(() => lines(long), refusal(413, /line 2 is longer/));
  assert.throws(() => lines(Buffer.alloc(recordsPerPushMax + 1, '\n')), refusal(413, /at most 1000000 records/));
});

test('an object keeps the bytes that it was written with, and a newline ends it', async () => {
  const object = '{ "b" : 1e2,\r\n "a":"\\u00e9 é", "c":[1, {"d":null}] }';
  assert.deepEqual(await json(`\n ${object}\t\n`), [`${object}\n`]);
  assert.deepEqual(await json(object), [`${object}\n`]);
});

test('elements of an array are records: objects as written, strings as what they stand for', async () => {
  const elements = '[ {"a":1} ,"a \\"line\\"\\n\\u00e9\\ud83d\\ude00", {"b":[1, 2]},"","\\ud800"\n]';
  assert.deepEqual(await json(elements), ['{"a":1}\n', 'a "line"\né😀\n', '{"b":[1, 2]}\n', '\ufffd\n']);
  assert.deepEqual(await json(' [ ] '), []);
  // The shortest way to write them leaves no room but that of the commas.
  assert.deepEqual(await json('[{},{},"a","b",{"c":1}]'), ['{}\n', '{}\n', 'a\n', 'b\n', '{"c":1}\n']);
});

test('a string that is a line keeps its own end; blank ones are no records', async () => {
  assert.deepEqual(await json('["a\\n","b\\r\\n","\\n","\\r\\n","\\r","","c\\n\\n"," "]'), ['a\n', 'b\r\n', 'c\n\n', ' \n']);
});

test('what is no JSON of ours is refused, and says where', async () => {
  const refused: [string | Buffer, RegExp][] = [
    ['', /neither an object nor an array/],
    ['"text"', /neither an object nor an array/],
    ['7', /neither an object nor an array/],
    ['{"a":1}{"b":2}', /application\/x-ndjson/],
    ['{"a":1', /the object is no JSON from byte 6/],
    ['[{"a":1},{"b":}]', /element 2 is no JSON from byte 14/],
    ['[{"a":1},{"b":2}', /does not go on behind element 2/],
    ['[{"a":1} {"b":2}]', /does not go on behind element 1/],
    ['[{"a":1},]', /element 2 is no JSON/],
    ['[{"a":1},7]', /element 2 is neither an object nor a string/],
    ['["a",["b"]]', /element 2 is neither/],
    ['["a"] x', /something stands behind/],
    ['[] []', /something stands behind/],
    ['{"a":"\u0001"}', /no JSON from byte 6/],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), /not UTF-8/],
  ];
  for (const [body, message] of refused) await assert.rejects(json(body), refusal(400, message), String(body));
});

test('an element too long, and elements too many, are refused', async () => {
  await assert.rejects(json(`["a",{"b":"${'x'.repeat(recordBytesMax)}"}]`), refusal(413, /element 2 is longer/));
  // With its newline the largest is as large as a batch may be.
  const largest = `{"b":"${'x'.repeat(recordBytesMax - 9)}"}`;
  assert.equal((await json(largest))[0]?.length, recordBytesMax);
  await assert.rejects(json(largest.replace('x', 'xx')), refusal(413, /the object is longer/));
  await assert.rejects(json(`[${'"",'.repeat(recordsPerPushMax)}""]`), refusal(413, /at most/));
});

function refusal(status: number, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof HttpError);
    assert.equal(error.status, status);
    assert.match(error.message, message);
    return true;
  };
}
