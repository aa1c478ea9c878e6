import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { running } from '../groups/running.ts';
import type { Finding } from '../health/findings.ts';
import type { ReportedEvent } from '../platform/hub-events.ts';
import { eventually } from '../testing/eventually.ts';
import { storeLookMs, watchStore } from './watch-store.ts';

test('a store that was lost, that changed, and that cannot be reached is told', { timeout: 120_000 }, async () => {
  const clock = new ManualClock();
  const events: ReportedEvent[] = [];
  let standing: readonly Finding[] = [];
  let problems: readonly string[] = ['the Redis at r:6379 cannot be reached'];
  let changed: (partition: number | undefined) => void = () => assert.fail('nobody follows');
  const parts = {
    store: {
      isLost: true,
      siteId: 'ab'.repeat(16),
      problems: () => problems,
      queue: {
        onStoreChanged: (listener: typeof changed) => {
          changed = listener;
          return () => undefined;
        },
      },
    },
    findings: { set: (_kind: string, found: readonly Finding[]) => void (standing = found) },
    events: { report: (event: ReportedEvent) => void events.push(event) },
    logger: createLogger({ level: 'error', sink: () => undefined }),
    clock,
  };
  await using owned = new AsyncDisposableStack();
  owned.use(running((signal) => watchStore(parts, signal), assert.ifError));
  await eventually('it looked', () => clock.sleeping === 1);
  assert.deepEqual(standing, [{ kind: 'store-trouble', subject: '0', level: 'red', reason: problems[0] }]);
  for (const partition of [3, 4, 3]) changed(partition);
  problems = [];
  clock.advance(storeLookMs);
  await eventually('it looked again', () => standing.length === 0);
  changed(undefined);
  clock.advance(storeLookMs);
  await eventually('all is told', () => events.length === 3);
  assert.deepEqual(
    events.map(({ action, level, fields }) => [action, level, fields]),
    [
      ['store-lost', 'error', { tributary: { site_id: 'ab'.repeat(16) } }],
      ['store-changed', 'warn', { tributary: { partitions: '2' } }],
      ['store-lost', 'error', { tributary: { site_id: 'ab'.repeat(16) } }],
    ],
  );
});
