import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passwordBytesMax, passwordProblem } from './password-rules.ts';
import { canonicalUserName, isUserName } from './user-name.ts';

test('names may be of any script, and hide nothing', () => {
  for (const name of [
    'anna',
    'Ana María',
    '山田太郎',
    'Ольга',
    'राम',
    'a',
    'auth0|5f7c',
    "o'neil",
    'a@b.example',
    'x'.repeat(100),
  ]) {
    assert.equal(isUserName(name), true, name);
  }
  const wrong = [
    '',
    ' anna',
    'anna ',
    'a:b',
    'token:abc',
    'console:root',
    'a\nb',
    'a\u0000b',
    'a\u001b[31m',
    'a\u202eb',
    'a\u200bb',
    '../x',
    'a/b',
    '<b>',
    'x'.repeat(101),
    'e\u0301',
    '\u0301a',
  ];
  for (const name of wrong) assert.equal(isUserName(name), false, JSON.stringify(name));
  assert.equal(canonicalUserName('Jose\u0301'), 'Jos\u00e9');
  assert.equal(isUserName(canonicalUserName('Jose\u0301')), true);
});

test('a password is long, and more than the name', () => {
  assert.equal(passwordProblem('correct horse battery', 'anna'), undefined);
  assert.equal(passwordProblem('пароль длинный', 'anna'), undefined);
  for (const wrong of [
    '',
    'short',
    '123456789',
    'aaaaaaaaaaaaaaaa',
    'annaannaanna',
    'ANNAannaanna!',
    'abcd'.repeat(passwordBytesMax),
  ]) {
    assert.notEqual(passwordProblem(wrong, 'anna'), undefined, wrong.slice(0, 20));
  }
});
