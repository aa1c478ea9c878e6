import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentState } from '../../measurements/agents/agent-states.ts';
import { agentA, healthRules, ruleFacts, seenAgent } from '../../testing/rule-facts.ts';
import { AgentMute } from './agent-mute.ts';

const nowMs = 1_000_000_000;

function found(heardMs: number, { hereSinceMs = 0, period = 30_000, isMeasured = true } = {}): number {
  const state = { agentId: agentA, heardMs, ...(isMeasured ? { measured: { period_ms: period } } : {}) };
  // Only these of all that it told are looked at.
  const told = (): AgentState => Object.assign(Object.create(null), state);
  return new AgentMute(told).look(ruleFacts({ nowMs, agents: [seenAgent({ hereSinceMs })] }), healthRules()).length;
}

test('an agent that is here and tells nothing is missed after five minutes, or three times as long as it tells', () => {
  assert.equal(found(nowMs - 299_000), 0);
  assert.equal(found(nowMs - 300_000), 1);
  assert.equal(found(nowMs - 300_000, { period: 200_000 }), 0);
  assert.equal(found(nowMs - 600_000, { period: 200_000 }), 1);
});

test('one that tells nothing of itself, or has not since it came, is not', () => {
  assert.equal(found(nowMs - 900_000, { isMeasured: false }), 0);
  assert.equal(found(nowMs - 900_000, { hereSinceMs: nowMs - 60_000 }), 0);
});
