import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { RecordingFindings } from '../testing/recording-health.ts';
import { healthRules, ruleFacts } from '../testing/rule-facts.ts';
import type { Finding } from './findings.ts';
import { RuleRunner } from './rule-runner.ts';
import type { Rule } from './rules/rule.ts';

test('what rules find stands until they find it no more, and one that breaks keeps no other from looking', () => {
  const findings = new RecordingFindings();
  const logged: LogEntry[] = [];
  let found: Finding[] = [
    { kind: 'lag', subject: 'a', level: 'red', reason: 'r' },
    { kind: 'stuck', subject: 'b', level: 'red', reason: 'r' },
  ];
  let isBroken = false;
  const breaking: Rule = {
    kinds: ['memory'],
    look: () => {
      if (isBroken) throw new Error('broken');
      return [{ kind: 'memory', subject: 'memory', level: 'red', reason: 'r' }];
    },
  };
  const both: Rule = { kinds: ['lag', 'stuck'], look: () => found };
  const runner = new RuleRunner({
    rules: [breaking, both],
    facts: () => ruleFacts(),
    options: () => healthRules(),
    folders: () => [],
    findings,
    clock: new ManualClock(),
    logger: createLogger({ level: 'warn', sink: (entry) => logged.push(entry) }),
  });
  const kinds = (): string[] => findings.all().map(({ kind }) => kind);
  runner.look();
  assert.deepEqual(kinds(), ['memory', 'lag', 'stuck']);
  isBroken = true;
  found = found.slice(1);
  runner.look();
  runner.look();
  assert.deepEqual(kinds(), ['memory', 'stuck'], 'what it found before stands');
  assert.equal(logged.length, 1, 'told once');
});

test('rules look with the look at the tree that is nearest to every two seconds', () => {
  const looksAt = (everyMs: number): number[] => {
    const clock = new ManualClock();
    const seen: number[] = [];
    const counting: Rule = { kinds: ['lag'], look: () => (seen.push(clock.monotonic() - startMs), []) };
    const startMs = clock.monotonic();
    const runner = new RuleRunner({
      rules: [counting],
      facts: () => ruleFacts(),
      options: () => healthRules(),
      folders: () => [],
      findings: new RecordingFindings(),
      clock,
      logger: createLogger({ level: 'warn', sink: () => undefined }),
    });
    for (let turn = 0; turn < 5; turn += 1) {
      runner.lookIfDue();
      clock.advance(everyMs);
    }
    return seen;
  };
  assert.deepEqual(looksAt(1002), [0, 2004, 4008]);
  assert.deepEqual(looksAt(1600), [0, 1600, 3200, 4800, 6400]);
  assert.deepEqual(looksAt(4050), [0, 4050, 8100, 12_150, 16_200]);
});
