import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Current } from './current.ts';

test('the value is there once it was given, and its changes are told', async () => {
  const current = new Current<number>();
  const first = current.value();
  let told = 0;
  const unlisten = current.onChanged(() => (told += 1));
  current.use(1);
  assert.equal(await first, 1);
  current.use(2);
  assert.equal(await current.value(), 2);
  unlisten();
  current.use(3);
  assert.equal(told, 2);
});
