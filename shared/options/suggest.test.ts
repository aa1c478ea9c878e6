import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suggest } from './suggest.ts';

const words = ['paths', 'idle_flush', 'labels', 'start_at', 'kind'];

const cases: readonly (readonly [string, string | undefined])[] = [
  ['path', 'paths'],
  ['PATHS', 'paths'],
  ['pahts', 'paths'],
  ['idleFlush', 'idle_flush'],
  ['idle-flush', 'idle_flush'],
  ['lable', 'labels'],
  ['startat', 'start_at'],
  ['knid', 'kind'],
  ['colour', undefined],
  ['x', undefined],
  ['', undefined],
  ['p'.repeat(10_000), undefined],
];

for (const [found, meant] of cases) {
  test(`"${found.slice(0, 20)}" means ${meant ?? 'nothing known'}`, () => assert.equal(suggest(found, words), meant));
}
