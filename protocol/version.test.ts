import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { currentVersion, negotiate, oldestAcceptedVersion, protocolVersions } from './version.ts';

test('a changed schema needs a new version', () => {
  const schema = readFileSync(new URL('schema/tributary.proto', import.meta.url));
  const hash = createHash('sha256').update(schema).digest('hex');
  assert.equal(
    protocolVersions.at(-1)?.schemaHash,
    hash,
    `schema/tributary.proto changed: run protocol/generate.ts, add a version with schemaHash ${hash} to version.ts (or, before ` +
      'the version is released, give the current one this hash), and make the golden frames anew by `npm run fixtures`',
  );
});

test('versions ascend by one', () => {
  for (const [index, { version }] of protocolVersions.entries()) assert.equal(version, index + 1);
});

test('the newest version both ends speak is chosen', () => {
  assert.equal(negotiate(currentVersion, currentVersion), currentVersion);
  assert.equal(negotiate(1, currentVersion + 5), currentVersion);
  assert.equal(negotiate(1, 1), undefined);
  assert.equal(negotiate(currentVersion + 1, currentVersion + 5), undefined);
  assert.equal(negotiate(0, oldestAcceptedVersion - 1), undefined);
  assert.equal(negotiate(currentVersion + 2, currentVersion + 1), undefined);
});
