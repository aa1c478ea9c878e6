import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentCanaries, CanaryBook, type FoundCanary } from './canary-book.ts';

const minuteMs = 60_000;
const timing = { lateMs: 10 * minuteMs, forgetMs: 24 * 60 * minuteMs };
const startMs = 100 * 60 * minuteMs;

function canary(sequence: number, more: Partial<FoundCanary> = {}): FoundCanary {
  const sentMs = startMs + sequence * minuteMs;
  const who = { agentId: 'a1', tenant: 'shop', host: 'web1', run: 'one' };
  return { ...who, sequence, sentMs, receivedMs: sentMs + 100, intervalMs: minuteMs, isLast: false, ...more };
}

function at(minutes: number): number {
  return startMs + minutes * minuteMs;
}

function numbers(from: number, to: number, without: readonly number[] = []): FoundCanary[] {
  const all = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return all.filter((sequence) => !without.includes(sequence)).map((sequence) => canary(sequence));
}

function look(book: CanaryBook, minutes: number, isConnected = true): AgentCanaries | undefined {
  return book.look(at(minutes), timing, () => isConnected)[0];
}

function take(book: CanaryBook, minutes: number, found: readonly FoundCanary[]): void {
  book.take(found, { sinceMs: book.sinceMs(at(minutes), timing), nowMs: at(minutes) });
}

test('all that came is accounted for, found once or again by the next look', () => {
  const book = new CanaryBook();
  take(book, 20, numbers(1, 20));
  take(book, 25, numbers(12, 25));
  assert.deepEqual(look(book, 25), {
    agentId: 'a1',
    tenant: 'shop',
    host: 'web1',
    unaccounted: 0,
    missing: [],
    doubled: 0,
    latencyMs: 0,
  });
});

test('what is missing is told when what followed it is old enough, and not once it is there', () => {
  const book = new CanaryBook();
  take(book, 20, numbers(1, 20, [12, 13]));
  assert.equal(look(book, 20)?.unaccounted, 0);
  take(book, 25, numbers(14, 25));
  assert.partialDeepStrictEqual(look(book, 25), { unaccounted: 2, missing: [12, 13] });
  // It is looked from the last one on before which all are there.
  assert.equal(book.sinceMs(at(90), timing), at(11) + 100);
  take(book, 26, numbers(11, 26));
  assert.partialDeepStrictEqual(look(book, 60, false), { unaccounted: 0, missing: [] });
});

test('the first numbers of a run are missed too, but not those before the first look', () => {
  const begun = new CanaryBook();
  take(begun, 20, numbers(3, 20));
  assert.deepEqual(look(begun, 20)?.missing, [1, 2]);
  const later = new CanaryBook();
  take(later, 600, numbers(541, 600));
  assert.partialDeepStrictEqual(look(later, 600), { unaccounted: 0 });
});

test('of an agent that is here the next numbers are waited for, of one that is away or has ended none', () => {
  const book = new CanaryBook();
  take(book, 20, numbers(1, 20));
  assert.equal(look(book, 31)?.unaccounted, 0);
  assert.equal(look(book, 35)?.unaccounted, 4);
  assert.equal(look(book, 35, false)?.unaccounted, 0);
  take(book, 35, [canary(21, { isLast: true })]);
  assert.equal(look(book, 100)?.unaccounted, 0);
});

test('a number that one look finds twice is doubled; another run has its own numbers', () => {
  const book = new CanaryBook();
  take(book, 20, [...numbers(1, 20), canary(7)]);
  take(book, 21, numbers(10, 21));
  take(book, 22, [canary(1, { run: 'two', receivedMs: at(22), sentMs: at(22) })]);
  assert.partialDeepStrictEqual(look(book, 22), { unaccounted: 0, doubled: 1 });
});

test('what is missing for a day is not told any more', () => {
  const book = new CanaryBook();
  take(book, 20, numbers(1, 20, [12]));
  assert.equal(look(book, 60, false)?.unaccounted, 1);
  take(book, 1400, [canary(21, { receivedMs: at(1400) })]);
  assert.equal(look(book, 1500, false)?.unaccounted, 0);
  assert.equal(look(book, 3000, false), undefined);
});

test('a number that somebody made up costs nothing but its own figure', () => {
  const book = new CanaryBook();
  take(book, 20, [canary(1), { ...canary(2), sequence: Number.MAX_SAFE_INTEGER }]);
  const found = look(book, 60, false);
  assert.deepEqual(found?.missing, [2, 3, 4, 5, 6]);
  assert.equal(found?.unaccounted, Number.MAX_SAFE_INTEGER - 2);
});
