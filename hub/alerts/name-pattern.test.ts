import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitsNames } from './name-pattern.ts';

test('a star stands for anything, also for nothing', () => {
  const fitting = [
    ['*', ''],
    ['*', 'site'],
    ['agent/*', 'agent/1/input/app'],
    ['*/web', 'channel/shop/web'],
    ['a*b*c', 'a--b--b--c'],
    ['a**c', 'ac'],
    ['site', 'site'],
  ] as const;
  for (const [pattern, name] of fitting) assert.ok(fitsNames(pattern, name), `${pattern} ${name}`);
  const others = [
    ['agent/*', 'agents'],
    ['site', 'sites'],
    ['a*a', 'a'],
    ['a*b*b', 'a-b'],
    ['', 'site'],
  ] as const;
  for (const [pattern, name] of others) assert.ok(!fitsNames(pattern, name), `${pattern} ${name}`);
});
