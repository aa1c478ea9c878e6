import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import type { ChannelBooks } from '../status/books.ts';
import { RecordingEvents } from '../testing/recording-health.ts';
import { BooksFindings } from './books-findings.ts';
import { FindingsBook } from './findings-book.ts';
import { unbalancedMs } from './limits.ts';

function books(channel: string, missing: number): ChannelBooks {
  const none = { pipelinePending: 0, archivePending: 0, restored: 0, leftOut: 0, rejected: 0, removed: 0, dropped: 0 };
  return { channel, received: 100, processed: 100, archived: 100 - missing, ...none, missing };
}

test('books that do not balance for a minute are a finding and an event, until they do again', () => {
  const events = new RecordingEvents();
  let nowMs = 0;
  const clock = { ...systemClock, now: () => nowMs, monotonic: () => nowMs };
  const findings = new FindingsBook({ clock, events, logger: createLogger({ level: 'error', sink: () => undefined }) });
  const watch = new BooksFindings();
  const lookAt = (atMs: number, found: readonly ChannelBooks[]): string[] => {
    nowMs = atMs;
    findings.set('books-unbalanced', watch.look(found, nowMs));
    return findings.all().map(({ subject, reason }) => `${subject} ${reason}`);
  };
  assert.deepEqual(lookAt(0, [books('shop/web', 5), books('shop/app', 0)]), []);
  assert.deepEqual(lookAt(unbalancedMs - 1, [books('shop/web', 5)]), []);
  assert.deepEqual(lookAt(unbalancedMs - 1, [books('shop/web', 0)]), [], 'a step was under way');
  assert.deepEqual(lookAt(unbalancedMs, [books('shop/web', 5), books('shop/app', -3)]), []);
  const told = lookAt(2 * unbalancedMs, [books('shop/web', 7), books('shop/app', -3)]);
  assert.match(told[0] ?? '', /shop\/web: the books do not balance: 7 of 100 processed records are neither archived/);
  assert.match(told[1] ?? '', /shop\/app: the books do not balance: the archive has 3 records more than were processed/);
  assert.deepEqual(events.actions, ['finding-raised', 'finding-raised']);
  assert.deepEqual(lookAt(2 * unbalancedMs + 1, [books('shop/web', 0), books('shop/app', 0)]), []);
});
