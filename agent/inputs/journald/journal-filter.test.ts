import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filtersOption } from '../../framing/framing-options.ts';
import type { JournalEntry } from './export-parser.ts';
import { JournalFilter } from './journal-filter.ts';

function entryOf(fields: Readonly<Record<string, string | Buffer>>): JournalEntry {
  return Object.entries(fields).map(([name, given]) => {
    const value = Buffer.from(given);
    return { name, value, bytes: value.length };
  });
}

function valuesOf(entries: readonly JournalEntry[]): Record<string, string>[] {
  return entries.map((entry) => Object.fromEntries(entry.map(({ name, value }) => [name, value.toString('latin1')])));
}

test('entries are left out by their message', () => {
  const filter = new JournalFilter(filtersOption.parse({ exclude: ['^debug', 'done$'], include: ['o|^$'] }));
  const given = ['debug one', 'all done', 'other', '', 'x'].map((MESSAGE) => entryOf({ UNIT: 'o', MESSAGE }));
  const { entries, counts } = filter.filter([...given, entryOf({ UNIT: 'no message' })]);
  assert.deepEqual(
    valuesOf(entries).map(({ MESSAGE }) => MESSAGE),
    ['other', '', undefined],
  );
  assert.deepEqual(counts, { excluded: 3, sampledOut: 0, redacted: 0 });
});

test('masks are put on all fields but an entry’s place and time, whatever bytes they have', () => {
  const filter = new JournalFilter(filtersOption.parse({ redact: { presets: ['ipv4'], patterns: ['(?<=key=)\\w+'] } }));
  const message = Buffer.concat([Buffer.from([0xff]), Buffer.from('key=abc 192.0.2.1\n')]);
  const given = entryOf({ __CURSOR: 'key=abc', MESSAGE: message, _CMDLINE: 'run --key=s3cret', PRIORITY: '6' });
  const { entries, counts } = filter.filter([given, entryOf({ MESSAGE: 'nothing' })]);
  assert.deepEqual(valuesOf(entries), [
    { __CURSOR: 'key=abc', MESSAGE: '\u00ffkey=*** *********\n', _CMDLINE: 'run --key=******', PRIORITY: '6' },
    { MESSAGE: 'nothing' },
  ]);
  assert.deepEqual(counts, { excluded: 0, sampledOut: 0, redacted: 1 });
  assert.equal(message.toString('latin1').includes('abc'), true, 'what was given is not changed');
});

test('without a rule nothing is done', () => {
  const given = [entryOf({ MESSAGE: 'x' })];
  assert.deepEqual(new JournalFilter(undefined).filter(given).entries, given);
});
