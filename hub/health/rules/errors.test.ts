import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthRules, ownHubId, ruleFacts } from '../../testing/rule-facts.ts';
import { Errors } from './errors.ts';

const rules = healthRules({ errors: { count: 5, within: '10s' } });

test('five within ten seconds are a finding until nothing came for a quarter of that', () => {
  const rule = new Errors();
  const at = (monotonicMs: number, refused: number): string[] => {
    const listeners = [{ name: 'http', counters: { records: 0, bytes: 0 }, refused }];
    return rule.look(ruleFacts({ monotonicMs, listeners }), rules).map(({ kind, subject }) => `${kind} ${subject}`);
  };
  const found = [`listener-errors ${ownHubId} http`];
  // What was refused before the first look is nobody's news.
  assert.deepEqual(at(0, 1000), []);
  assert.deepEqual(at(2000, 1004), []);
  assert.deepEqual(at(4000, 1005), found);
  assert.deepEqual(at(6000, 1005), found);
  assert.deepEqual(at(8000, 1005), []);
  assert.deepEqual(at(22_000, 1009), []);
});

test('whom the hub turns away is refused by the listener of the agents; the most frequent reason is named', () => {
  const rule = new Errors();
  const listeners = [{ name: 'agents', counters: { records: 0, bytes: 0 }, refused: 0 }];
  rule.look(ruleFacts({ listeners, turnedAway: { revoked: 1 } }), rules);
  const [found] = rule.look(ruleFacts({ monotonicMs: 2000, listeners, turnedAway: { revoked: 2, unauthorized: 8 } }), rules);
  assert.match(found?.reason ?? '', /most of all for: unauthorized/);
});

test('who is turned away elsewhere is no trouble of the listener of the agents', () => {
  const rule = new Errors();
  const listeners = [{ name: 'agents', counters: { records: 0, bytes: 0 }, refused: 0 }];
  const at = (monotonicMs: number, times: number): readonly object[] => {
    const turnedAway = { 'http-handshake': times, 'http-tooMany': times, 'api-token': times, 'token-on-plain-port': times };
    return rule.look(ruleFacts({ monotonicMs, listeners, turnedAway }), rules);
  };
  at(0, 0);
  assert.deepEqual(at(2000, 1000), []);
});

test('an output that sends again and again is one, too, and not for what it tells itself', () => {
  const rule = new Errors();
  const output = { name: 'es', kind: 'elasticsearch', group: 'es:es', state: 'running' } as const;
  const at = (monotonicMs: number, again: number, trouble = ''): readonly object[] =>
    rule.look(ruleFacts({ monotonicMs, outputs: [{ ...output, trouble, counts: { again, documents: again * 7 } }] }), rules);
  assert.deepEqual(at(0, 0), []);
  assert.partialDeepStrictEqual(at(2000, 5), [{ kind: 'output-errors', subject: 'es', level: 'yellow' }]);
  assert.deepEqual(at(4000, 50, 'it is busy'), []);
  assert.deepEqual(at(6000, 51), [], 'what came before is over with its trouble');
  assert.partialDeepStrictEqual(at(8000, 56), [{ kind: 'output-errors', level: 'yellow' }]);
});
