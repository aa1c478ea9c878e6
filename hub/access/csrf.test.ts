import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csrfTokenOf, isCrossSite, isCsrfToken, type OwnOrigin, type RequestOrigin } from './csrf.ts';

test('the token fits its own session and no other', () => {
  const token = csrfTokenOf('one');
  assert.equal(isCsrfToken('one', token), true);
  assert.equal(isCsrfToken('two', token), false);
  for (const wrong of [undefined, '', 'x', token.slice(1), `${token}x`, [token, token], token.toUpperCase()]) {
    assert.equal(isCsrfToken('one', wrong), false, String(wrong));
  }
});

test('what a browser says of another site is believed, and what says nothing is no browser', () => {
  const plain: OwnOrigin = { hosts: [], isSecure: false };
  const secure: OwnOrigin = { hosts: ['logs.example'], isSecure: true };
  const cases: [Partial<RequestOrigin>, OwnOrigin, boolean][] = [
    [{}, plain, false],
    [{ fetchSite: 'same-origin' }, plain, false],
    [{ fetchSite: 'none' }, plain, false],
    [{ fetchSite: 'same-site' }, plain, true],
    [{ fetchSite: 'cross-site' }, plain, true],
    [{ fetchSite: ['same-origin', 'cross-site'] }, plain, true],
    [{ origin: 'http://hub.example:7700' }, plain, false],
    [{ origin: 'http://hub.example:7701' }, plain, true],
    [{ origin: 'http://HUB.example:7700' }, plain, false],
    [{ origin: 'http://evil.example' }, plain, true],
    [{ origin: 'http://hub.example:7700.evil.example' }, plain, true],
    [{ origin: 'null' }, plain, true],
    [{ origin: '' }, plain, true],
    [{ origin: 'file:///x' }, plain, true],
    [{ origin: 'https://hub.example:7700' }, secure, false],
    [{ origin: 'http://hub.example:7700' }, secure, true],
    [{ origin: 'https://logs.example' }, secure, false],
    [{ origin: 'https://logs.example:443' }, secure, false],
    [{ origin: 'https://logs.example', host: undefined }, secure, false],
    [{ origin: 'https://hub.example', host: 'hub.example:443' }, secure, false],
  ];
  for (const [request, own, crossSite] of cases) {
    const asked = { fetchSite: undefined, origin: undefined, host: 'hub.example:7700', ...request };
    assert.equal(isCrossSite(asked, own), crossSite, JSON.stringify(request));
  }
});
