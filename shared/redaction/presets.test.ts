import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textDecoder } from '../text/text-decoder.ts';
import { presetFinder, type PresetName, presetNames } from './presets.ts';
import { joined, redactRecord } from './redact-record.ts';

function masked(name: PresetName, text: string): string {
  const record = Buffer.from(text);
  redactRecord(record, [presetFinder(name)], textDecoder('utf-8'), (bytes) => bytes.fill('*'));
  return record.toString();
}

function stars(text: string): string {
  return '*'.repeat(text.length);
}

test('iban: of the length that its country has, with the right check digits, however it is grouped', () => {
  for (const number of [
    'DE89370400440532013000',
    'DE89 3704 0044 0532 0130 00',
    'gb29-nwbk-6016-1331-9268-19',
    'NO93 8601 1117 947',
  ]) {
    assert.equal(masked('iban', `to ${number}, 5 EUR`), `to ${stars(number)}, 5 EUR`);
  }
  // Two letters and two digits before it are none of it.
  assert.equal(masked('iban', 'AB12 DE89 3704 0044 0532 0130 00 EUR'), `AB12 ${stars('DE89 3704 0044 0532 0130 00')} EUR`);
  for (const text of [
    'DE88370400440532013000',
    'DE8937040044053201300',
    'XX89370400440532013000',
    'DE89 is a road',
    'DE89370400440532013000A',
  ])
    assert.equal(masked('iban', text), text);
});

test('ipv6: what is an address, and not a time or a name', () => {
  assert.equal(
    masked('ipv6', 'from [2001:db8::1]:443 to fe80::1%eth0.'),
    `from [${stars('2001:db8::1')}]:443 to ${stars('fe80::1')}%eth0.`,
  );
  assert.equal(masked('ipv6', 'seen ::ffff:192.0.2.1.'), `seen ${stars('::ffff:192.0.2.1')}.`);
  for (const text of ['12:34:56', 'std::vector', '::', 'a:b', '2026-11-22T10:11:12Z']) assert.equal(masked('ipv6', text), text);
});

test('password: the value of a pair, however it is written', () => {
  for (const [text, expected] of [
    ['password=s3cret&user=x', 'password=******&user=x'],
    ['"password" : "a\\"b c", "n":1', '"password" : "******", "n":1'],
    [String.raw`{"log":"{\"password\":\"hun\\ter2\",\"n\":1}"}`, String.raw`{"log":"{\"password\":\"*********\",\"n\":1}"}`],
    [String.raw`password=\abc\d e`, 'password=****** e'],
    ['DB_PASSWORD: hunter2, port: 1', 'DB_PASSWORD: *******, port: 1'],
    ["apiKey='abc def'", "apiKey='*******'"],
    ['client_secret => abc)', 'client_secret => ***)'],
    ['GET /?access_token=abc HTTP/1.1', 'GET /?access_token=*** HTTP/1.1'],
    ['postgres://app:s3c:ret@db/x', 'postgres://app:*******@db/x'],
    ['a password is wrong', 'a password is wrong'],
    ['no passwords here', 'no passwords here'],
  ] as const) {
    assert.equal(masked('password', text), expected);
  }
});

test('aws_key, jwt, authorization', () => {
  const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  assert.equal(masked('aws_key', `aws_secret_access_key = ${secret}`), `aws_secret_access_key = ${stars(secret)}`);
  assert.equal(masked('aws_key', `{"SecretAccessKey":"${secret}"}`), `{"SecretAccessKey":"${stars(secret)}"}`);
  assert.equal(masked('aws_key', 'id AKIAIOSFODNN7EXAMPLE.'), `id ${stars('AKIAIOSFODNN7EXAMPLE')}.`);
  assert.equal(masked('jwt', 'x eyJhbGciOi.eyJzdWIi.c2ln x'), `x ${stars('eyJhbGciOi.eyJzdWIi.c2ln')} x`);
  assert.equal(masked('authorization', 'Basic dXNlcjpwYXNz'), 'Basic ************');
});

test('card, email: whatever stands beside them', () => {
  const number = '4111 1111 1111 1111';
  assert.equal(masked('card', `${number}_${number},${number} 22a`), `${stars(number)}_${stars(number)},${stars(number)} 22a`);
  for (const text of [`a${number}`, '4111111111111111a', '24111111111111111']) assert.equal(masked('card', text), text);
  assert.equal(masked('email', 'GET /?mail=a.b%40c.dd&n=1'), `GET /?mail=${stars('a.b%40c.dd')}&n=1`);
  assert.equal(masked('email', String.raw`{"m":"a\u0040b.cc"}`), `{"m":"${stars(String.raw`a\u0040b.cc`)}"}`);
  assert.equal(masked('email', 'GET /a%20b.cc'), 'GET /a%20b.cc');
  assert.equal(masked('email', '<a.b+c@d.ee>,x@y.zz@'), `<${stars('a.b+c@d.ee')}>,${stars('x@y.zz')}@`);
});

test('private_key: between its ends, and line by line where each is a record', () => {
  const line = `Aa1${'x'.repeat(61)}`;
  const begin = '-----BEGIN RSA PRIVATE KEY-----';
  const end = '-----END RSA PRIVATE KEY-----';
  assert.equal(masked('private_key', `${begin}\n${line}\nQ==\n${end}\n`), `${begin}\n${stars(line)}\n***\n${end}\n`);
  assert.equal(masked('private_key', `${begin}${line}`), begin + stars(line));
  assert.equal(masked('private_key', `${line}\r\n`), `${stars(line)}\r\n`);
  for (const text of ['-----BEGIN PUBLIC KEY-----', 'a'.repeat(64), 'f0'.repeat(32)])
    assert.equal(masked('private_key', text), text);
});

test('places that overlap are one', () => {
  assert.deepEqual(
    joined([
      [4, 6],
      [0, 3],
      [2, 5],
      [7, 7],
      [8, 9],
    ]),
    [
      [0, 6],
      [8, 9],
    ],
  );
});

test('a long text of what begins a match is done in a moment', () => {
  const units = [
    'DE89 ',
    'DE8',
    ':',
    'a:',
    '::1 ',
    '-----BEGIN PRIVATE KEY-----',
    'password=',
    'secret ',
    '://',
    '://:',
    'eyJ',
    'AKIA',
    'a1A/',
    '"',
    '4111 1111 1111 1111 a@b.cc ',
  ];
  for (const unit of units) {
    const text = unit.repeat(50_000 / unit.length);
    const begin = performance.now();
    for (const name of presetNames) masked(name, text);
    assert(performance.now() - begin < 60_000, unit);
  }
});
