import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { choosePlan, type MeasuredEntry, type PlanChoice } from './choose-plan.ts';

const rules = { objectBytes: 1000, rollIntervalMs: 60_000 };
const noon = Date.UTC(2026, 10, 21, 12);

function backlog(...entries: readonly [offsetMs: number, bytes: number][]): MeasuredEntry[] {
  return entries.map(([offsetMs, inflatedBytes], index) => ({ sequence: index + 5, receivedMs: noon + offsetMs, inflatedBytes }));
}

function choose(entries: MeasuredEntry[], nowMs: number, requested = false): readonly [number, number] | number | 'empty' {
  const choice: PlanChoice = choosePlan(entries, rules, { nowMs: noon + nowMs, requested });
  if (choice.kind === 'due') return [choice.first.sequence, choice.last.sequence];
  return choice.kind === 'wait' ? choice.ms : 'empty';
}

suite('when an object is due', () => {
  test('nothing there', () => assert.equal(choose([], 0), 'empty'));

  test('enough bytes: up to the entry that makes them enough', () => {
    assert.deepEqual(choose(backlog([0, 400], [1, 600], [2, 400]), 3), [5, 6]);
    assert.deepEqual(choose(backlog([0, 5000], [1, 600]), 3), [5, 5]);
  });

  test('the oldest has waited long enough: all of it', () => {
    assert.equal(choose(backlog([0, 4], [10_000, 6]), 20_000), 40_000);
    assert.deepEqual(choose(backlog([0, 4], [10_000, 6]), 60_000), [5, 6]);
  });

  test('never over an hour of receive time, and no later than its end', () => {
    const nearEnd = 3_600_000 - 10_000;
    assert.equal(choose(backlog([nearEnd, 4]), nearEnd + 1000), 9000);
    assert.deepEqual(choose(backlog([nearEnd, 4]), 3_600_000), [5, 5]);
    assert.deepEqual(choose(backlog([nearEnd, 4], [3_600_000, 4]), nearEnd + 1), [5, 5]);
    assert.deepEqual(choose(backlog([nearEnd, 400], [3_600_000, 4000]), nearEnd + 1), [5, 5]);
  });

  test('somebody waits: as soon as a little has gathered', () => {
    assert.equal(choose(backlog([0, 4]), 40, true), 60);
    assert.deepEqual(choose(backlog([0, 4], [90, 4]), 100, true), [5, 6]);
  });
});
