import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { childAt, childrenOf, DerError, derTag, oidText, readDer, smallInteger } from './der.ts';

function bytes(hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

suite('DER', () => {
  test('a sequence, its children, numbers and identifiers', () => {
    const sequence = readDer(bytes('30 0d 02 02 08 00 06 07 2a 86 48 86 f7 0d 02'), derTag.sequence);
    assert.equal(childrenOf(sequence).length, 2);
    assert.equal(smallInteger(childAt(sequence, 0, derTag.integer)), 2048);
    assert.equal(oidText(childAt(sequence, 1, derTag.oid)), '1.2.840.113549.2');
    assert.equal(oidText(readDer(bytes('06 03 55 1d 11'), derTag.oid)), '2.5.29.17');
  });

  test('a long length', () => {
    const content = Buffer.alloc(300, 7);
    const element = readDer(Buffer.concat([bytes('04 82 01 2c'), content]), derTag.octetString);
    assert.deepEqual(Buffer.from(element.content), content);
    assert.equal(element.whole.length, 304);
  });

  for (const [hex, what] of [
    ['', 'nothing'],
    ['30', 'no length'],
    ['30 05 02 01', 'less than its length says'],
    ['30 80 00 00', 'an indefinite length'],
    ['30 85 01 00 00 00 00', 'a length of five bytes'],
    ['30 00 30 00', 'two elements'],
    ['1f 01 00', 'a tag of several bytes'],
    ['02 01 01', 'another tag'],
  ] as const) {
    test(`refused: ${what}`, () => assert.throws(() => readDer(bytes(hex), derTag.sequence), DerError));
  }

  test('refused: a number that is negative, empty or large', () => {
    for (const hex of ['02 01 ff', '02 00', '02 05 01 00 00 00 00']) {
      assert.throws(() => smallInteger(readDer(bytes(hex), derTag.integer)), DerError);
    }
  });

  test('any bytes: whole elements within them, or a DerError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (any) => {
        const sequence = Buffer.concat([Uint8Array.of(derTag.sequence, any.length), any]);
        try {
          const parts = childrenOf(readDer(sequence, derTag.sequence)).map(({ whole }) => whole);
          assert.deepEqual(Buffer.concat(parts), Buffer.from(any));
        } catch (error) {
          assert.ok(error instanceof DerError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
