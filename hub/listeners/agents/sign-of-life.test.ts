import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentListenerLimitsDefault } from './limits.ts';
import { restOf, SignOfLife } from './sign-of-life.ts';

const quiet = { bytesRead: 10, isPaused: false, askAfterMs: 4000 };

test('a peer that says nothing is asked once, and is silent until a byte comes', () => {
  const life = new SignOfLife(1000);
  const look = (changes: Partial<typeof quiet> = {}): boolean => life.look({ ...quiet, ...changes });
  assert.deepEqual([look(), look(), look(), look(), life.silentMs], [false, false, false, false, 0]);
  assert.deepEqual([look(), life.silentMs], [true, 0], 'it has not had the time to answer');
  assert.deepEqual([look(), life.silentMs], [false, 0]);
  assert.deepEqual([look(), life.silentMs, life.unansweredMs], [false, 6000, 2000]);
  assert.deepEqual([look({ bytesRead: 12 }), life.silentMs, life.unansweredMs], [false, 0, 0]);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => look({ bytesRead: 12 })),
    [false, false, false, true],
  );
});

test('one whose answer is not read for the moment is not silent', () => {
  const life = new SignOfLife(1000);
  for (let number = 0; number < 20; number += 1) assert.equal(life.look({ ...quiet, isPaused: true }), false);
  assert.equal(life.silentMs, 0);
});

test('very many peers at rest are asked seldom', () => {
  const { askAfterMsMin, asksPerSecondMax } = agentListenerLimitsDefault;
  assert.equal(restOf(2000, agentListenerLimitsDefault), askAfterMsMin);
  assert.equal(restOf(10 * asksPerSecondMax, agentListenerLimitsDefault), 10_000);
});
