import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { FrameCiphers, keyIdOf } from './frame-cipher.ts';

const key = '11'.repeat(32);
const other = '22'.repeat(32);
const place = { name: 'acme/app/2026/11/21/10/ab-0-1-2.csv.zst.enc', offset: 0 };
const ciphers = new FrameCiphers({ keys: [key], encrypts: true });
const frame = Buffer.from('a frame, compressed');

test('a frame is sealed the same way each time, and otherwise at any other place or with any other content', () => {
  const sealed = ciphers.seal(frame, place);
  assert.deepEqual(ciphers.seal(frame, place), sealed);
  assert.deepEqual(ciphers.open(sealed, place), frame);
  assert.equal(sealed.length, frame.length + 37);
  assert.ok(!sealed.includes(frame.subarray(0, 8)));
  const nonce = (bytes: Buffer): string => bytes.toString('hex', 9, 21);
  const others = [
    ciphers.seal(frame, { ...place, offset: 1 }),
    ciphers.seal(frame, { ...place, name: place.name.replace('ab', 'ac') }),
    ciphers.seal(Buffer.from('a frame, compresseD'), place),
  ];
  assert.equal(new Set([sealed, ...others].map(nonce)).size, 4);
});

test('what was altered, cut or moved is refused, also under the name that an object is kept by it is not', () => {
  const sealed = ciphers.seal(frame, place);
  for (let index = 0; index < sealed.length; index += 1) {
    const altered = Buffer.from(sealed);
    altered[index] = (altered[index] ?? 0) ^ 1;
    assert.throws(() => ciphers.open(altered, place), { code: 'ARCHIVE_CIPHER' });
  }
  assert.throws(() => ciphers.open(sealed.subarray(0, -1), place), /altered/);
  assert.throws(() => ciphers.open(sealed.subarray(0, 30), place), /not encrypted as it should be/);
  assert.throws(() => ciphers.open(sealed, { ...place, offset: 7 }), /stands where it does not belong/);
  assert.throws(() => ciphers.open(randomBytes(100), place), { code: 'ARCHIVE_CIPHER' });
  assert.deepEqual(ciphers.open(sealed, { ...place, name: place.name.replace('.csv', '-kept-0123456789ab.csv') }), frame);
});

test('old keys decrypt, the first one encrypts, and a key that is not here is named and not shown', () => {
  const turned = new FrameCiphers({ keys: [other, key], encrypts: true });
  const sealed = ciphers.seal(frame, place);
  assert.deepEqual(turned.open(sealed, place), frame);
  assert.equal(turned.encryptsWith, keyIdOf(other));
  assert.equal(new FrameCiphers({ keys: [key], encrypts: false }).encryptsWith, undefined);
  const without = new FrameCiphers(undefined);
  assert.throws(
    () => without.open(sealed, place),
    new RegExp(`encrypted with the key ${keyIdOf(key)}: name its file as key_file`),
  );
  assert.doesNotMatch(keyIdOf(key), /1111/);
});
