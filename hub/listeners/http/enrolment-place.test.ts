import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hubOptions } from '../../options.ts';
import { enrolmentPlace, type EnrolmentPlaceParts } from './enrolment-place.ts';

const fingerprint = 'ab'.repeat(32);
// Only whether there is an authority counts here, and what the certificates end in.
const tls = (authority: object | undefined): EnrolmentPlaceParts['tls'] => ({
  authority,
  material: { current: { anchorFingerprint: fingerprint } },
});

test('a token tells agents where to go, or nobody is given one', () => {
  const place = (change: object, parts: { tls?: EnrolmentPlaceParts['tls']; bound?: string } = {}): unknown => {
    const { bound = '127.0.0.1:7701' } = parts;
    const options = hubOptions.parse({ tls: {}, ...change });
    try {
      return enrolmentPlace({ options, tls: 'tls' in parts ? parts.tls : tls({}), bound: () => bound }).hubs;
    } catch (error) {
      return error instanceof Error ? error.message : error;
    }
  };
  assert.deepEqual(place({ advertise: ['hub.example:7701', '[2001:db8::1]:7701'] }), ['hub.example:7701', '[2001:db8::1]:7701']);
  assert.deepEqual(place({}), ['127.0.0.1:7701']);
  assert.match(String(place({}, { bound: '0.0.0.0:7701' })), /advertise/);
  assert.match(String(place({}, { bound: '[::]:7701' })), /advertise/);
  assert.match(String(place({}, { tls: tls(undefined) })), /signs no certificates/);
  assert.match(String(place({ tls: undefined }, { tls: undefined })), /no TLS/);
  assert.match(String(place({ listeners: { agents: { plaintext: true } } })), /no TLS/);
});
