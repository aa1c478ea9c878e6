import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExportFormatError, ExportParser, type JournalEntry } from './export-parser.ts';

function binary(name: string, value: Buffer): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(value.length));
  return Buffer.concat([Buffer.from(`${name}\n`), size, value, Buffer.from('\n')]);
}

const sample = Buffer.concat([
  Buffer.from('__CURSOR=s=1;i=1\nMESSAGE=a=b\nEMPTY=\n'),
  binary('BINARY', Buffer.from('\n\n=x\n')),
  binary('NOTHING', Buffer.alloc(0)),
  Buffer.from('\n\n__CURSOR=s=1;i=2\nMESSAGE=second\n\n'),
]);

const expected = [
  [
    ['__CURSOR', 's=1;i=1', 7],
    ['MESSAGE', 'a=b', 3],
    ['EMPTY', '', 0],
    ['BINARY', '\n\n=x\n', 5],
    ['NOTHING', '', 0],
  ],
  [
    ['__CURSOR', 's=1;i=2', 7],
    ['MESSAGE', 'second', 6],
  ],
];

function plain(entries: readonly JournalEntry[]): unknown {
  return entries.map((entry) => entry.map(({ name, value, bytes }) => [name, value.toString('latin1'), bytes]));
}

test('entries are the same however their bytes come', () => {
  for (let size = 1; size <= sample.length; size += 1) {
    const parser = new ExportParser(100);
    const entries: JournalEntry[] = [];
    for (let at = 0; at < sample.length; at += size) entries.push(...parser.push(sample.subarray(at, at + size)));
    assert.deepEqual(plain(entries), expected, `in pieces of ${size}`);
  }
});

test('an entry without its empty line is not given', () => {
  const parser = new ExportParser(100);
  assert.deepEqual(parser.push(Buffer.from('MESSAGE=a\n')), []);
  assert.deepEqual(plain(parser.push(Buffer.from('\n'))), [[['MESSAGE', 'a', 1]]]);
});

test('of a long value the first bytes are kept, and its length is known', () => {
  const parser = new ExportParser(4);
  const text = Buffer.concat([Buffer.from('A=123456789\n'), binary('B', Buffer.from('abcdefgh')), Buffer.from('C=1234\n\n')]);
  assert.deepEqual(plain(parser.push(text)), [
    [
      ['A', '1234', 9],
      ['B', 'abcd', 8],
      ['C', '1234', 4],
    ],
  ]);
});

test('what is no export format is refused', () => {
  const noName = new ExportParser(100);
  assert.throws(() => noName.push(Buffer.from(`${'x'.repeat(300)}\n`)), ExportFormatError);
  const noEnd = new ExportParser(100);
  const value = binary('B', Buffer.from('ab'));
  value[value.length - 1] = 0x41;
  assert.throws(() => noEnd.push(value), /has no end/);
  const tooLong = new ExportParser(100);
  assert.throws(() => tooLong.push(Buffer.concat([Buffer.from('B\n'), Buffer.alloc(8, 0xff)])), /impossibly long/);
});
