import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hubOptions } from '../options.ts';
import { ownAddress } from './own-address.ts';

function told(config: Record<string, unknown>, bound: string, tls = true): string {
  return ownAddress(hubOptions.parse(config), { bound, tls });
}

test('agents are told the address of this hub: its own option, then the first that is advertised, then where it listens', () => {
  assert.equal(told({ cluster: { address: 'hub-2:7701' }, advertise: ['hubs:7701'] }, '10.0.0.2:7701'), 'wss://hub-2:7701');
  assert.equal(told({ advertise: ['hub-1:7701', 'hub-2:7701'] }, '10.0.0.2:7701'), 'wss://hub-1:7701');
  assert.equal(told({}, '10.0.0.2:7701', false), 'ws://10.0.0.2:7701');
  assert.equal(told({}, '[2001:db8::2]:7701'), 'wss://[2001:db8::2]:7701');
  assert.equal(told({}, '0.0.0.0:7701'), '');
  assert.equal(told({}, '[::]:7701'), '');
});
