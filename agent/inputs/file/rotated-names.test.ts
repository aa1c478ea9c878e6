import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayFollow, namesBefore } from './rotated-names.ts';

test('names that rotations give lead back to the name before', () => {
  for (const name of [
    'app.log.1',
    'app.log.12.gz',
    'app.log-20261121',
    'app.log-20261121.zst',
    'app.log-20261121T181500Z.gz',
    'app.log.2026-11-21',
    'app.log.old',
    'app.log~',
    'app-2026-11-21.log',
    'app.1.log',
    'app-20261121.log.gz',
    'app.log.gz',
    'app.log.2026-11-21.3.gz',
  ]) {
    assert(mayFollow('app.log', name), name);
  }
  assert(mayFollow('app.log.1', 'app.log.2.gz'));
  assert(mayFollow('app.log.1', 'app.log.1.gz'));
});

test('names of other logs do not', () => {
  for (const [earlier, later] of [
    ['app.log', 'app.log'],
    ['app.log', 'other.log'],
    ['app.log', 'app.log.txt'],
    ['host-10.log', 'host-11.txt'],
    ['a.log', 'b.log.1'],
    ['app.log.1', 'app.log'],
  ] as const) {
    assert(!mayFollow(earlier, later), `${earlier} ${later}`);
  }
  assert.deepEqual(namesBefore('app.log'), []);
  assert.deepEqual(namesBefore('access_log'), []);
});
