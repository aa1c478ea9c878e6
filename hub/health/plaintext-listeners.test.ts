import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hubOptions } from '../options.ts';
import { plaintextListeners } from './plaintext-listeners.ts';

const plain = { tenant: 'acme', plaintext: true, allow_cidr: ['10.0.0.0/8'] };

function subjectsOf(listeners: object, others: object = {}): string[] {
  return plaintextListeners(hubOptions.parse({ listeners, ...others })).map(({ subject }) => subject);
}

test('a listener that other machines reach without TLS stands in the findings', () => {
  assert.deepEqual(subjectsOf({ agents: { address: '0.0.0.0:7701', ...plain } }), ['listeners.agents 0.0.0.0:7701']);
  assert.deepEqual(subjectsOf({ agents: { address: '[::]:7701', ...plain } }, { tls: {} }), ['listeners.agents [::]:7701']);
  assert.deepEqual(subjectsOf({ push: [{ tenant: 'a' }, { address: '10.1.2.3:80', ...plain }] }), [
    'listeners.push[1] 10.1.2.3:80',
  ]);
});

test('one with TLS does not, nor one that only this machine reaches', () => {
  assert.deepEqual(subjectsOf({}), []);
  assert.deepEqual(subjectsOf({ agents: { address: '0.0.0.0:7701' } }, { tls: {} }), []);
  assert.deepEqual(subjectsOf({ push: [{ address: '[::1]:7702', tenant: 'a' }] }), []);
});
