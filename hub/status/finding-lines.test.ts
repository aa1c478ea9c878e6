import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StandingFinding } from '../health/findings.ts';
import { findingLines, healthLines } from './finding-lines.ts';

function finding(reason: string, sinceMs = 0): StandingFinding {
  return { kind: 'agent-cloned', subject: 'a', level: 'red', reason, sinceMs };
}

test('a finding is a line, with how long it has stood', () => {
  const lines = findingLines([finding('it is so'), { ...finding('it may be so', 7_200_000), level: 'yellow' }], 10_800_000);
  assert.deepEqual(lines, ['RED          it is so (for 3 h)', 'YELLOW       it may be so (for 60 min)']);
});

test('what a stranger chose writes no line and no color on a terminal', () => {
  const [line = ''] = findingLines([finding('a machine named "web1\n\u001b[31mRED"')], 0);
  assert.equal(line, String.raw`RED          a machine named "web1\x0a\x1b[31mRED" (for 0 min)`);
});

test('a thousand findings are not a thousand lines', () => {
  const lines = findingLines(
    Array.from({ length: 1000 }, (_, index) => finding(`${index}`)),
    0,
  );
  assert.equal(lines.length, 51);
  assert.match(lines.at(-1) ?? '', /950 more/);
});

test('health is one line: the worst of it, and of how many of what', () => {
  const counts = { agent: { green: 7, yellow: 1, red: 2, unknown: 0 }, channel: { green: 4, yellow: 0, red: 0, unknown: 0 } };
  assert.deepEqual(healthLines({ state: 'red', reason: 'agent a is away', sinceMs: 0, counts }, 300_000), [
    'health       red for 5 min: agent a is away; 3 of 10 agents are not green',
  ]);
  assert.deepEqual(healthLines({ state: 'green', reason: '', sinceMs: 0, counts: {} }, 60_000), ['health       green for 1 min']);
  assert.deepEqual(healthLines(undefined, 0), []);
});
