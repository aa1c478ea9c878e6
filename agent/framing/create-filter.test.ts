import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFilter } from './create-filter.ts';
import { createFramer } from './create-framing.ts';
import type { Filtered, RecordFilter } from './filters.ts';
import { filtersOption, multilineOption } from './framing-options.ts';

const streamId = '0123456789abcdef'.repeat(2);
const limits = { recordBytesMax: 1024, recordsMax: 1024, bytesMax: 100_000 };
const noCounts = { excluded: 0, sampledOut: 0, redacted: 0 };

function filterOf(given: unknown, encoding = 'utf-8'): RecordFilter {
  const filter = createFilter(filtersOption.parse(given), encoding);
  assert(filter !== undefined, 'there is something to filter');
  return filter;
}

interface Given {
  readonly encoding?: string;
  readonly multiline?: unknown;
  readonly position?: number;
  readonly recordBytesMax?: number;
}

/** Frames and filters bytes; `text` is what is left. */
function run(filter: RecordFilter, bytes: Buffer, given: Given = {}): Filtered & { text: string } {
  const { encoding = 'utf-8', multiline, position = 0, recordBytesMax = limits.recordBytesMax } = given;
  const framer = createFramer({ encoding, ...(multiline === undefined ? {} : { multiline: multilineOption.parse(multiline) }) });
  const framed = framer.frame(bytes, { ...limits, recordBytesMax }, 'end');
  const filtered = filter.filterRun(bytes, framed, { streamId, position });
  return { ...filtered, text: filtered.bytes.toString() };
}

function runText(filters: unknown, text: string, given: Given = {}): Filtered & { text: string } {
  return run(filterOf(filters, given.encoding), Buffer.from(text), given);
}

test('without a rule there is no filter', () => {
  for (const given of [undefined, {}, { redact: {} }]) {
    assert.equal(createFilter(given === undefined ? undefined : filtersOption.parse(given), 'utf-8'), undefined);
  }
});

test('what is excluded is left out, and told as drops', () => {
  const { text, records, drops, counts, cuts } = runText(
    { exclude: ['^DEBUG', 'ping$'] },
    'DEBUG a\nb\nDEBUG c\nd ping\r\ne\nDEBUG',
  );
  assert.equal(text, 'b\ne\n');
  assert.equal(records, 2);
  assert.deepEqual(cuts, []);
  assert.deepEqual(drops, [
    { offset: 0, span: 8, records: 1 },
    { offset: 2, span: 16, records: 2 },
    { offset: 4, span: 5, records: 1 },
  ]);
  assert.deepEqual(counts, { ...noCounts, excluded: 4 });
});

test('only what is included is kept, unless it is excluded too', () => {
  const { text, counts } = runText({ include: ['a', 'b'], exclude: ['x'] }, 'a\nb\nc\nax\n');
  assert.equal(text, 'a\nb\n');
  assert.deepEqual(counts, { ...noCounts, excluded: 2 });
});

test('all of a run may be left out', () => {
  const { text, records, drops } = runText({ include: ['never'] }, 'a\nb\n');
  assert.deepEqual([text, records, drops], ['', 0, [{ offset: 0, span: 4, records: 2 }]]);
});

test('cuts move with their records', () => {
  const { text, cuts, drops } = runText({ exclude: ['b'] }, 'aaaaa\nbbbbbb\nccccccc\n', { recordBytesMax: 4 });
  assert.equal(text, 'aaaaa\nccccccc\n');
  assert.deepEqual(cuts, [
    { offset: 4, cause: 'too-long' },
    { offset: 10, cause: 'too-long' },
  ]);
  assert.deepEqual(drops, [{ offset: 6, span: 7, records: 2 }]);
});

test('a record of several lines is one text', () => {
  const multiline = { continuation: '^ ' };
  const { text, lengths, drops } = runText({ exclude: ['NullPointer'] }, 'a\n NullPointer\nb\n c\n', { multiline });
  assert.deepEqual([text, lengths], ['b\n c\n', [5]]);
  assert.deepEqual(drops, [{ offset: 0, span: 15, records: 1 }]);
});

