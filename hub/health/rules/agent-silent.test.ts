import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentA, healthRules, ruleFacts, seenAgent } from '../../testing/rule-facts.ts';
import { AgentSilent } from './agent-silent.ts';

const rules = healthRules();
const allAnswer = (): ReadonlyMap<string, number> => new Map();
const away = seenAgent({ connected: false, lastSeenMs: 1_000_000_000 });

test('an agent that is not connected is red after eight seconds, and not when it comes back within them', () => {
  const rule = new AgentSilent(allAnswer);
  const at = (monotonicMs: number, agent = away): readonly object[] =>
    rule.look(ruleFacts({ monotonicMs, agents: [agent] }), rules);
  assert.deepEqual(at(0, seenAgent()), []);
  assert.deepEqual(at(1), []);
  assert.deepEqual(at(7900), []);
  assert.deepEqual(at(7950, seenAgent()), []);
  assert.deepEqual(at(8000), []);
  assert.deepEqual(at(15_900), []);
  assert.partialDeepStrictEqual(at(16_000), [{ kind: 'agent-silent', subject: agentA, level: 'red' }]);
  assert.deepEqual(at(16_100, seenAgent()), []);
});

test('one that was enrolled and never came has two minutes for its first start', () => {
  const rule = new AgentSilent(allAnswer);
  const enrolled = seenAgent({ connected: false, lastSeenMs: undefined, enrolledMs: 1_000_000_000 });
  const at = (monotonicMs: number): readonly object[] => rule.look(ruleFacts({ monotonicMs, agents: [enrolled] }), rules);
  assert.deepEqual(at(0), []);
  assert.deepEqual(at(119_900), []);
  assert.partialDeepStrictEqual(at(120_000), [{ kind: 'agent-silent', level: 'red' }]);
});

/** It was green for two minutes after each start of the hub: people were told that it is well, and then that it was never here. */
test('one that was never here is missed after a start of the hub as soon as any other', () => {
  const agents = [seenAgent({ connected: false, lastSeenMs: undefined, enrolledMs: 1_000_000_000 - 120_000 })];
  const rule = new AgentSilent(allAnswer);
  const at = (monotonicMs: number): readonly object[] => rule.look(ruleFacts({ monotonicMs, agents }), rules);
  assert.deepEqual(at(0), [], 'it may have tried to come while the hub was away');
  assert.deepEqual(at(19_900), []);
  assert.partialDeepStrictEqual(at(20_000), [{ kind: 'agent-silent', level: 'red' }]);
});

/** About half of them were red for seconds after each start of a hub that had been away for a minute. */
test('after a start of the hub each has the time to try again', () => {
  const rule = new AgentSilent(allAnswer);
  const at = (monotonicMs: number, agent = away): readonly object[] =>
    rule.look(ruleFacts({ monotonicMs, agents: [agent] }), rules);
  assert.deepEqual(at(0), []);
  assert.deepEqual(at(15_000), []);
  assert.deepEqual(at(15_100, seenAgent()), []);
  assert.deepEqual(at(15_200), []);
  assert.partialDeepStrictEqual(at(23_200), [{ level: 'red' }], 'once it was here it is as any other');
  const gone = new AgentSilent(allAnswer);
  for (const monotonicMs of [0, 20_000]) gone.look(ruleFacts({ monotonicMs, agents: [away] }), rules);
  assert.equal(gone.look(ruleFacts({ monotonicMs: 20_001, agents: [away] }), rules).length, 1);
});

test('one without a certificate cannot be revoked', () => {
  const rule = new AgentSilent(allAnswer);
  const agents = [{ ...away, enrolledMs: undefined }];
  rule.look(ruleFacts({ agents }), rules);
  const [found] = rule.look(ruleFacts({ agents, monotonicMs: 120_000 }), rules);
  assert.match(found?.reason ?? '', /; without a certificate it is expected for a day$/);
});

test('one that said that it stops has that in its reason', () => {
  const rule = new AgentSilent(allAnswer);
  const agents = [{ ...away, farewell: 'it was stopped: SIGTERM' }];
  rule.look(ruleFacts({ agents }), rules);
  const [found] = rule.look(ruleFacts({ agents, monotonicMs: 29_000 }), rules);
  assert.match(
    found?.reason ?? '',
    /is not connected since 1970-01-12T13:46:40Z \(it was stopped: SIGTERM\): start tributary-agent on it again; revoke it if/,
  );
});

test('one that was not here for a month, and all where the rule is off, colour nothing', () => {
  const rule = new AgentSilent(allAnswer);
  const agents = [{ ...away, lastSeenMs: 1_000_000_000 - 31 * 86_400_000 }];
  for (const monotonicMs of [0, 60_000]) assert.deepEqual(rule.look(ruleFacts({ agents, monotonicMs }), rules), []);
  const off = healthRules({ agent_silent: { enabled: false } });
  for (const monotonicMs of [0, 60_000]) assert.deepEqual(rule.look(ruleFacts({ agents: [away], monotonicMs }), off), []);
});

test('one whose connection stands and who does not answer is red after as long, and stays so when the connection ends', () => {
  const silentMs = new Map<string, number>();
  const rule = new AgentSilent(() => silentMs);
  const at = (ms: number, agent = seenAgent()): readonly { readonly reason: string }[] =>
    rule.look(ruleFacts({ monotonicMs: ms, nowMs: 1_000_000_000 + ms, agents: [agent] }), rules);
  assert.deepEqual(at(0), []);
  silentMs.set(agentA, 4000);
  assert.deepEqual(at(4000), []);
  assert.deepEqual(at(7900), []);
  silentMs.set(agentA, 8900);
  assert.partialDeepStrictEqual(at(8000), [{ kind: 'agent-silent', subject: agentA, level: 'red' }]);
  assert.match(at(8000)[0]?.reason ?? '', /does not answer since 1970-01-12T13:46:40Z, although its connection stands/);
  silentMs.clear();
  assert.match(at(9000, away)[0]?.reason ?? '', /is not connected since/);
  assert.deepEqual(at(10_000), []);
});
