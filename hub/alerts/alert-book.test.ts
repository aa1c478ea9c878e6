import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alert } from './alert.ts';
import { AlertBook, bookState, type Held } from './alert-book.ts';
import { listedMax, toldMax } from './limits.ts';

const timing = { groupWaitMs: 10_000, intervalMs: 60_000, resolveAfterMs: 60_000, repeatMs: 4 * 3_600_000 };
const free: Held = { isSilenced: () => false, isAcknowledged: () => false, isForLater: () => false, isUnknown: () => false };
const silenced: Held = { ...free, isSilenced: () => true };
const known: Held = { ...free, isAcknowledged: ({ level }) => level === 'yellow' };

function alert(name: string, level: Alert['level'] = 'red'): Alert {
  const about = { node: `agent/${name}`, nodeKind: 'agent' as const, name, owners: ['shop'] };
  return { ...about, kind: 'agent-silent', subject: name, level, reason: `${name} is silent`, sinceMs: 0 };
}

/** Looks every second from one time to another; what was told, with the second in which it was. */
function told(
  book: AlertBook,
  [fromS, toS]: readonly [number, number],
  standing: (second: number) => readonly Alert[],
  held: Held = free,
): string[] {
  const all: string[] = [];
  for (let second = fromS; second <= toS; second += 1) {
    const monotonicMs = second * 1000;
    book.look(standing(second), held, monotonicMs);
    const message = book.take(timing, { nowMs: 1_000_000 + monotonicMs, monotonicMs });
    if (message !== undefined) all.push(`${second}: ${message.items.map(({ change, name }) => `${change} ${name}`).join(', ')}`);
  }
  return all;
}

test('what changes within the wait is one message, and what is gone for long enough is told as resolved', () => {
  const book = new AlertBook();
  const standing = (second: number): Alert[] =>
    second < 100 ? [alert('web1'), ...(second < 4 ? [] : [alert('web2', 'yellow')])] : [];
  assert.deepEqual(told(book, [0, 300], standing), ['10: raised web1, raised web2', '160: resolved web1, resolved web2']);
});

test('each trouble has a key of its own, by which a receiver knows what is over', () => {
  const book = new AlertBook();
  const both = [alert('web1'), { ...alert('web1'), subject: 'another' }];
  book.look(both, free, 0);
  const raised = book.take(timing, { nowMs: 1_010_000, monotonicMs: 10_000 })?.items ?? [];
  const keys = raised.map(({ key }) => key);
  assert.match(keys[0] ?? '', /^[0-9a-f]{32}$/);
  assert.equal(new Set(keys).size, 2);
  book.look(both.slice(1), free, 20_000);
  const resolved = book.take(timing, { nowMs: 1_100_000, monotonicMs: 100_000 })?.items ?? [];
  assert.deepEqual(
    resolved.map(({ change, key }) => [change, key]),
    [['resolved', keys[0]]],
  );
});

test('what comes and goes within the wait is not told at all', () => {
  assert.deepEqual(
    told(new AlertBook(), [0, 300], (second) => (second < 9 ? [alert('web1')] : [])),
    [],
  );
});

test('messages to a receiver have a time between them, and a trouble that gets worse is told again', () => {
  const book = new AlertBook();
  const standing = (second: number): Alert[] => [
    alert('web1', second < 20 ? 'yellow' : 'red'),
    ...(second < 30 ? [] : [alert('web2')]),
  ];
  assert.deepEqual(told(book, [0, 200], standing), ['10: raised web1', '70: worse web1, raised web2']);
});

test('what lasts is told again after hours, unless somebody acknowledged it', () => {
  const shift = [0, 9 * 3600] as const;
  assert.equal(told(new AlertBook(), shift, () => [alert('web1', 'yellow')]).length, 3);
  const book = new AlertBook();
  assert.deepEqual(
    told(book, [0, 20], () => [alert('web1', 'yellow')]),
    ['10: raised web1'],
  );
  assert.deepEqual(
    told(book, [21, 5 * 3600], () => [alert('web1', 'yellow')], known),
    [],
  );
  // It knew of yellow only.
  const worse = told(book, [90_000, 90_100], () => [alert('web1')], known);
  assert.deepEqual(worse, ['90010: worse web1']);
  assert.deepEqual(
    told(book, [90_200, 90_300], () => [], known),
    ['90260: resolved web1'],
  );
});

test('of what is silenced nobody is told, neither that it comes nor that it goes; what lasts longer than the silence is told', () => {
  const book = new AlertBook();
  assert.deepEqual(
    told(book, [0, 50], () => [alert('web1')], silenced),
    [],
  );
  assert.deepEqual(
    told(book, [51, 70], () => [alert('web1')]),
    ['61: raised web1'],
  );
  assert.deepEqual(
    told(book, [71, 500], () => [], silenced),
    [],
  );
  assert.deepEqual(
    told(book, [501, 900], () => []),
    [],
  );
});

test('outside of its hours a receiver is told of nothing, and of what is still so when they begin', () => {
  const book = new AlertBook();
  const night: Held = { ...free, isForLater: () => true };
  const day = told(book, [0, 100], () => [alert('web1'), alert('web2')]);
  assert.deepEqual(day, ['10: raised web1, raised web2']);
  const standing = (second: number): Alert[] => [alert('web2'), alert('web3'), ...(second < 20_000 ? [alert('web4')] : [])];
  assert.deepEqual(told(book, [101, 30_000], standing, night), []);
  assert.deepEqual(told(book, [30_001, 30_200], standing), ['30001: raised web3, lasts web2', '30061: resolved web1']);
});

test('what flaps is told ever more seldom', () => {
  const book = new AlertBook();
  // Each time it is gone for longer than it takes to be told as resolved.
  const flapping = told(book, [0, 7200], (second) => (second % 120 < 30 ? [alert('web1')] : []));
  assert.equal(flapping[0], '10: raised web1');
  assert.equal(flapping[1], '90: resolved web1');
  assert.ok(flapping.length <= 4, flapping.join('; '));
});

test('two thousand at once are one message, and those beyond it are not told one by one later', () => {
  const book = new AlertBook();
  const many = Array.from({ length: toldMax + 500 }, (_, index) => alert(`web${index}`));
  book.look(many, free, 0);
  book.look(many, free, 10_000);
  const message = book.take(timing, { nowMs: 1_010_000, monotonicMs: 10_000 });
  assert.equal(message?.items.length, listedMax);
  assert.deepEqual(message?.counts, { raised: toldMax, worse: 0, better: 0, resolved: 0, lasts: 0 });
  assert.deepEqual(message?.standing, { red: toldMax, yellow: 0 });
  assert.deepEqual(
    told(book, [11, 110], () => many),
    [],
  );
});

test('who goes on from what was stored tells nothing twice', () => {
  const before = new AlertBook();
  told(before, [0, 20], () => [alert('web1')]);
  const after = new AlertBook(bookState.parse(JSON.parse(JSON.stringify(before.state))));
  const standing = (second: number): Alert[] => (second < 200 ? [alert('web1')] : []);
  assert.deepEqual(told(after, [100, 400], standing), ['260: resolved web1']);
});
