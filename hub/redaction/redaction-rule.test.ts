import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { presetNames } from '@tributary/shared/redaction/presets.ts';
import { decoderOf, hashOf, RawRedactor, type RedactionRule } from './redaction-rule.ts';

const word: RedactionRule = { presets: [], patterns: ['secret\\w*'], action: 'hash', key: 'k' };

function redacted(rule: RedactionRule, bytes: Buffer, encoding = 'utf-8'): Buffer {
  const copy = Buffer.from(bytes);
  new RawRedactor(rule).redact(copy, decoderOf(encoding));
  return copy;
}

test('a hash has the length of what it stands for, and depends on the key', () => {
  const digits = createHmac('sha256', 'k').update('secret42').digest('hex');
  assert.equal(redacted(word, Buffer.from('a secret42 b')).toString(), `a ${digits.slice(0, 8)} b`);
  assert.notEqual(hashOf('secret42', 'k'), hashOf('secret42', undefined));
  const long = `secret${'x'.repeat(94)}`;
  assert.equal(redacted(word, Buffer.from(long)).toString(), hashOf(long, 'k') + '*'.repeat(36));
});

test('in UTF-16 a digit of the hash is a character', () => {
  const text = Buffer.from('a secret42\n', 'utf16le');
  const digits = hashOf(Buffer.from('secret42', 'utf16le'), 'k').slice(0, 8);
  assert.equal(redacted(word, text, 'utf-16le').toString('utf16le'), `a ${digits}\n`);
  const turned = Buffer.from(text).swap16();
  const digitsTurned = hashOf(Buffer.from('secret42', 'utf16le').swap16(), 'k').slice(0, 8);
  assert.equal(redacted(word, turned, 'utf-16be').swap16().toString('utf16le'), `a ${digitsTurned}\n`);
});

test('an encoding that nobody knows is looked at a byte at a time', () => {
  const rule: RedactionRule = { presets: ['card'], patterns: [], action: 'mask' };
  const bytes = Buffer.from([0xff, ...Buffer.from(' 4111111111111111 '), 0x80]);
  const expected = Buffer.from([0xff, ...Buffer.from(' **************** '), 0x80]);
  for (const encoding of ['none-such', 'utf-8', 'shift_jis', '']) assert.deepEqual(redacted(rule, bytes, encoding), expected);
});

test('whatever a record holds, it keeps its length and the ends of its lines', () => {
  const rule: RedactionRule = { presets: presetNames, patterns: ['[^ ]+'], action: 'hash', key: 'k' };
  const bytes = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(bytes, fc.constantFrom('utf-8', 'utf-16le', 'utf-16be', 'gbk', 'windows-1252'), (given, encoding) => {
      const before = Buffer.from(given);
      const after = redacted(rule, before, encoding);
      assert.equal(after.length, before.length);
      if (encoding === 'utf-8') for (const [index, byte] of before.entries()) if (byte === 10) assert.equal(after[index], 10);
    }),
    { numRuns: 300 },
  );
});
