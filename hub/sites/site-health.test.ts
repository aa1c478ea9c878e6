import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { HealthModel } from '../health/model/health-model.ts';
import { nodesToldMax } from './limits.ts';
import { siteHealth } from './site-health.ts';
import { parseSnapshot } from './site-snapshot.ts';

const agents = Array.from({ length: 1000 }, (_, number) => ({
  agentId: number.toString(16).padStart(32, '0'),
  host: `web${number}`,
  tenants: ['shop'],
}));
const siteId = '5e'.repeat(16);
const nothing = { hubs: [], listeners: [], outputs: [], inputsOf: () => [], sites: [], unknown: [] };

function model(silent: number): HealthModel {
  const made = new HealthModel({ clock: new ManualClock(), hubId: 'ab'.repeat(16) });
  made.refresh({
    site: { name: 'main', siteId },
    queue: { channels: [], topics: [], groups: [] },
    ...nothing,
    agents,
    findings: agents.slice(0, silent).map(({ agentId }, number) => {
      const level = number === silent - 1 ? 'red' : 'yellow';
      return { kind: 'agent-silent', subject: agentId, level, reason: 'r'.repeat(5000), sinceMs: 1, hubId: 'x' } as const;
    }),
  });
  return made;
}

test('what is not green is told with what is above it, and everything is counted', () => {
  const told = siteHealth(model(1));
  assert.deepEqual(
    told.nodes.map(({ id, causes }) => [id, causes.length]),
    [
      ['site', 0],
      ['agents', 0],
      [`agent/${agents[0]?.agentId}`, 1],
    ],
  );
  assert.deepEqual(told.counts.agent, { green: 999, yellow: 0, red: 1, unknown: 0 });
  assert.equal(told.changes.length, 3);
  assert.deepEqual(siteHealth(model(0)).nodes, []);
});

test('of very much the worst is told, and a site above can read it', () => {
  const health = siteHealth(model(1000));
  assert.equal(health.nodes.length, nodesToldMax);
  assert.ok(health.nodes.some(({ id }) => id === `agent/${agents[999]?.agentId}`));
  const snapshot = {
    site: 'main',
    siteId,
    hubs: [],
    agents: { known: 0, connected: 0, list: [] },
    groups: [],
    findings: [],
    sites: [],
  };
  assert.deepEqual(parseSnapshot(Buffer.from(JSON.stringify({ ...snapshot, health })))?.health, health);
});
