import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLoopback } from './loopback-address.ts';

test('metrics are served on this machine only', () => {
  assert.deepEqual(parseLoopback('127.0.0.1:9701'), { host: '127.0.0.1', port: 9701 });
  assert.deepEqual(parseLoopback('[::1]:0'), { host: '::1', port: 0 });
  assert.deepEqual(parseLoopback('localhost:9701'), { host: 'localhost', port: 9701 });
  for (const text of ['0.0.0.0:9701', '192.0.2.1:9701', '127.0.0.1', ':9701', '[::]:9701', '127.0.0.256:1', '127.0.0.1:70000']) {
    assert.equal(parseLoopback(text), undefined, text);
  }
});
