import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import type { HeldBack } from '../queue/queue.ts';
import { RecordingFindings } from '../testing/recording-health.ts';
import { watchHeldBack } from './held-back.ts';

test('who is held back is a finding of its own kind, until it is not any more', async () => {
  const findings = new RecordingFindings();
  let held: readonly HeldBack[] = [
    { cause: 'types', subject: 'acme', hint: 'too many types', atMs: 1 },
    { cause: 'streams', subject: 'a6a6', hint: 'too many streams', atMs: 1 },
  ];
  const stop = new AbortController();
  const seen: object[][] = [];
  const clock = {
    ...systemClock,
    sleep: async () => {
      seen.push([...findings.all()]);
      if (held.length === 0) stop.abort();
      held = [];
    },
  };
  await watchHeldBack({ queue: { heldBack: () => held }, findings, clock }, stop.signal);
  assert.partialDeepStrictEqual(seen[0], [
    { kind: 'too-many-types', subject: 'acme', level: 'red', reason: 'too many types' },
    { kind: 'too-many-streams', subject: 'a6a6', level: 'red', reason: 'too many streams' },
  ]);
  assert.deepEqual(seen[1], []);
});
