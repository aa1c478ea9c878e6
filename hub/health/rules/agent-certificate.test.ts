import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hubOptions } from '../../options.ts';
import { healthRules, ruleFacts, seenAgent } from '../../testing/rule-facts.ts';
import { AgentCertificate } from './agent-certificate.ts';

const dayMs = 86_400_000;
const nowMs = 1_000_000_000;

function levels(leftMs: number, lifetime = '90d'): string[] {
  const options = hubOptions.parse({ tls: { agent_lifetime: lifetime } });
  const agents = [seenAgent({ notAfterMs: nowMs + leftMs })];
  return new AgentCertificate().look(ruleFacts({ agents, options }), healthRules()).map(({ level }) => level);
}

test('a certificate that ought to have been renewed is yellow a week before its end, and red on its last day and after it', () => {
  assert.deepEqual(levels(7.1 * dayMs), []);
  assert.deepEqual(levels(6.9 * dayMs), ['yellow']);
  assert.deepEqual(levels(0.9 * dayMs), ['red']);
  assert.deepEqual(levels(-dayMs), ['red']);
});

test('of one that is made for an hour it is the last sixth', () => {
  assert.deepEqual(levels(11 * 60_000, '1h'), []);
  assert.deepEqual(levels(9 * 60_000, '1h'), ['yellow']);
  assert.deepEqual(levels(4 * 60_000, '1h'), ['red']);
});

test('who has none has none that ends', () => {
  assert.deepEqual(new AgentCertificate().look(ruleFacts({ agents: [seenAgent()] }), healthRules()), []);
});
