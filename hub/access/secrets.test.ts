import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatApiToken, hashSecret, makeSecret, makeTokenId, parseApiToken, secretHashesEqual } from './secrets.ts';

test('secrets and names of tokens are what tokens may hold', () => {
  const made = Array.from({ length: 200 }, () => ({ tokenId: makeTokenId(), secret: makeSecret() }));
  for (const token of made) {
    assert.match(token.tokenId, /^[a-z0-9]{12}$/);
    assert.equal(Buffer.from(token.secret, 'base64url').length, 24);
    assert.deepEqual(parseApiToken(formatApiToken(token)), token);
  }
  assert.equal(new Set(made.map(({ secret }) => secret)).size, made.length);
});

test('nothing else is a token of the HTTP API', () => {
  const secret = 'A'.repeat(32);
  const wrong = [
    '',
    'tributary',
    `tributary_${secret}`,
    `tributary_abc_${secret}`,
    `tributary_ABCDEFGH_${secret}`,
    `tributary_abcdefgh_${secret.slice(1)}`,
    `tributary_abcdefgh_${secret}\n`,
    ` tributary_abcdefgh_${secret}`,
    `tributary_abcdefgh_${'A'.repeat(65)}`,
    `tributary_abcdefgh_${secret}+`,
    `tributary_../../etc_${secret}`,
  ];
  for (const text of wrong) assert.equal(parseApiToken(text), undefined, JSON.stringify(text));
});

test('hashes are compared whole', () => {
  const hash = hashSecret('abc');
  assert.equal(hash, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  assert.equal(secretHashesEqual(hash, hashSecret('abc')), true);
  assert.equal(secretHashesEqual(hash, hashSecret('abd')), false);
  assert.equal(secretHashesEqual(hash, hash.slice(1)), false);
  assert.equal(secretHashesEqual(hash, ''), false);
  assert.equal(secretHashesEqual('', ''), true);
});
