import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { findingKinds, nodesOf } from './places.ts';

const hubId = 'ab'.repeat(16);
const agentId = 'a1'.repeat(16);
const nodes = new Set([
  'site',
  'store',
  'agents',
  `hub/${hubId}`,
  `hub/${hubId}/listener/agents`,
  `hub/${hubId}/listener/push 10.1.2.3:80`,
  `hub/${hubId}/listener/beats app`,
  'channel/shop/web',
  'channel/shop/app',
  'topic/front/shop/web',
  'output/es',
  `agent/${agentId}`,
  `agent/${agentId}/input/file: app`,
]);

function place(kind: Parameters<typeof nodesOf>[0], subject: string): string[] {
  return nodesOf(kind, { subject, hubId, channels: ['shop/web', 'shop/app'] }, (node) => nodes.has(node));
}

test('a finding is at the node that its subject names', () => {
  assert.deepEqual(place('plaintext-listener', 'listeners.push[1] 10.1.2.3:80'), [`hub/${hubId}/listener/push 10.1.2.3:80`]);
  assert.deepEqual(place('plaintext-listener', 'listeners.agents 0.0.0.0:7701'), [`hub/${hubId}/listener/agents`]);
  assert.deepEqual(place('beats-redis-away', 'app of redis:6379/1'), [`hub/${hubId}/listener/beats app`]);
  assert.deepEqual(place('retention-exceeded', 'front/shop/web pipeline'), ['topic/front/shop/web']);
  assert.deepEqual(place('dead-letters-full', 'dead/shop/web 0'), ['channel/shop/web']);
  assert.deepEqual(place('quota-exceeded', 'shop/web drop 1000'), ['channel/shop/web']);
  assert.deepEqual(place('quota-exceeded', 'shop/* drop 1000'), ['channel/shop/web', 'channel/shop/app']);
  assert.deepEqual(place('pipeline-refused', 'web'), ['channel/shop/web']);
  assert.deepEqual(place('agent-cloned', `${agentId} web1`), [`agent/${agentId}`]);
  assert.deepEqual(place('agent-input', `${agentId} file: app`), [`agent/${agentId}/input/file: app`]);
  assert.deepEqual(place('source-silent', `${agentId} file: app: shop/web /a: b`), [`agent/${agentId}/input/file: app`]);
  assert.deepEqual(place('version-skew', `agent ${agentId}`), [`agent/${agentId}`]);
  assert.deepEqual(place('version-skew', `hub ${hubId}`), [`hub/${hubId}`]);
});

test('what names a node that is not there is above it, and at the site at last', () => {
  assert.deepEqual(place('agent-input', `${agentId} other`), [`agent/${agentId}`]);
  assert.deepEqual(place('agent-input', `${'00'.repeat(16)} other`), ['agents']);
  assert.deepEqual(place('elasticsearch-away', 'gone'), ['site']);
  assert.deepEqual(place('channel-paused', 'front/bank/web pipeline'), ['site']);
  assert.deepEqual(place('too-many-types', 'bank'), ['site']);
});

test('a hub of another version that has stopped colours nothing', () => {
  assert.deepEqual(place('version-skew', `hub ${'00'.repeat(16)}`), []);
});

test('the page of findings tells of every kind, and of none besides', () => {
  const page = readFileSync(new URL('../../../docs/operating/findings.md', import.meta.url), 'utf8');
  const told = new Set([...page.matchAll(/^\| `([a-z-]+)` +\| (?:yellow|red)/gm)].map(([, kind]) => kind));
  assert.deepEqual(told, new Set(findingKinds));
});
