import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { choosePlan, type MeasuredEntry, type PlanChoice } from './choose-plan.ts';

const rules = { objectBytes: 1000, rollIntervalMs: 60_000 };
const noon = Date.UTC(2026, 10, 21, 12);

function backlog(...entries: readonly [offsetMs: number, bytes: number][]): MeasuredEntry[] {
  return entries.map(([offsetMs, inflatedBytes], index) => ({ sequence: index + 5, receivedMs: noon + offsetMs, inflatedBytes }));
}

interface Moment {
  readonly requested?: boolean;
  readonly waitedMs?: number;
}

function choose(entries: MeasuredEntry[], nowMs: number, moment: Moment = {}): readonly [number, number] | number | 'empty' {
  const choice: PlanChoice = choosePlan(entries, rules, { nowMs: noon + nowMs, requested: false, waitedMs: 0, ...moment });
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
    assert.equal(choose(backlog([0, 4]), 40, { requested: true }), 60);
    assert.deepEqual(choose(backlog([0, 4], [90, 4]), 100, { requested: true }), [5, 6]);
  });

  test('a clock that was set back holds nothing up: what has been waiting here is due', () => {
    const hourBack = -3_600_000;
    assert.equal(choose(backlog([0, 4]), hourBack), 60_000);
    assert.equal(choose(backlog([0, 4]), hourBack, { waitedMs: 59_000 }), 1000);
    assert.deepEqual(choose(backlog([0, 4], [0, 4]), hourBack, { waitedMs: 60_000 }), [5, 6]);
    assert.deepEqual(choose(backlog([0, 4]), hourBack, { waitedMs: 100, requested: true }), [5, 5]);
  });
});
