import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Framed, FrameLimits, Tail } from './framer.ts';
import { lineFramer } from './lines.ts';

const generous = { recordBytesMax: 1024, recordsMax: 1024 };

type Found = Pick<Framed, 'end' | 'records' | 'cuts'>;

function frame(text: string, limits: Omit<FrameLimits, 'bytesMax'> = generous, tail: Tail = 'hold'): Found {
  const { isLines, lengths, ...found } = lineFramer.frame(Buffer.from(text, 'latin1'), { ...limits, bytesMax: 1024 }, tail);
  assert.deepEqual([isLines, lengths], [true, []]);
  return found;
}

test('whole lines are records, and a line without its end is left', () => {
  assert.deepEqual(frame(''), { end: 0, records: 0, cuts: [] });
  assert.deepEqual(frame('half'), { end: 0, records: 0, cuts: [] });
  assert.deepEqual(frame('one\ntwo\nhalf'), { end: 8, records: 2, cuts: [] });
});

test('empty lines, carriage returns, NUL and bytes that are no UTF-8 are bytes like others', () => {
  assert.deepEqual(frame('\n\n\r\n\0\xff\n'), { end: 7, records: 4, cuts: [] });
});

test('a line of exactly the limit is whole, one byte more is cut', () => {
  const limits = { recordBytesMax: 4, recordsMax: 100 };
  assert.deepEqual(frame('1234\n', limits), { end: 5, records: 1, cuts: [] });
  assert.deepEqual(frame('12345\n', limits), { end: 6, records: 2, cuts: [{ offset: 4, cause: 'too-long' }] });
  assert.deepEqual(frame('a\n123456789\nb\n', limits), {
    end: 14,
    records: 5,
    cuts: [
      { offset: 6, cause: 'too-long' },
      { offset: 10, cause: 'too-long' },
    ],
  });
});

test('whether the limit is passed is decided only by one byte more', () => {
  const limits = { recordBytesMax: 4, recordsMax: 100 };
  assert.deepEqual(frame('1234', limits), { end: 0, records: 0, cuts: [] });
  assert.deepEqual(frame('12345', limits), { end: 4, records: 1, cuts: [{ offset: 4, cause: 'too-long' }] });
});

test('what is held becomes a record when its time has come', () => {
  const cut = (cause: Tail): unknown => ({ end: 8, records: 2, cuts: [{ offset: 8, cause }] });
  assert.deepEqual(frame('one\nhalf', generous, 'idle'), cut('idle'));
  assert.deepEqual(frame('one\nhalf', generous, 'end'), cut('end'));
  assert.deepEqual(frame('one\n', generous, 'end'), { end: 4, records: 1, cuts: [] });
  assert.deepEqual(frame('one\nhalf', { recordBytesMax: 100, recordsMax: 1 }, 'end'), { end: 4, records: 1, cuts: [] });
});

test('no more bytes than asked for', () => {
  const limits = { recordBytesMax: 4, recordsMax: 100, bytesMax: 7 };
  const framed = lineFramer.frame(Buffer.from('one\ntwo\nhalf'), limits, 'end');
  assert.deepEqual([framed.end, framed.records], [4, 1]);
});

test('no more records than asked for', () => {
  assert.deepEqual(frame('\n'.repeat(10), { recordBytesMax: 100, recordsMax: 4 }), { end: 4, records: 4, cuts: [] });
  const cut = frame('123456789', { recordBytesMax: 2, recordsMax: 3 });
  assert.equal(cut.records, 3);
  assert.equal(cut.end, 6);
});

/** Byte by byte, as slow and as plain as can be. */
function endsOf(text: string, recordBytesMax: number): number[] {
  const ends: number[] = [];
  let begin = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== '\n' && at - begin === recordBytesMax) {
      ends.push(at);
      begin = at;
    }
    if (text[at] === '\n') {
      ends.push(at + 1);
      begin = at + 1;
    }
  }
  return ends;
}

test('records are the same however the bytes come', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 200 });
  const limits = fc.record({ recordBytesMax: fc.integer({ min: 1, max: 12 }), recordsMax: fc.integer({ min: 1, max: 6 }) });
  const chunk = fc.integer({ min: 0, max: 20 });
  fc.assert(
    fc.property(text, limits, chunk, (bytes, { recordBytesMax, recordsMax }, more) => {
      const expected = endsOf(bytes, recordBytesMax);
      const cutsExpected = expected.filter((end) => bytes[end - 1] !== '\n');
      const cuts: number[] = [];
      let records = 0;
      let position = 0;
      for (;;) {
        const framed = frame(bytes.slice(position, position + recordBytesMax + 1 + more), { recordBytesMax, recordsMax });
        if (framed.end === 0) break;
        assert(framed.records <= recordsMax);
        for (const { offset } of framed.cuts) cuts.push(position + offset);
        records += framed.records;
        position += framed.end;
        assert.equal(position, expected[records - 1]);
      }
      assert.equal(records, expected.length);
      assert.deepEqual(cuts, cutsExpected);
    }),
  );
});
