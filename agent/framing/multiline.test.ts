import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFramer } from './create-framing.ts';
import type { Framer } from './framer.ts';
import { type MultilineOptions, multilineOption } from './framing-options.ts';
import { arrivals } from './testing/arrivals.ts';
import { type FoundRecord, frameAll } from './testing/frame-all.ts';

type Given = Partial<Record<keyof MultilineOptions, unknown>>;

function framerOf(given: Given, more: { encoding?: string; container?: 'docker' | 'cri' } = {}): Framer {
  return createFramer({ encoding: 'utf-8', multiline: multilineOption.parse(given), ...more });
}

function frame(given: Given, text: string, more: Parameters<typeof frameAll>[2] = {}): FoundRecord[] {
  return frameAll(framerOf(given), Buffer.from(text), more);
}

test('start: a record begins with each line that matches', () => {
  assert.deepEqual(frame({ start: '^\\d' }, 'x\n1 a\n b\n\n2 c\n3 d\n'), [['x\n'], ['1 a\n b\n\n'], ['2 c\n'], ['3 d\n']]);
  assert.deepEqual(frame({ start: '^\\s', negate: true }, 'a\n b\nc\n'), [['a\n b\n'], ['c\n']]);
});

test('continuation: a line that matches belongs to the record before it', () => {
  assert.deepEqual(frame({ continuation: '^\\s' }, ' x\na\n b\n\tc\nd\n'), [[' x\n'], ['a\n b\n\tc\n'], ['d\n']]);
  assert.deepEqual(frame({ continuation: '^\\[', negate: true }, '[1\na\nb\n[2\n'), [['[1\na\nb\n'], ['[2\n']]);
});

test('end: a record ends with each line that matches, and needs no look at the next', () => {
  const framer = framerOf({ end: ';$' });
  const limits = { recordBytesMax: 100, recordsMax: 10, bytesMax: 100 };
  assert.deepEqual(framer.frame(Buffer.from('a\nb;\r\nc;\nd\n'), limits, 'hold').lengths, [6, 3]);
  assert.deepEqual(frame({ end: '\\\\$', negate: true }, 'a \\\nb \\\nc\nd\n'), [['a \\\nb \\\nc\n'], ['d\n']]);
});

test('count: so many lines are a record', () => {
  assert.deepEqual(frame({ count: 2 }, '1\n2\n3\n4\n5\n'), [['1\n2\n'], ['3\n4\n'], ['5\n']]);
});

test('a record that may go on is held, and is whole when nothing came for long', () => {
  const framer = framerOf({ start: '^\\S', timeout: '2s' });
  const limits = { recordBytesMax: 100, recordsMax: 10, bytesMax: 100 };
  assert.equal(framer.quietMs, 2000);
  assert.deepEqual(framer.frame(Buffer.from('a\n b\n'), limits, 'hold').end, 0);
  assert.deepEqual(frame({ start: '^\\S' }, 'a\n b\n', { tail: 'idle' }), [['a\n b\n']]);
  assert.deepEqual(frame({ start: '^\\S' }, 'a\n half', { tail: 'idle' }), [['a\n half', 'idle']]);
  assert.deepEqual(frame({ start: '^\\S' }, 'a\nhalf', { tail: 'end' }), [['a\n'], ['half', 'end']]);
});

test('a record of too many lines or bytes is cut before a line that belongs to it', () => {
  assert.deepEqual(frame({ continuation: '^ ', max_lines: 3 }, 'a\n b\n c\n d\n e\nf\n'), [
    ['a\n b\n c\n', 'too-long'],
    [' d\n e\n'],
    ['f\n'],
  ]);
  assert.deepEqual(frame({ continuation: '^ ' }, 'a\n b\n c\n d\ne\n', { recordBytesMax: 7 }), [
    ['a\n b\n c\n', 'too-long'],
    [' d\n'],
    ['e\n'],
  ]);
  // The next line is another record: nothing is cut.
  assert.deepEqual(frame({ continuation: '^ ' }, 'a\n b\n c\ne\n', { recordBytesMax: 7 }), [['a\n b\n c\n'], ['e\n']]);
  assert.deepEqual(frame({ continuation: '^ ' }, 'a\n 12345678901\nb\n', { recordBytesMax: 8 }), [
    ['a\n', 'too-long'],
    [' 1234567', 'too-long'],
    ['8901\n'],
    ['b\n'],
  ]);
});

