import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Credits } from './credits.ts';

test('all are told when a credit is not what each was told last', () => {
  const granted = new Map([['acme/app', 100]]);
  const credits = new Credits({ creditOf: (channel) => granted.get(channel) ?? 0 });
  assert.deepEqual([...credits.changed()], []);
  assert.equal(credits.of('acme/app'), 100);
  assert.deepEqual([...credits.changed()], []);
  granted.set('acme/app', 50);
  assert.deepEqual([...credits.changed()], [['acme/app', 50]]);
  assert.deepEqual([...credits.changed()], []);
  // One connection hears of a credit that is gone again at the next look.
  granted.set('acme/app', 20);
  assert.equal(credits.of('acme/app'), 20);
  granted.set('acme/app', 50);
  assert.deepEqual([...credits.changed()], [['acme/app', 50]]);
  assert.deepEqual([...credits.changed()], []);
});
