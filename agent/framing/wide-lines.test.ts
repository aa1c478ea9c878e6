import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arrivals } from './testing/arrivals.ts';
import { type FoundRecord, frameAll } from './testing/frame-all.ts';
import { wideLineFramer } from './wide-lines.ts';

type Encoding = 'utf-16le' | 'utf-16be';

function encode(text: string, encoding: Encoding): Buffer {
  const bytes = Buffer.from(text, 'utf16le');
  return encoding === 'utf-16be' ? bytes.swap16() : bytes;
}

function frame(text: string, encoding: Encoding, given: Parameters<typeof frameAll>[2] = {}): FoundRecord[] {
  return frameAll(wideLineFramer(encoding), encode(text, encoding), given).map(([record, ...cut]) => {
    const bytes = Buffer.from(record, 'latin1');
    return [(encoding === 'utf-16be' ? bytes.swap16() : bytes).toString('utf16le'), ...cut];
  });
}

for (const encoding of ['utf-16le', 'utf-16be'] as const) {
  test(`${encoding}: a newline is a unit, and no part of another character`, () => {
    // U+0A0A and U+0D0A hold the byte 10, and so do U+000A's neighbours across two characters: U+0A00, U+000A.
    assert.deepEqual(frame('one\n\u0a0a\u0d0a\u0a00\u000d\n\u010a\u0a01\n', encoding), [
      ['one\n'],
      ['\u0a0a\u0d0a\u0a00\u000d\n'],
      ['\u010a\u0a01\n'],
    ]);
  });

  test(`${encoding}: too long lines are cut at whole units`, () => {
    assert.deepEqual(frame('123456789\nab\n', encoding, { recordBytesMax: 9 }), [
      ['1234', 'too-long'],
      ['5678', 'too-long'],
      ['9\n'],
      ['ab\n'],
    ]);
    assert.deepEqual(frame('1234\n', encoding, { recordBytesMax: 8 }), [['1234\n']]);
  });

  test(`${encoding}: records are the same however the bytes come`, () => {
    const texts = fc.string({ unit: fc.constantFrom('a', '\u0a0a', '\u0a00', '\u000a', '\u00ff'), maxLength: 60 });
    fc.assert(
      fc.property(texts, arrivals, fc.integer({ min: 2, max: 20 }), (text, arrival, recordBytesMax) => {
        const lines = text.split(/(?<=\n)/).filter((line) => line !== '');
        const units = recordBytesMax >> 1;
        const expected = lines.flatMap((line) => {
          const records: FoundRecord[] = [];
          let rest = line;
          for (; rest.replace('\n', '').length > units; rest = rest.slice(units))
            records.push([rest.slice(0, units), 'too-long']);
          records.push(rest.endsWith('\n') ? [rest] : [rest, 'end']);
          return records;
        });
        assert.deepEqual(frame(text, encoding, { recordBytesMax, arrival }), expected);
      }),
    );
  });
}

test('a unit of which only a half is there is held until the end', () => {
  const framer = wideLineFramer('utf-16le');
  const limits = { recordBytesMax: 100, recordsMax: 10, bytesMax: 1000 };
  const bytes = Buffer.from('a\0\n\0b\0c');
  assert.deepEqual(framer.frame(bytes, limits, 'hold').lengths, [4]);
  assert.deepEqual(framer.frame(bytes, limits, 'idle').lengths, [4, 2]);
  assert.deepEqual(framer.frame(bytes, limits, 'end').lengths, [4, 3]);
  assert.deepEqual(framer.frame(Buffer.from('c'), limits, 'idle').lengths, []);
});
