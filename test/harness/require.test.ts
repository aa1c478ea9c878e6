import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ifAllowed } from './forbidden.ts';
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

test('what the kernel forbids is a reason to skip also in CI, and a missing program is none', async () => {
  const options = { env: { TRIBUTARY_REQUIRE: 'all' }, isRoot: true };
  const refused = Object.assign(new Error('Command failed: podman run'), {
    stderr: 'time="x" level=warning\nError: runc: mount /proc: operation not permitted\n',
  });
  const forbidden = (): Promise<unknown> => ifAllowed(() => Promise.reject(refused));
  const reason = await lookForTool('containers', { ...options, probe: forbidden });
  assert.match(
    reason ?? '',
    /^containers is needed .*: the kernel forbids it: Error: runc: mount \/proc: operation not permitted$/,
  );
  const absent = (): Promise<unknown> => ifAllowed(() => Promise.reject(new Error('spawn podman ENOENT')));
  await assert.rejects(lookForTool('containers', { ...options, probe: absent }), /TRIBUTARY_REQUIRE=all: .*ENOENT/);
});
