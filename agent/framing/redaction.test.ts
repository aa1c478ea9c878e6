import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { filtersOption } from './framing-options.ts';
import { createRedaction } from './redaction.ts';
import { textDecoder } from '@tributary/shared/text/text-decoder.ts';

function redact(given: unknown, bytes: Buffer, encoding = 'utf-8'): Buffer {
  const options = filtersOption.parse({ redact: given }).redact;
  assert(options !== undefined);
  const copy = Buffer.from(bytes);
  const changed = createRedaction(options, textDecoder(encoding)).mask(copy);
  assert.equal(copy.length, bytes.length, 'not one position moves');
  assert.equal(changed, !copy.equals(bytes), 'it says whether it changed something');
  return copy;
}

function redactText(given: unknown, text: string): string {
  return redact(given, Buffer.from(text)).toString();
}

test('card: numbers with the right check digit, however they are grouped', () => {
  const presets = ['card'];
  for (const [text, expected] of [
    ['pay 4111111111111111 now', 'pay **************** now'],
    ['4111 1111 1111 1111', '*******************'],
    ['amex 3782-822463-10005.', 'amex *****************.'],
    ['5555555555554444,6011111111111117', '****************,****************'],
    ['2223003122003222', '****************'],
    ['order 12 4111 1111 1111 1111', 'order 12 *******************'],
    // Several beside each other, and beside what else is written with digits.
    ['4111111111111111 5500000000000004', '**************** ****************'],
    ['2026-11-21 4111 1111 1111 1111 2026-11-22', '2026-11-21 ******************* 2026-11-22'],
    ['card_4111111111111111_x', 'card_****************_x'],
    // Wrong check digit, a time in milliseconds, other long numbers.
    ['4111111111111112', '4111111111111112'],
    ['1700000000000', '1700000000000'],
    ['id 12345678901234567890123456', 'id 12345678901234567890123456'],
    ['a4111111111111111', 'a4111111111111111'],
  ] as const) {
    assert.equal(redactText({ presets }, text), expected);
  }
});

test('a line of nothing but what begins a match is done in a moment', () => {
  const presets = ['card', 'email', 'token', 'ipv4'];
  for (const unit of ['1 ', '4', 'a', 'eyJ-', '1.', 'a@', '@']) {
    const text = `${unit.repeat(60_000 / unit.length)} @`;
    const begin = performance.now();
    redactText({ presets }, text);
    assert(performance.now() - begin < 60_000, unit);
  }
});

test("a line's end is no part of what patterns look at", () => {
  for (const end of ['', '\n', '\r\n'])
    assert.equal(redactText({ patterns: ['(?<=token=).*$'] }, `token=abc${end}`), `token=***${end}`);
  assert.equal(redactText({ patterns: ['^secret'] }, '\uFEFFsecret\n'), '\uFEFF******\n');
  assert.equal(redactText({ patterns: ['^s\u00e9'] }, '\uFEFFs\u00e9cret\n'), '\uFEFF***cret\n');
});

test('email, token and ipv4', () => {
  assert.equal(redactText({ presets: ['email'] }, 'to <a.b+c@mail.example.org>, x@y'), 'to <**********************>, x@y');
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';
  assert.equal(redactText({ presets: ['token'] }, `t=${jwt};`), `t=${'*'.repeat(jwt.length)};`);
  assert.equal(
    redactText({ presets: ['token'] }, 'Authorization: Bearer abcDEF123-_~+/=='),
    'Authorization: Bearer ****************',
  );
  assert.equal(redactText({ presets: ['token'] }, 'Basic dXNlcjpwYXNz'), 'Basic ************');
  assert.equal(redactText({ presets: ['token'] }, 'key AKIAABCDEFGHIJKLMNOP'), `key ${'*'.repeat(20)}`);
  assert.equal(redactText({ presets: ['token'] }, 'a bearer of news'), 'a bearer of news');
  assert.equal(redactText({ presets: ['ipv4'] }, '192.0.2.1 - 999.1.1.1 v1.2.3'), '********* - 999.1.1.1 v1.2.3');
});

test("patterns of one's own, and all of them look at the record as it came", () => {
  assert.equal(redactText({ patterns: ['(?<=password=)\\S+'] }, 'password=s3cret user=x'), 'password=****** user=x');
  assert.equal(redactText({ patterns: ['abc', 'bcd'] }, 'abcd'), '****');
  assert.equal(redactText({ patterns: ['x*'] }, 'axxb'), 'a**b');
});

test('ends of lines stay, also within a record', () => {
  assert.equal(redactText({ patterns: ['[^]+'] }, 'one\r\ntwo\n'), '***\r\n***\n');
});

test('a character of several bytes is masked by as many', () => {
  assert.equal(redactText({ patterns: ['\u00e9t\u00e9'] }, 'un \u00e9t\u00e9 \u{1F600}\n'), 'un ***** \u{1F600}\n');
  assert.equal(redactText({ patterns: ['\u{1F600}+', 'z'] }, '\u{1F600}\u{1F600}z\n'), '*********\n');
  // A character of which a pattern means a half is masked whole.
  assert.equal(redactText({ patterns: ['^.'] }, '\u{1F600}a\n'), '****a\n');
  assert.equal(redactText({ patterns: ['(?<=^.).'] }, '\u{1F600}a\n'), '****a\n');
  // A byte that is no character takes away nothing from what stands beside it.
  const beside = redact(
    { patterns: ['(?<=f\u00fcr )\\S+'] },
    Buffer.concat([Buffer.from([0xff, 0xc3]), Buffer.from('f\u00fcr \u00e9!\n')]),
  );
  assert.equal(beside.toString('latin1'), '\u00ff\u00c3f\u00c3\u00bcr ***\n');
  const broken = Buffer.from([0xff, 0xe9, ...Buffer.from(' secret\n')]);
  assert.deepEqual(redact({ patterns: ['secret'] }, broken), Buffer.from([0xff, 0xe9, ...Buffer.from(' ******\n')]));
});

test('other encodings', () => {
  const latin = Buffer.from('\u00e9t\u00e9 secret\n', 'latin1');
  assert.equal(redact({ patterns: ['t\u00e9 s'] }, latin, 'iso-8859-1').toString('latin1'), '\u00e9****ecret\n');
  const little = Buffer.from('\u00e9 secret\n', 'utf16le');
  assert.equal(redact({ patterns: ['secret'] }, little, 'utf-16le').toString('utf16le'), '\u00e9 ******\n');
  const big = Buffer.from(little).swap16();
  assert.equal(
    redact({ patterns: ['secret'] }, big, 'utf-16be')
      .swap16()
      .toString('utf16le'),
    '\u00e9 ******\n',
  );
  const japanese = Buffer.from([0x83, 0x65, 0x83, 0x58, ...Buffer.from(' secret\n')]);
  assert.deepEqual(redact({ patterns: ['secret'] }, japanese, 'shift_jis').subarray(0, 4), japanese.subarray(0, 4));
});

test('bytes outside of a match never change', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom('utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'gbk'),
      (bytes, encoding) => {
        const given = Buffer.from(bytes);
        assert.deepEqual(redact({ patterns: ['never in here'] }, given, encoding), given);
        const masked = redact({ patterns: ['[0-9]'] }, given, encoding);
        for (const [index, byte] of masked.entries()) assert(byte === given[index] || byte === 42 || byte === 0);
      },
    ),
    { numRuns: 300 },
  );
});
