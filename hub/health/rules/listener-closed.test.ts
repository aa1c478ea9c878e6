import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { RecordingFindings } from '../../testing/recording-health.ts';
import { healthRules, ownHubId } from '../../testing/rule-facts.ts';
import { ListenerClosed } from './listener-closed.ts';

test('a listener that takes no connection twice in a row is told until it takes one', async () => {
  const findings = new RecordingFindings();
  let isOpen = false;
  const knock = async (): Promise<void> => (isOpen ? undefined : Promise.reject(new Error('nobody answers at 127.0.0.1:7701')));
  const doors = (): { name: string; knock: () => Promise<void> }[] => [{ name: 'agents', knock }];
  const closed = new ListenerClosed({ findings, clock: systemClock, hubId: ownHubId, options: () => healthRules(), doors });
  await closed.look();
  assert.deepEqual(findings.all(), []);
  await closed.look();
  assert.partialDeepStrictEqual(findings.all(), [{ kind: 'listener-closed', subject: `${ownHubId} agents`, level: 'red' }]);
  assert.match(findings.all()[0]?.reason ?? '', /nobody answers at 127/);
  isOpen = true;
  await closed.look();
  assert.deepEqual(findings.all(), []);
});
