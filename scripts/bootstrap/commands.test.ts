import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRepository } from '../repository.ts';
import { commands, describeSwallowedFlag } from './commands.mjs';

test('every script of package.json is a command, and every command a script', () => {
  const manifest: unknown = JSON.parse(readFileSync(inRepository('package.json'), 'utf8'));
  assert.ok(typeof manifest === 'object' && manifest !== null && 'scripts' in manifest);
  const expected = [...Object.keys(commands), 'exec'].map((name) => [name, `node scripts/bootstrap.mjs ${name}`]);
  assert.deepEqual(manifest.scripts, Object.fromEntries(expected));
});

test('a flag that npm swallowed is found, and what to type is said', () => {
  const once = describeSwallowedFlag('start', ['/var/log/a b.log'], { npm_config_once: 'true' });
  assert.match(once?.message ?? '', /^npm kept --once for itself/);
  assert.equal(once?.hint, "type  npm start -- --once '/var/log/a b.log'");

  const data = describeSwallowedFlag('start', ['app.log'], { npm_config_once: 'true', npm_config_data: './d' });
  assert.equal(data?.hint, 'type  npm start -- --once --data ./d app.log');

  const ledger = describeSwallowedFlag('ledger', ['edge'], { npm_config_scenario: 'true' });
  assert.equal(ledger?.hint, 'type  npm run ledger -- --scenario edge');
});

test('a flag that arrived, and settings of npm itself, are left alone', () => {
  assert.equal(describeSwallowedFlag('start', ['--once', 'a.log'], { npm_config_once: 'true' }), undefined);
  assert.equal(describeSwallowedFlag('start', ['a.log'], { npm_config_yes: 'true', npm_config_once: '' }), undefined);
});
