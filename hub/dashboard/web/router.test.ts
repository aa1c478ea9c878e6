import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchPath } from './router.ts';

test('a path fits its pattern part by part, and gives the parts with names', () => {
  assert.deepEqual(matchPath('/', '/'), {});
  assert.deepEqual(matchPath('/agents', '/agents/'), {});
  assert.deepEqual(matchPath('/agents/:id', '/agents/0a1b'), { id: '0a1b' });
  assert.deepEqual(matchPath('/channels/:tenant/:type', '/channels/shop/web%20log'), { tenant: 'shop', type: 'web log' });
  assert.deepEqual(matchPath('/agents/:id', '/agents/%zz'), { id: '%zz' }, 'what is no encoding stays as it is');
  for (const [pattern, path] of [
    ['/agents', '/'],
    ['/', '/agents'],
    ['/agents/:id', '/agents'],
    ['/agents/:id', '/agents/a/b'],
    ['/agents', '/agent'],
  ] as const)
    assert.equal(matchPath(pattern, path), undefined, `${pattern} ${path}`);
});
