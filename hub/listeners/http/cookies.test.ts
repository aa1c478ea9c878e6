import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clearCookie, cookieName, cookieOf, setCookie } from './cookies.ts';

test('a cookie is for this host alone, for no script, and sent by no other site', () => {
  const name = cookieName('tributary', true);
  assert.equal(
    setCookie(name, 'abc', { isSecure: true, sameSite: 'Strict', maxAgeMs: 5999 }),
    '__Host-tributary=abc; Max-Age=5; Path=/; HttpOnly; SameSite=Strict; Secure',
  );
  assert.equal(
    clearCookie(cookieName('tributary', false), { isSecure: false, sameSite: 'Strict' }),
    'tributary=gone; Max-Age=0; Path=/; HttpOnly; SameSite=Strict',
  );
  assert.throws(() => setCookie(name, 'a; Domain=example', { isSecure: true, sameSite: 'Strict', maxAgeMs: 1 }));
});

test('only what is surely ours is read', () => {
  assert.equal(cookieOf('a=1; tributary=abc; b=2', 'tributary'), 'abc');
  assert.equal(cookieOf('tributary=abc', 'tributary'), 'abc');
  const none = [
    undefined,
    '',
    'tributary',
    'tributary=',
    'xtributary=abc',
    'Tributary=abc',
    'tributary=a b',
    'tributary="abc"',
    'tributary=abc; tributary=def',
    `x=${'y'.repeat(40_000)}; tributary=abc`,
  ];
  for (const header of none) assert.equal(cookieOf(header, 'tributary'), undefined, String(header).slice(0, 40));
});
