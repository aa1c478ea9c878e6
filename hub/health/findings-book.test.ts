import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { RecordingEvents } from '../testing/recording-health.ts';
import { FindingsBook } from './findings-book.ts';
import type { Finding } from './findings.ts';
import { betterAfterMs, clearedAfterMs, findingsPerKindMax } from './limits.ts';

function makeBook(): { book: FindingsBook; clock: ManualClock; events: RecordingEvents } {
  const clock = new ManualClock(1000);
  const events = new RecordingEvents();
  const logger = createLogger({ level: 'error', sink: () => undefined });
  return { book: new FindingsBook({ clock, events, logger }), clock, events };
}

function finding(subject: string, level: Finding['level'] = 'red'): Finding {
  return { kind: 'open-service', subject, level, reason: `${subject} is open: close it` };
}

test('a finding is told when it comes, not each time it is looked at, and again when it gets worse', () => {
  const { book, clock, events } = makeBook();
  for (let look = 0; look < 5; look += 1) {
    book.set('open-service', [finding('redis', 'yellow')]);
    clock.advance(clearedAfterMs);
    book.settle();
  }
  assert.deepEqual(events.actions, ['finding-raised']);
  book.set('open-service', [finding('redis', 'red')]);
  assert.deepEqual(events.actions, ['finding-raised', 'finding-raised']);
  assert.partialDeepStrictEqual(book.all(), [{ subject: 'redis', level: 'red', sinceMs: 1000 }]);
  assert.partialDeepStrictEqual(events.events[1], { level: 'error', message: 'redis is open: close it' });
});

test('one that comes and goes is the same finding; it is cleared when it stays away', () => {
  const { book, clock, events } = makeBook();
  for (let times = 0; times < 10; times += 1) {
    book.set('open-service', [finding('redis')]);
    clock.advance(1000);
    book.set('open-service', []);
    assert.deepEqual(book.all(), [], 'it is gone from sight at once');
    clock.advance(clearedAfterMs - 1000);
    book.settle();
  }
  assert.deepEqual(events.actions, ['finding-raised']);
  clock.advance(1000);
  book.settle();
  book.settle();
  assert.deepEqual(events.actions, ['finding-raised', 'finding-cleared']);
});

test('kinds do not touch one another, and red ones come first', () => {
  const { book, clock } = makeBook();
  book.set('plaintext-listener', [{ kind: 'plaintext-listener', subject: 'push', level: 'yellow', reason: 'plain' }]);
  clock.advance(1);
  book.set('open-service', [finding('redis')]);
  book.set('quota-exceeded', []);
  assert.deepEqual(
    book.all().map(({ subject }) => subject),
    ['redis', 'push'],
  );
});

test('however many there are, so many are kept', () => {
  const { book } = makeBook();
  book.set(
    'open-service',
    Array.from({ length: findingsPerKindMax + 10 }, (_, index) => finding(`${index}`)),
  );
  assert.equal(book.all().length, findingsPerKindMax);
});

/** A disk that is just as full as the limit: its place changed colour, and an event was told, with each second look. */
test('one that goes back and forth between yellow and red is red, and told once', () => {
  const { book, clock, events } = makeBook();
  for (let look = 0; look < 20; look += 1) {
    book.set('open-service', [finding('redis', look % 2 === 0 ? 'red' : 'yellow')]);
    assert.equal(book.all()[0]?.level, 'red');
    clock.advance(2000);
  }
  assert.deepEqual(events.actions, ['finding-raised']);
  // Another one that is told meanwhile makes it no worse, nor longer.
  clock.advance(betterAfterMs - 2001);
  book.put({ kind: 'open-service', subject: 'other' }, { level: 'yellow', reason: 'open' });
  assert.partialDeepStrictEqual(book.all(), [{ subject: 'redis', level: 'red' }, { subject: 'other' }]);
  clock.advance(2001);
  assert.deepEqual(
    book.all().map(({ level }) => level),
    ['yellow', 'yellow'],
  );
  clock.advance(clearedAfterMs);
  book.set('open-service', [finding('redis'), finding('other', 'yellow')]);
  assert.deepEqual(events.actions, ['finding-raised', 'finding-raised', 'finding-raised']);
});
