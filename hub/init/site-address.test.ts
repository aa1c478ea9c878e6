import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { UsageError } from '../commands/exit.ts';
import { addressText, parseSiteAddress } from './site-address.ts';

suite('addresses of a site', () => {
  for (const [text, expected] of [
    ['hub.example.com', 'hub.example.com:7701'],
    ['Hub.Example.COM:7801', 'hub.example.com:7801'],
    ['hub', 'hub:7701'],
    ['10.0.0.5', '10.0.0.5:7701'],
    ['10.0.0.5:1', '10.0.0.5:1'],
    ['fd00::5', '[fd00::5]:7701'],
    ['[fd00::5]', '[fd00::5]:7701'],
    ['[FD00::5]:7801', '[fd00::5]:7801'],
    ['bücher.example', 'xn--bcher-kva.example:7701'],
  ] as const) {
    test(text, () => assert.equal(addressText(parseSiteAddress(text, 7701)), expected));
  }

  for (const text of [
    '',
    'https://hub.example.com',
    'hub.example.com/path',
    'a b',
    'hub.example.com:99999',
    'hub.example.com:0',
    '10.0.0.300',
    '0.0.0.0',
    '::',
    '[::]:7701',
    'fe80::1%eth0',
    '-hub',
    '*.example.com',
    'user@hub',
    `${'a'.repeat(64)}.example`,
    '\u001b[31mhub',
  ]) {
    test(`no address: ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseSiteAddress(text, 7701),
        (error) => error instanceof UsageError && error.message.startsWith('--address ') && !error.message.includes('\u001b'),
      );
    });
  }
});
