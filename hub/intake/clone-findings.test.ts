import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import type { Finding } from '../health/findings.ts';
import { DoorFixture, enrolled, randomId } from '../listeners/agents/door-fixture.ts';
import { eventually } from '../testing/eventually.ts';
import { cloneFindings, watchClones } from './clone-findings.ts';

test(
  'a copy is told while it comes, and two that cannot be told apart until a person has settled it',
  { timeout: 120_000 },
  async () => {
    await using door = await DoorFixture.open();
    const { registry } = door;
    let told: readonly Finding[] = [];
    const stop = new AbortController();
    const findings = { set: (_: string, found: readonly Finding[]): void => void (told = found) };
    const watching = watchClones({ registry, findings, clock: systemClock }, stop.signal);
    const { agentId, instanceId, bootId, cert } = await enrolled(door);
    const [fingerprint = ''] = registry.agent(agentId)?.fingerprints ?? [];
    assert.notEqual(cert, '');
    const hello = { agentId, instanceId, bootId, startCounter: 3, fingerprint };
    await registry.greeted(hello, '192.0.2.1:5');
    await registry.greeted({ ...hello, instanceId: randomId(), bootId: randomId() }, '192.0.2.66:7');
    const copy = await eventually('the copy is told', () => told[0]);
    assert.partialDeepStrictEqual(copy, { kind: 'agent-cloned', level: 'yellow', subject: `${agentId} web1` });
    assert.match(copy.reason, /192\.0\.2\.66.*--renew/);
    assert.deepEqual(cloneFindings(registry.agents(), Date.now() + 2 * 3_600_000), [], 'it did not come for long');
    await registry.greeted({ ...hello, bootId: randomId() }, '192.0.2.2:5');
    const clones = await eventually('the clones are told', () => told.find(({ level }) => level === 'red'));
    assert.match(clones.reason, /both are refused.*--renew/);
    stop.abort();
    await watching;
  },
);
