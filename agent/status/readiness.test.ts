import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InputStatus } from '../input-set.ts';
import { readinessOf } from './readiness.ts';

const file: InputStatus = {
  name: 'file-1',
  kind: 'file',
  type: 'app',
  overflow: 'block',
  listen: [],
  listening: [],
  trouble: 'a file input in trouble keeps no sender from being heard',
  failing: 0,
};
const address = 'tcp://0.0.0.0:6514';
const syslog: InputStatus = {
  ...file,
  name: 'syslog-2',
  kind: 'syslog',
  listen: [address],
  listening: [address],
  trouble: '',
};
const open = { state: 'open' } as const;
const full = { state: 'full' } as const;

test('an agent that runs, listens and has room is ready', () => {
  const ready = { ready: true, reasons: [] };
  assert.deepEqual(readinessOf({ state: 'running', buffer: open, inputs: [file, syslog] }), ready);
  assert.deepEqual(readinessOf({ state: 'running', buffer: open, inputs: [] }), ready);
});

test('one that stops is not', () => {
  assert.equal(readinessOf({ state: 'stopping', buffer: open, inputs: [syslog] }).ready, false);
});

test('one that does not know its streams is ready only for senders', () => {
  const state = 'waiting-for-site';
  assert.equal(readinessOf({ state, buffer: open, inputs: [syslog] }).ready, true);
  assert.equal(readinessOf({ state, buffer: open, inputs: [file] }).ready, false);
  assert.equal(readinessOf({ state, buffer: open, inputs: [] }).ready, false);
});

test('one that does not listen at every address is not, and says why', () => {
  const broken = { ...syslog, listen: [address, 'udp://0.0.0.0:514'], trouble: 'bind EACCES 0.0.0.0:514' };
  assert.deepEqual(readinessOf({ state: 'running', buffer: open, inputs: [broken] }), {
    ready: false,
    reasons: ['syslog-2 listens at 1 of 2 addresses: bind EACCES 0.0.0.0:514'],
  });
});

test('one whose buffer is full is ready only if each listener drops instead', () => {
  const drops = { ...syslog, overflow: 'drop_oldest' as const };
  assert.equal(readinessOf({ state: 'running', buffer: full, inputs: [syslog] }).ready, false);
  assert.equal(readinessOf({ state: 'running', buffer: full, inputs: [syslog, drops] }).ready, false);
  assert.equal(readinessOf({ state: 'running', buffer: full, inputs: [file, drops] }).ready, true);
  assert.equal(readinessOf({ state: 'running', buffer: full, inputs: [file] }).ready, false);
  assert.match(readinessOf({ state: 'running', buffer: { state: 'no-space' }, inputs: [syslog] }).reasons[0] ?? '', /disk/);
});