test('a share is kept, the same whenever it is read', () => {
  const filter = filterOf({ sample: { keep: 0.25 } });
  const lines = Array.from({ length: 10_000 }, (_, index) => `${index}\n`);
  const all = run(filter, Buffer.from(lines.join('')), {});
  const whole = limits.recordsMax;
  assert.equal(all.records + all.counts.sampledOut, whole);
  assert(all.records > whole / 5 && all.records < whole / 3, `${all.records} of ${whole} are kept`);
  // From a record in the middle on: decided alike.
  const from = lines.slice(0, 500).join('').length;
  const again = run(filter, Buffer.from(lines.slice(500, whole).join('')), { position: from });
  assert(all.text.endsWith(again.text));
  assert(again.records > 0);
});

test('only what matches is sampled', () => {
  const { text, counts } = runText({ sample: { keep: 0, match: 'DEBUG' } }, 'DEBUG a\nb\nDEBUG c\n');
  assert.equal(text, 'b\n');
  assert.deepEqual(counts, { ...noCounts, sampledOut: 2 });
  assert.equal(runText({ sample: { keep: 1 } }, 'a\nb\n').text, 'a\nb\n');
});

test('records without positions are left out before they get some', () => {
  const filter = filterOf({ exclude: ['^x'], redact: { presets: ['email'] } });
  const bytes = Buffer.from('a\nxb\nwrite to me@example.org');
  const before = Buffer.from(bytes);
  const filtered = filter.filterRecords({ bytes, lengths: [2, 3, 23] });
  assert.equal(Buffer.from(filtered.bytes).toString(), 'a\nwrite to **************');
  assert.deepEqual(filtered.lengths, [2, 23]);
  assert.deepEqual(filtered.counts, { excluded: 1, sampledOut: 0, redacted: 1 });
  assert.deepEqual(bytes, before);
});

test('records without positions are sampled too', () => {
  const filter = filterOf({ sample: { keep: 0.5 } });
  const lengths = Array.from({ length: 1000 }, () => 1);
  const { lengths: kept, counts } = filter.filterRecords({ bytes: Buffer.alloc(1000, 'x'), lengths });
  assert(kept.length > 400 && kept.length < 600, `${kept.length} are kept`);
  assert.equal(counts.sampledOut, 1000 - kept.length);
});

test('the books balance, whatever is filtered', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\n'), maxLength: 120 });
  const rules = fc.record({
    include: fc.subarray(['a', '^b']),
    exclude: fc.subarray(['c$', 'bb']),
    redact: fc.record({ patterns: fc.subarray(['ab+', 'c']) }),
  });
  const joins = fc.constantFrom(undefined, { continuation: '^a' }, { count: 2 });
  fc.assert(
    fc.property(text, rules, joins, fc.integer({ min: 1, max: 9 }), (source, given, multiline, recordBytesMax) => {
      const filter = createFilter(filtersOption.parse(given), 'utf-8');
      if (filter === undefined) return;
      const bytes = Buffer.from(source);
      const framer = createFramer({ encoding: 'utf-8', multiline: multiline && multilineOption.parse(multiline) });
      const framed = framer.frame(bytes, { ...limits, recordBytesMax }, 'end');
      const { bytes: left, records, cuts, lengths, drops, counts } = filter.filterRun(bytes, framed, { streamId, position: 7 });
      const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
      assert.equal(left.length + sum(drops.map(({ span }) => span)), framed.end);
      assert.equal(records + sum(drops.map((drop) => drop.records)), framed.records);
      assert.equal(records + counts.excluded + counts.sampledOut, framed.records);
      if (framed.lengths.length > 0) assert.equal(sum(lengths), left.length);
      for (const list of [cuts, drops]) {
        for (const [index, { offset }] of list.entries()) {
          assert(offset <= left.length && offset > (list[index - 1]?.offset ?? -1), 'offsets ascend within what is left');
        }
      }
      // What is left is what was there, or a mask, in its order.
      let from = 0;
      for (const byte of left) {
        if (byte === 42) continue;
        from = source.indexOf(String.fromCharCode(byte), from) + 1;
        assert(from > 0, 'nothing is added');
      }
    }),
    { numRuns: 500 },
  );
});
