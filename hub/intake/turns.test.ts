import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from './turns.ts';

test('where nothing waits, what comes is handed on at once', () => {
  const turns = new Turns();
  const handed: string[] = [];
  void turns.take('shop/app', undefined, () => {
    handed.push('at once');
    return Promise.resolve();
  });
  assert.deepEqual(handed, ['at once']);
});

test('a channel keeps its order, and no other channel waits', async () => {
  const turns = new Turns();
  const handed: string[] = [];
  const slow = Promise.withResolvers<string>();
  const hand = (name: string) => (ready: string | undefined) => {
    handed.push(`${name} ${ready ?? ''}`.trim());
    return Promise.resolve(name);
  };
  const first = turns.take('shop/app', slow.promise, hand('a'));
  const second = turns.take('shop/app', Promise.resolve('fast'), hand('b'));
  const third = turns.take<string, string>('shop/app', undefined, hand('gap'));
  await turns.take<string, string>('shop/web', undefined, hand('other'));
  assert.deepEqual(handed, ['other']);
  slow.resolve('slow');
  assert.deepEqual(await Promise.all([first, second, third]), ['a', 'b', 'gap']);
  assert.deepEqual(handed, ['other', 'a slow', 'b fast', 'gap']);
  void turns.take<string, string>('shop/app', undefined, hand('later'));
  assert.equal(handed.at(-1), 'later', 'nobody waits any more');
});

test('those behind one that cannot be made ready go on, and not before those before it', async () => {
  const turns = new Turns();
  const handed: string[] = [];
  const slow = Promise.withResolvers<void>();
  const hand = (name: string) => (): Promise<void> => {
    handed.push(name);
    return Promise.resolve();
  };
  const first = turns.take('c', slow.promise, hand('a'));
  const broken = turns.take('c', Promise.reject(new Error('no body')), hand('b'));
  const third = turns.take('c', undefined, hand('c'));
  const refused = assert.rejects(broken, /no body/);
  slow.resolve();
  await Promise.all([first, refused, third]);
  assert.deepEqual(handed, ['a', 'c']);
});
