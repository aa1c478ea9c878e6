import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepEndsMax, stepEndsWithinMs, stepOffMs } from './limits.ts';
import { StepBreaker } from './step-breaker.ts';

function makeBreaker(): { breaker: StepBreaker; end: (step?: number) => boolean; pass: (ms: number) => void } {
  let nowMs = 0;
  const breaker = new StepBreaker(() => nowMs);
  return {
    breaker,
    end: (step = 1) => breaker.ended({ pipeline: 'app', step, reason: 'it took longer than 1 s' }),
    pass: (ms) => void (nowMs += ms),
  };
}

test('a step that ends its thread too often within a while is off for a while, alone', () => {
  const { breaker, end, pass } = makeBreaker();
  for (let ends = 1; ends < stepEndsMax; ends += 1) assert.equal(end(), false);
  assert.equal(end(2), false);
  assert.deepEqual(breaker.switchedOff('app'), []);
  assert.equal(end(), true);
  assert.deepEqual(breaker.switchedOff('app'), [
    { step: 1, reason: 'the step is switched off for a while: it took longer than 1 s' },
  ]);
  assert.deepEqual(breaker.switchedOff('other'), []);
  assert.equal(end(), false, 'a call that was under way');
  pass(stepOffMs);
  assert.deepEqual(breaker.all(), []);
});

test('afterwards one more is enough, until it was good for a while', () => {
  const { breaker, end, pass } = makeBreaker();
  for (let ends = 0; ends < stepEndsMax; ends += 1) end();
  pass(stepOffMs);
  assert.equal(end(), true);
  assert.equal(breaker.all().length, 1);
  pass(stepOffMs + stepEndsWithinMs);
  assert.equal(end(), false);
});

test('what lies further apart is no trouble, and another version begins anew', () => {
  const { breaker, end, pass } = makeBreaker();
  for (let ends = 0; ends < 2 * stepEndsMax; ends += 1) {
    assert.equal(end(), false);
    pass(stepEndsWithinMs / (stepEndsMax - 1));
  }
  for (let ends = 0; ends < stepEndsMax; ends += 1) end();
  breaker.forget('app');
  assert.deepEqual(breaker.all(), []);
});
