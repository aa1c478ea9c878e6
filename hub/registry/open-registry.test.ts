import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { eventually } from '../testing/eventually.ts';
import { enrolled, testApiToken, testBy, testId, testToken, testUser, testEvent } from './fixture.ts';
import { openRegistry, type OpenRegistryOptions } from './open-registry.ts';
import type { Registry } from './registry.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-registry-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const log = createLogger({ level: 'error', sink: () => undefined });

function open(options: Partial<OpenRegistryOptions> = {}): Promise<Registry> {
  return openRegistry({ folder, log, thread: false, ...options });
}

function file(): string {
  return join(folder, 'registry.db');
}

test('nobody else may read its files, whatever the umask, and a mode that was widened is mended', async () => {
  const umask = process.umask(0);
  try {
    await using registry = await open();
    await enrolled(registry, 'web1');
    assert.deepEqual(modes(), { 'registry.db': 0o600, 'registry.db-shm': 0o600, 'registry.db-wal': 0o600 });
  } finally {
    process.umask(umask);
  }
  chmodSync(file(), 0o644);
  await using registry = await open();
  assert.equal(modes()['registry.db'], 0o600);
  assert.equal(registry.agents().length, 1);
});

test('no secret is in its files', async () => {
  await using registry = await open();
  const token = testToken('tokena000');
  await registry.addEnrolmentToken(token, testBy);
  const bytes = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name)))).toString('latin1');
  assert.ok(bytes.includes(token.secretHash) && !bytes.includes('secret of tokena000'));
});

test('a registry that is gone is not made anew where certificates are, unless an empty file says so', async () => {
  mkdirSync(join(folder, 'pki'));
  for (const thread of [true, false]) {
    await assert.rejects(open({ thread }), {
      code: 'STORE_UNUSABLE',
      message: /registry\.db is gone.*restore a backup.*install -m 600/,
    });
  }
  await assert.rejects(open({ create: false }), { message: /is gone/ });
  writeFileSync(file(), '');
  await using registry = await open();
  assert.deepEqual(registry.agents(), []);
});

test('a command makes none', async () => {
  await assert.rejects(open({ create: false }), { code: 'STORE_UNUSABLE', message: /run tributary-hub init/ });
  assert.deepEqual(readdirSync(folder), []);
});

test('a damaged one is refused and left as it is, with what to do', async () => {
  await (async () => {
    await using registry = await open();
    const grants = Array.from({ length: 500 }, (_, index) => ({ tenant: `tenant_${index}`, role: 'viewer' as const }));
    for (const name of ['anna', 'bert', 'carl']) await registry.putUser(testUser(name, { grants }), testEvent('user-added'));
  })();
  const whole = readFileSync(file());
  const damages: readonly (() => void)[] = [
    () => writeFileSync(file(), 'this is no database, but text that somebody put here by mistake. '.repeat(200)),
    () => writeFileSync(file(), Buffer.concat([whole.subarray(0, 8192), Buffer.alloc(whole.length - 8192, 0xa5)])),
    () => truncateSync(file(), 8192),
  ];
  for (const damage of damages) {
    writeFileSync(file(), whole);
    damage();
    const before = readFileSync(file());
    for (const thread of [true, false]) {
      await assert.rejects(open({ thread }), { message: /registry\.db is damaged.*restore a backup/ });
    }
    assert.deepEqual(readFileSync(file()), before);
  }
});

test('one that a newer version wrote is refused', async () => {
  await (await open())[Symbol.asyncDispose]();
  const db = new DatabaseSync(file());
  db.exec('PRAGMA user_version=99');
  db.close();
  await assert.rejects(open(), { code: 'STORE_TOO_NEW', message: /newer program/ });
});

test('a folder in its place is refused', async () => {
  mkdirSync(file());
  await assert.rejects(open(), { message: /is not a file/ });
});

test('what another process changed is seen without a call', async () => {
  await using hub = await open({ thread: true });
  await using command = await open();
  await enrolled(command, 'web1');
  await eventually('the hub sees the agent', () => hub.agent(testId('agent web1')) !== undefined);
  await command.revokeAgent(testId('agent web1'), testBy);
  await eventually('the hub sees that it was revoked', () => hub.agent(testId('agent web1'))?.state === 'revoked');
});

test('a token that another process made is known at once, and one that it revoked is not', async () => {
  await using hub = await open({ thread: true });
  await using command = await open();
  const token = testApiToken('abcdefgh');
  await command.addApiToken(token, testBy);
  assert.equal(hub.apiToken('abcdefgh')?.revokedMs, undefined);
  assert.equal(hub.apiToken('abcdefgh')?.secretHash, token.secretHash);
  await command.revokeToken('abcdefgh', testBy);
  assert.notEqual(hub.apiToken('abcdefgh')?.revokedMs, undefined);
});

test('a view that is far behind reads everything again', async () => {
  await using hub = await open({ thread: true });
  await using command = await open();
  await enrolled(command, 'web1');
  const db = new DatabaseSync(file(), { timeout: 120_000 });
  db.exec('DELETE FROM change WHERE revision < (SELECT max(revision) FROM change)');
  db.close();
  await eventually('the hub sees the agent', () => hub.agent(testId('agent web1')) !== undefined);
});

test('a writer that dies fails what waits, and tells the hub', async () => {
  const failed = Promise.withResolvers<Error>();
  const registry = await open({ thread: true, onFailed: failed.resolve });
  await enrolled(registry, 'web1');
  const db = new DatabaseSync(file(), { timeout: 120_000 });
  db.exec('DROP TABLE agent');
  db.close();
  await assert.rejects(registry.revokeAgent(testId('agent web1'), testBy));
  assert.match((await failed.promise).message, /registry\.db/);
  await registry[Symbol.asyncDispose]();
});

function modes(): Readonly<Record<string, number>> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o777]));
}
