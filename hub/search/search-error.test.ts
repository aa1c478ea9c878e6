import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { brokenOffText } from './search-error.ts';

test('a search that took too long does not say that the hub is stopping', async () => {
  const late = AbortSignal.any([AbortSignal.timeout(1), new AbortController().signal]);
  if (!late.aborted) await once(late, 'abort');
  assert.match(brokenOffText(late), /took too long/);
  assert.match(brokenOffText(AbortSignal.abort()), /the hub is stopping/);
});
