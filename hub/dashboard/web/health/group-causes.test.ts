import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HealthCause, HealthNode } from '../../api/health-shapes.ts';
import { groupCauses } from './group-causes.ts';

function node(id: string, causes: readonly Partial<HealthCause>[]): HealthNode {
  const [kind = 'agent'] = id.split('/');
  return {
    id,
    kind: kind === 'output' ? 'output' : 'agent',
    name: id,
    state: causes.length === 0 ? 'green' : 'red',
    own: causes.length === 0 ? 'green' : 'red',
    reason: '',
    sinceMs: 0,
    causes: causes.map((cause) => ({ kind: 'agent-silent', level: 'red', reason: '', sinceMs: 0, ...cause })),
  };
}

test('many with the same trouble are one group, those that have it longest first', () => {
  const groups = groupCauses([node('agent/1', [{ sinceMs: 50 }]), node('agent/2', [{ sinceMs: 20 }]), node('agent/3', [])]);
  assert.deepEqual(
    groups.map(({ kind, sinceMs, things }) => [kind, sinceMs, ...things.map(({ node: { id } }) => id)]),
    [['agent-silent', 20, 'agent/2', 'agent/1']],
  );
});

test('the worst comes first, the newest of what is as bad, and what somebody takes care of last', () => {
  const groups = groupCauses([
    node('agent/1', [
      { level: 'yellow', kind: 'agent-lag' },
      { level: 'unknown', kind: 'agent-away' },
    ]),
    node('agent/2', [{ kind: 'agent-silent', sinceMs: 10 }]),
    node('output/1', [{ kind: 'output-waits', sinceMs: 90 }]),
    node('output/2', [{ kind: 'disk-full', acknowledged: { by: 'anna', note: '' } }]),
    node('output/3', [{ kind: 'elasticsearch-away', sinceMs: 5, silenced: { untilMs: 100 } }]),
  ]);
  assert.deepEqual(
    groups.map(({ kind }) => kind),
    ['output-waits', 'agent-silent', 'agent-lag', 'agent-away', 'elasticsearch-away', 'disk-full'],
  );
});

test('what is only below a node is told there, not twice', () => {
  const site = { ...node('site', [{ kind: 'agent-silent' }]), own: 'green' as const };
  assert.deepEqual(groupCauses([site]), []);
});