test('a pattern looks at the first 4 KiB of a line', () => {
  const long = 'x'.repeat(5000);
  assert.deepEqual(frame({ continuation: 'end$' }, `a\n${long}end\n`, { recordBytesMax: 10_000 }).length, 2);
  assert.deepEqual(frame({ continuation: '^x' }, `a\n${long}end\n`, { recordBytesMax: 10_000 }).length, 1);
});

test('patterns see text of the declared encoding', () => {
  const windows = framerOf({ start: '^\u20acuro' }, { encoding: 'windows-1252' });
  const euro = Buffer.from([0x80, ...Buffer.from('uro\n')]);
  const bytes = Buffer.concat([euro, Buffer.from('x\n'), euro]);
  assert.deepEqual(
    frameAll(windows, bytes).map(([text]) => text.length),
    [7, 5],
  );
  const utf8 = framerOf({ start: '^\u20acuro' });
  assert.equal(frameAll(utf8, Buffer.from('\u20acuro\nx\n\u20acuro\n')).length, 2);
  for (const encoding of ['utf-16le', 'utf-16be']) {
    const wide = Buffer.from('\u20acuro\nx\n\u20acuro\n', 'utf16le');
    const framer = framerOf({ start: '^\u20acuro$' }, { encoding });
    assert.deepEqual(
      frameAll(framer, encoding === 'utf-16be' ? wide.swap16() : wide).map(([text]) => text.length),
      [14, 10],
    );
  }
});

test("in a container's log the patterns see what the container wrote", () => {
  const docker = (text: string): string => `${JSON.stringify({ log: text, stream: 'stdout', time: 't' })}\n`;
  const lines = [docker('one\n'), docker(' more\n'), docker(' and '), docker('more\n'), docker('two\n')];
  const found = frameAll(framerOf({ continuation: '^ ' }, { container: 'docker' }), Buffer.from(lines.join('')));
  assert.deepEqual(found, [[lines.slice(0, 4).join('')], [lines[4]]]);
  const cri = (tag: string, text: string): string => `2026-11-21T10:00:00.1Z stdout ${tag} ${text}\n`;
  const criLines = [cri('F', 'one'), cri('F', ' more'), cri('P', ' and '), cri('F', 'more'), cri('F', 'two')];
  const criFound = frameAll(framerOf({ continuation: '^ ' }, { container: 'cri' }), Buffer.from(criLines.join('')));
  assert.deepEqual(criFound, [[criLines.slice(0, 4).join('')], [criLines[4]]]);
});

test('records are the same however the bytes come', () => {
  const options: fc.Arbitrary<Given> = fc
    .record({ max_lines: fc.integer({ min: 2, max: 5 }) }, { noNullPrototype: true })
    .chain((base) =>
      fc.constantFrom<Given>(
        { ...base, start: '^a' },
        { ...base, continuation: '^ ' },
        { ...base, end: 'a$' },
        { ...base, count: 3 },
        { ...base, preset: 'java' },
        { ...base, preset: 'python' },
        { ...base, preset: 'node' },
        { ...base, preset: 'go' },
      ),
    );
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '\n', '}'), maxLength: 80 });
  fc.assert(
    fc.property(options, text, arrivals, fc.integer({ min: 1, max: 12 }), (given, bytes, arrival, recordBytesMax) => {
      assert.deepEqual(frame(given, bytes, { arrival, recordBytesMax }), frame(given, bytes, { recordBytesMax }));
      // However it is cut, no record is longer than it may be.
      for (const [record] of frame(given, bytes, { recordBytesMax })) assert(record.length <= recordBytesMax + 1);
    }),
    { numRuns: 300 },
  );
});

test('the options need one way to join', () => {
  assert.match(multilineOption.safeParse({}).error?.message ?? '', /exactly one of/);
  assert.match(multilineOption.safeParse({ start: 'a', count: 2 }).error?.message ?? '', /exactly one of/);
  assert.match(multilineOption.safeParse({ preset: 'go', negate: true }).error?.message ?? '', /negate needs a pattern/);
  assert.match(multilineOption.safeParse({ start: '(' }).error?.message ?? '', /Unterminated group/);
});
