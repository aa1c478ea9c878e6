import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeOfEvent } from './beats-event.ts';

function placeOf(event: unknown): string {
  const text = typeof event === 'string' ? event : JSON.stringify(event);
  const { type, host } = placeOfEvent(Buffer.from(text), 'beats');
  return `${type} ${host}`;
}

test('metrics, audit events and monitors are platform events, by @metadata or by the agent', () => {
  assert.equal(
    placeOf({ '@metadata': { beat: 'metricbeat' }, host: { name: 'web1' }, event: { module: 'system' } }),
    'platform web1',
  );
  assert.equal(placeOf({ agent: { type: 'auditbeat', hostname: 'web2' }, fields: { type: 'app' } }), 'platform web2');
  assert.equal(placeOf({ '@metadata': { beat: 'heartbeat' } }), 'platform ');
  assert.equal(placeOf({ metricset: { name: 'cpu', module: 'system' }, beat: { hostname: 'web3' } }), 'platform web3');
});

test('logs have the type that they name, else that of the configuration', () => {
  const filebeat = { '@metadata': { beat: 'filebeat' }, host: 'web1' };
  assert.equal(placeOf({ ...filebeat, fields: { type: 'Shop-Access' }, event: { module: 'nginx' } }), 'shop_access web1');
  assert.equal(placeOf({ ...filebeat, event: { module: 'nginx' } }), 'nginx web1');
  assert.equal(placeOf({ ...filebeat, 'fields.type': 'dotted' }), 'dotted web1');
  for (const type of ['', '--', 7, 'platform', {}]) assert.equal(placeOf({ ...filebeat, fields: { type } }), 'beats web1');
  assert.equal(placeOf({ ...filebeat, fields: { type: 'x'.repeat(60) } }), `${'x'.repeat(50)} web1`);
});

test('what is no event goes where the rest goes, without a name that no machine has', () => {
  for (const event of ['no json', '[]', '', '7', 'null']) assert.equal(placeOf(event), 'beats ');
  assert.equal(placeOf({ host: { name: 'a b\u001b' }, agent: { hostname: 'web4' } }), 'beats web4');
  assert.equal(placeOf('{"__proto__":{"host":"x"}}'), 'beats ');
});
