import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markOf } from '@tributary/protocol/mark.ts';
import { markOfCursor, recordOf } from './journal-record.ts';
import { entryBytesMax } from './limits.ts';

const cursor =
  's=6087d31ea36741ab9d0755e99fa9b953;i=1;b=11111111111111111111111111111111;m=f4241;t=60a24181e4001;x=4d41f0a3de5e5060';

function field(
  name: string,
  value: string | Buffer,
  bytes = Buffer.byteLength(value),
): { name: string; value: Buffer; bytes: number } {
  return { name, value: Buffer.from(value), bytes };
}

test('text is text, other values are their bytes, several values a list, and the cursor is last', () => {
  const { bytes, cutBytes } = recordOf([
    field('__CURSOR', cursor),
    field('MESSAGE', 'tab\t"quoted" ü \u0001'),
    field('BINARY', Buffer.from([0xff, 0, 10])),
    field('TWICE', 'a'),
    field('TWICE', Buffer.from([0xc3])),
  ]);
  const text = `{"MESSAGE":"tab\\t\\"quoted\\" ü \\u0001","BINARY":[255,0,10],"TWICE":["a",[195]],"__CURSOR":"${cursor}"}\n`;
  assert.equal(bytes.toString(), text);
  assert.equal(cutBytes, 0);
});

test('the mark behind an entry follows from its cursor', () => {
  assert.equal(markOf(recordOf([field('MESSAGE', 'x'), field('__CURSOR', cursor)]).bytes), markOfCursor(cursor));
  assert.equal(markOf(recordOf([field('__CURSOR', cursor)]).bytes), markOfCursor(cursor));
});

test('a value that was cut ends with a whole character', () => {
  const text = Buffer.from('aü€😀');
  const ends = [0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10];
  for (const [length, end] of ends.entries()) {
    const { bytes, cutBytes } = recordOf([{ name: 'M', value: text.subarray(0, length), bytes: 100 }]);
    assert.equal(JSON.parse(bytes.toString()).M, text.subarray(0, end).toString(), `cut at ${length}`);
    assert.equal(cutBytes, 100 - end);
    assert.deepEqual(JSON.parse(bytes.toString())['_TRIBUTARY_CUT'], { M: 100 });
  }
});

test('an entry never grows beyond its limit, whatever its values are', () => {
  const large = Buffer.alloc(512 * 1024, 1);
  const { bytes, cutBytes } = recordOf([field('A', large), field('B', large), field('C', 'small')]);
  assert(bytes.length <= entryBytesMax + 1024);
  const record = JSON.parse(bytes.toString());
  assert.deepEqual(Object.keys(record), ['A', 'C', '_TRIBUTARY_CUT', '__CURSOR']);
  assert.equal(cutBytes, large.length);
});
