import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { LoopFindings } from './loop-findings.ts';

test('a loop is a finding while it goes on, and is none ten minutes after', () => {
  const standing = new Map<string, string>();
  const clock = new ManualClock();
  const loops = new LoopFindings({
    clock,
    findings: {
      put: ({ kind, subject }, finding) => {
        if (finding === undefined) standing.delete(`${kind} ${subject}`);
        else standing.set(`${kind} ${subject}`, finding.reason);
      },
    },
  });
  loops.seen('ab');
  clock.advance(400_000);
  loops.seen('ab');
  clock.advance(400_000);
  loops.forget();
  assert.match(standing.get('site-loop ab') ?? '', /site ab forwards here what came from this very site/);
  clock.advance(300_000);
  loops.forget();
  assert.deepEqual([...standing], []);
});
