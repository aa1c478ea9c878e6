import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookForTool, type RequireOptions } from './require.ts';

const failingInstall = (): Promise<void> => Promise.reject(new Error('E: Unable to locate package zstd\nmore'));
const missing = (): Promise<unknown> => Promise.reject(new Error('spawn zstd ENOENT'));

test('a tool that works gives no reason to skip', async () => {
  assert.equal(await lookForTool('zstd', { probe: () => Promise.resolve(), env: { TRIBUTARY_REQUIRE: 'all' } }), undefined);
});

test('a missing tool is a reason to skip that says what to install', async () => {
  const reason = await lookForTool('zstd', { probe: missing, env: {}, isRoot: false });
  assert.match(reason ?? '', /^zstd is needed .* does not work here: spawn zstd ENOENT; install the package zstd$/);
});

test('a missing tool is installed by root, and looked for again', async () => {
  const installed: string[] = [];
  const options: RequireOptions = {
    env: {},
    isRoot: true,
    probe: () => (installed.length > 0 ? Promise.resolve() : missing()),
    install: (aptPackage) => Promise.resolve(void installed.push(aptPackage)),
  };
  assert.equal(await lookForTool('strace', options), undefined);
  assert.deepEqual(installed, ['strace']);
});

test('an installation that fails is told in the reason', async () => {
  const reason = await lookForTool('zstd', { probe: missing, env: {}, isRoot: true, install: failingInstall });
  assert.match(reason ?? '', /installing the package zstd did not help: E: Unable to locate package zstd$/);
});

test('in CI a missing tool is a failure', async () => {
  const options: RequireOptions = { probe: missing, env: { TRIBUTARY_REQUIRE: 'all' }, isRoot: false };
  await assert.rejects(lookForTool('tmpfs', options), /^Error: TRIBUTARY_REQUIRE=all: tmpfs is needed/);
});
