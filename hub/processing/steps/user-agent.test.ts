import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FieldValue } from '../record/fields.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';
import { userAgent } from './user-agent.ts';

const step = makeStep(userAgent, {});

function parsed(original: string): FieldValue | undefined {
  const record = recordOf('');
  record.set(['user_agent', 'original'], original);
  return tryStep(step, record).record.fields['user_agent'];
}

test('browsers, in the names of ECS', () => {
  const chrome =
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';
  assert.deepEqual(parsed(chrome), {
    original: chrome,
    name: 'Chrome',
    version: '126.0.0.0',
    os: { name: 'Windows', version: '10', full: 'Windows 10' },
    device: { name: 'desktop' },
  });
  const phone =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1';
  assert.partialDeepStrictEqual(parsed(phone), {
    name: 'Safari',
    os: { name: 'iOS', full: 'iOS 17.5' },
    device: { name: 'iPhone' },
  });
});

test('other programs tell their names first', () => {
  assert.deepEqual(parsed('curl/8.5.0'), { original: 'curl/8.5.0', name: 'curl', version: '8.5.0' });
  assert.deepEqual(parsed('-'), { original: '-' });
});

test('without the field nothing is done; two records share nothing', () => {
  assert.deepEqual(tryStep(step, 'x').record.fields, {});
  const first = recordOf('');
  const original = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1';
  first.set(['user_agent', 'original'], original);
  tryStep(step, first);
  first.set(['user_agent', 'os', 'name'], 'changed');
  assert.partialDeepStrictEqual(parsed(original), { os: { name: 'iOS' } });
});

test('what a client may call itself to hold up the thread takes a moment', () => {
  const units = ['; a', 'windows nt safari ', '\nlinux ', '1.', 'Mozilla/5.0 ', '(', 'opera ', 'android ', 'mac os x ', ' x/1'];
  for (const unit of units) {
    const text = unit.repeat(120_000 / unit.length);
    const begin = performance.now();
    for (let index = 0; index < 10; index += 1) parsed(`${index}${text}`);
    assert(performance.now() - begin < 60_000, unit);
  }
});

test('no text crashes it', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }), (text) => void parsed(text)),
    { numRuns: 300 },
  );
});
