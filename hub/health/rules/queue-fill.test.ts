import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hubOptions } from '../../options.ts';
import { queueLimits } from '../../queue/limits.ts';
import type { QueueStatus } from '../../queue/queue.ts';
import { groupStatus, healthRules, queueStatus, ruleFacts } from '../../testing/rule-facts.ts';
import { QueueFill } from './queue-fill.ts';

function found(status: Partial<QueueStatus>): string[] {
  const limits = queueLimits({ topicBytesMax: 100 });
  const options = hubOptions.parse({ queue: { front_retention: '100s', back_retention: '1m' } });
  const facts = ruleFacts({ queue: queueStatus(status), queueLimits: limits, options });
  return new QueueFill().look(facts, healthRules()).map(({ kind, level, subject }) => `${kind} ${level} ${subject}`);
}

test('a store is yellow from four fifths on, red near its end and where it takes nothing in', () => {
  assert.deepEqual(found({ bytes: 799 }), []);
  assert.deepEqual(found({ bytes: 800 }), ['queue-filling yellow store']);
  assert.deepEqual(found({ bytes: 950 }), ['queue-filling red store']);
  assert.deepEqual(found({ state: 'no-space' }), ['queue-filling red store']);
  // That is told as what it is.
  assert.deepEqual(found({ state: 'away' }), []);
});

test('a topic fills up by what its slowest reader has left, over its partitions', () => {
  const groups = [0, 1].map((partition) => groupStatus({ partition, bytes: 45 }));
  assert.deepEqual(found({ groups }), ['topic-filling yellow front/shop/web pipeline']);
  assert.deepEqual(found({ groups: groups.slice(1) }), []);
});

test('what waits is told before it is as old as the retention of its topic, which is told as such', () => {
  const aged = (seconds: number): QueueStatus['groups'] => [
    groupStatus({ entries: 1, oldestMs: 1_000_000_000 - seconds * 1000 }),
  ];
  assert.deepEqual(found({ groups: aged(79) }), []);
  assert.deepEqual(found({ groups: aged(80) }), ['queue-aging yellow front/shop/web pipeline']);
  assert.deepEqual(found({ groups: aged(101) }), []);
});
