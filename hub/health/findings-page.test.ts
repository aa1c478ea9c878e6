import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseConfig } from '@tributary/shared/options/config-file.ts';
import { hubOptions } from '../options.ts';

test('the configurations on the page are good', () => {
  const page = readFileSync(new URL('../../docs/operating/findings.md', import.meta.url), 'utf8');
  const texts = [...page.matchAll(/```yaml\n([^`]+)```/g)].map(([, text = '']) => text);
  const options = texts.map((text) => parseConfig({ file: 'page', schema: hubOptions, env: {}, text }));
  assert.deepEqual(
    options.map(({ quotas, services }) => [quotas.length, services.length]),
    [
      [2, 0],
      [0, 2],
    ],
  );
});

test('the configuration on the page of health is good', () => {
  const page = readFileSync(new URL('../../docs/operating/health.md', import.meta.url), 'utf8');
  const [, text = ''] = /```yaml\n([^`]+)```/.exec(page) ?? [];
  const { rules } = parseConfig({ file: 'page', schema: hubOptions, env: {}, text }).health;
  assert.partialDeepStrictEqual(rules, { agent_silent: { after: 30_000 }, version_skew: { enabled: false } });
});
