import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentOptions } from '../options.ts';
import { ownedBy } from './ownership.ts';

const config = agentOptions.parse({
  hubs: ['wss://hub.example.com:7701'],
  tenant: 'mine',
  labels: { room: 'two' },
  inputs: [
    { kind: 'file', type: 'app', paths: ['/var/log/a'], tenant: 'acme', by_path: [{ paths: ['/var/log/b'], tenant: 'other' }] },
    { kind: 'metrics', tenant: 'elsewhere' },
  ],
});

test('the tenant of the certificate is that of every input, and options that say something else are named', () => {
  const { config: owned, overruled } = ownedBy({ tenant: 'acme', labels: { room: 'one', rack: '7' } }, config);
  assert.deepEqual(overruled, ['tenant', 'inputs[0].by_path[0].tenant', 'inputs[1].tenant']);
  assert.deepEqual([owned.tenant, owned.labels], ['acme', { room: 'two', rack: '7' }]);
  const [file] = owned.inputs;
  assert.deepEqual([file?.tenant, file?.kind === 'file' ? file.by_path[0]?.tenant : ''], [undefined, undefined]);
  assert.equal(owned.inputs[1]?.tenant, undefined);
});

test('without a certificate the configuration is as it is, and a tenant that nobody chose is no contradiction', () => {
  assert.deepEqual(ownedBy(undefined, config), { config, overruled: [] });
  const silent = agentOptions.parse({ hubs: ['wss://hub.example.com:7701'] });
  assert.deepEqual(ownedBy({ tenant: 'acme', labels: {} }, silent).overruled, []);
});
