import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseConfig } from '@tributary/shared/options/config-file.ts';
import { hubOptions } from '../../options.ts';

function read(text: string): ReturnType<typeof hubOptions.parse>['listeners']['beats_redis'] {
  return parseConfig({ file: 'hub.yaml', schema: hubOptions, env: {}, text }).listeners.beats_redis;
}

test('the configuration on the page is good', () => {
  const page = readFileSync(new URL('../../../docs/operating/beats.md', import.meta.url), 'utf8');
  const [, text = ''] = /```yaml\n([^`]+)```/.exec(page) ?? [];
  assert.deepEqual(
    read(text).map(({ key, type }) => [key, type]),
    [
      ['filebeat', 'app'],
      ['metricbeat', 'beats'],
    ],
  );
});

for (const [what, text, message] of [
  ['no server', 'key: a, tenant: acme', /needs either url or sentinels/],
  ['two ways to it', 'key: a, tenant: acme, url: redis://a, sentinels: [b:1]', /needs either url or sentinels/],
  ['no tenant', 'key: a, url: redis://a', /tenant/],
  ['half of a certificate', 'key: a, tenant: acme, url: redis://a, tls_key: x', /given together/],
  [
    'the same list twice',
    'key: a, tenant: acme, url: redis://a }, { key: a, tenant: other, url: redis://u:p@a',
    /another listener reads it/,
  ],
] as const) {
  test(`${what} is refused`, () => {
    assert.throws(() => read(`listeners: { beats_redis: [{ ${text} }] }`), message);
  });
}
