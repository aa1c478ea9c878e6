import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { isContiguous, readArchive } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

/** Content that breaks what decodes, splits or quotes carelessly. */
const contents: Readonly<Record<string, Buffer>> = {
  'crlf.log': Buffer.from('one\r\ntwo\r\n\r\nthree\r\n'),
  'invalid-utf8.log': Buffer.concat([
    everyByte,
    Buffer.from('\n'),
    everyByte.toReversed(),
    Buffer.from([0x0a, 0xc3, 0x0a, 0xf0, 0x9f]),
  ]),
  'nul.log': Buffer.from('a\0b\n\0\n\0\0\0\nend\n'),
  'quotes.log': Buffer.from('"quoted"\n"\n""\n"""a"",""b"""\n\'single\'\n'),
  'commas.log': Buffer.from(',\n,,\na,b,"c,d"\n;\t|\n'),
  'empty-lines.log': Buffer.from('\n\n\nx\n\n\n'),
  'no-final-newline.log': Buffer.from('first\nlast without newline'),
  'empty.log': Buffer.alloc(0),
  'one-byte.log': Buffer.from('x'),
  'one-newline.log': Buffer.from('\n'),
  'carriage-returns.log': Buffer.from('\r\n\r\r\n\ra\rb\n'),
  'long-line.log': Buffer.concat([Buffer.from('before\n'), Buffer.alloc(2_000_000, 'long '), Buffer.from('\nafter\n')]),
};

test('files arrive in the archive byte for byte, and again adds nothing', { skip }, async () => {
  await using stack = await Stack.make();
  const files = Object.keys(contents).map((name) => stack.log(name));
  for (const [name, content] of Object.entries(contents)) writeFileSync(stack.log(name), content);
  const shipped = await stack.ship('--until', 'archived', ...files);
  assert.equal(shipped.code, 0, shipped.stderr);

  const streams = await readArchive(stack.hub.archive);
  for (const [name, content] of Object.entries(contents)) {
    const mine = streams.filter((stream) => stream.source === stack.log(name));
    if (content.length === 0) {
      assert.equal(mine.length, 0, 'an empty file has no records');
      continue;
    }
    assert.equal(mine.length, 1, `${name} is one stream`);
    const [stream] = mine;
    assert.ok(stream !== undefined && isContiguous(stream), `${name} is whole`);
    assert.ok(stream.raw.equals(content), `${name} is the same byte for byte`);
  }
  const lines = streams.find((stream) => stream.source === stack.log('empty-lines.log'));
  assert.equal(lines?.rows, 6, 'an empty line is a record');
  const long = streams.find((stream) => stream.source === stack.log('long-line.log'));
  const partial = long?.pieces.filter((piece) => piece.flags.split(' ').includes('partial')) ?? [];
  assert.ok(partial.length >= 1, 'the long line came in parts that are marked');
  assert.equal(new Set(long?.pieces.map((piece) => piece.position)).size, long?.rows, 'each part has its own position');

  const again = await stack.ship('--until', 'archived', ...files);
  assert.equal(again.code, 0, again.stderr);
  const after = await readArchive(stack.hub.archive);
  assert.deepEqual(
    after.map((stream) => [stream.stream, stream.rows]),
    streams.map((stream) => [stream.stream, stream.rows]),
  );
});

test('search finds every line once', { skip }, async () => {
  await using stack = await Stack.make();
  const lines = Array.from({ length: 3000 }, (_, index) => `line ${index} of ${index % 7 === 0 ? 'seven' : 'others'}`);
  writeFileSync(stack.log('app.log'), `${lines.join('\n')}\n`);
  const shipped = await stack.ship('--until', 'archived', stack.log('app.log'));
  assert.equal(shipped.code, 0, shipped.stderr);

  const all = await stack.hub.search('--count', 'line ');
  assert.equal(all.code, 0, all.stderr);
  assert.match(all.stdout, /^3000\b/m);
  const some = await stack.hub.search('of seven');
  assert.deepEqual(
    some.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(line.indexOf('line '))),
    lines.filter((line) => line.endsWith('seven')),
  );
  const none = await stack.hub.search('--count', 'no such text');
  assert.match(none.stdout, /^0\b/m);
});

test('a second file with the same content is a stream of its own', { skip }, async () => {
  await using stack = await Stack.make();
  for (const name of ['a.log', 'b.log']) writeFileSync(stack.log(name), 'the same\ncontent\n');
  const shipped = await stack.ship('--until', 'archived', stack.log('a.log'), stack.log('b.log'));
  assert.equal(shipped.code, 0, shipped.stderr);
  const streams = await readArchive(stack.hub.archive);
  assert.deepEqual(streams.map((stream) => stream.source).toSorted(), [stack.log('a.log'), stack.log('b.log')]);
  for (const stream of streams) assert.equal(stream.raw.toString(), 'the same\ncontent\n');
});
