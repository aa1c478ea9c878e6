import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseConfig } from '@tributary/shared/options/config-file.ts';
import { hubOptions } from '../options.ts';

test('the configuration on the page is good', () => {
  const page = readFileSync(new URL('../../docs/operating/cluster.md', import.meta.url), 'utf8');
  const [, text = ''] = /```yaml\n([^`]+)```/.exec(page) ?? [];
  const { cluster, queue } = parseConfig({ file: 'page', schema: hubOptions, env: {}, text });
  assert.equal(cluster.address, 'hub-2.example.com:7701');
  assert.equal(queue.redis?.partitions, 64);
});
