import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentCanaries, CanaryBook, type FoundCanary } from './canary-book.ts';
import { doubledMax, gapMsMax, stretchesMax } from './limits.ts';

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
  return book.judge(at(minutes), timing, () => isConnected)[0];
}

function take(book: CanaryBook, minutes: number, found: readonly FoundCanary[]): void {
  const news = book.news(at(minutes), timing);
  book.take(found, news);
  book.end(news);
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
  take(book, 26, numbers(11, 26));
  assert.partialDeepStrictEqual(look(book, 60, false), { unaccounted: 0, missing: [] });
  assert.equal(book.gap(at(60), timing), undefined);
});

test('what is missing is looked for when it was received, and all other news go on as if it were there', () => {
  const book = new CanaryBook();
  take(book, 20, numbers(1, 20, [7]));
  take(book, 60, numbers(10, 60, [40, 41]));
  assert.equal(book.news(at(60), timing).fromMs, at(50));
  const range = (): readonly [number, number] | undefined => {
    const gap = book.gap(at(60), timing);
    if (gap !== undefined) book.end(gap);
    return gap?.untilMs === undefined ? undefined : [gap.fromMs, gap.untilMs];
  };
  const first = [at(6) + 100, at(8) + 101];
  assert.deepEqual(range(), first);
  assert.deepEqual(range(), [at(39) + 100, at(42) + 101]);
  assert.deepEqual(range(), first, 'and so on');
  const gap = book.gap(at(60), timing);
  assert.ok(gap);
  assert.equal(book.take([canary(40), canary(41), canary(42), canary(1, { run: 'unknown' })], gap), 2);
  book.end(gap);
  assert.deepEqual(range(), first);
  assert.partialDeepStrictEqual(look(book, 60), { unaccounted: 1, missing: [7], doubled: 0 });
});

test('what came late does not hide when the rest was received', () => {
  const book = new CanaryBook();
  // 8 was declared lost, and came after all; 7 and 9 were received in time, and are not stored yet.
  take(book, 30, [...numbers(1, 30, [7, 8, 9]), canary(8, { receivedMs: at(30) })]);
  const gap = book.gap(at(60), timing);
  assert.ok(gap?.untilMs !== undefined);
  assert.ok(gap.fromMs <= at(7) && gap.untilMs > at(9) + 100);
  book.take([canary(7), canary(9)], gap);
  assert.partialDeepStrictEqual(look(book, 60, false), { unaccounted: 0 });
});

test('a long time in which all is missing is looked at part by part', () => {
  const book = new CanaryBook();
  take(book, 20, numbers(1, 20));
  take(book, 100, numbers(95, 100));
  for (let part = 0; part < 7; part += 1) {
    const gap = book.gap(at(100), timing);
    assert.ok(gap);
    const fromMs = at(20) + 100 + part * gapMsMax;
    assert.partialDeepStrictEqual(
      gap,
      { fromMs, untilMs: Math.min(fromMs + gapMsMax, at(90)) },
      'what is newer is among the news',
    );
    book.end(gap);
  }
  assert.equal(book.gap(at(100), timing)?.fromMs, at(20) + 100);
});

test('where there is more than one look takes, the next one goes on behind it, and nothing is late before it was looked at', () => {
  const book = new CanaryBook();
  const first = book.news(at(100), timing);
  book.take(numbers(50, 60), first);
  book.end(first, at(60) + 100);
  assert.equal(look(book, 100)?.unaccounted, 0);
  const second = book.news(at(101), timing);
  assert.equal(second.fromMs, at(60) + 100);
  book.take(numbers(60, 101), second);
  book.end(second);
  assert.equal(book.news(at(102), timing).fromMs, at(91));
  assert.partialDeepStrictEqual(look(book, 101), { unaccounted: 0, doubled: 0 });
  const stuck = book.news(at(102), timing);
  book.end(stuck, stuck.fromMs);
  assert.ok(book.news(at(103), timing).fromMs > stuck.fromMs);
});

test('a run of which ever more is missing keeps what is missing last', () => {
  const book = new CanaryBook();
  const odd = Array.from({ length: 2 * stretchesMax }, (_, index) => 2 * index + 1);
  take(
    book,
    5 * stretchesMax,
    odd.map((sequence) => canary(sequence)),
  );
  assert.equal(look(book, 5 * stretchesMax, false)?.unaccounted, stretchesMax - 1);
  const again = odd.flatMap((sequence) => [canary(sequence), canary(sequence)]);
  for (let round = 0; round < 10; round += 1)
    take(
      book,
      5 * stretchesMax,
      again.map((one) => ({ ...one, sequence: one.sequence + 1000 * round })),
    );
  assert.equal(look(book, 5 * stretchesMax, false)?.doubled, doubledMax);
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
  assert.equal(look(book, 35)?.unaccounted, 0, 'nobody has looked since');
  take(book, 31, []);
  assert.equal(look(book, 31)?.unaccounted, 0);
  take(book, 35, []);
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
