import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { migrate } from '@tributary/shared/sqlite/migrate.ts';
import { testBy, testEnrolment, testEvent, testNowMs, testToken, testUser } from '../fixture.ts';
import { auditRowsMax } from '../limits.ts';
import { auditDroppedKey } from '../registry.ts';
import { DirectCalls } from './direct-calls.ts';
import type { RegistryContract } from './registry-calls.ts';
import { RegistryStore } from './registry-store.ts';
import { RegistryWriter } from './registry-writer.ts';
import { schemaSteps } from './schema.ts';

let folder = '';
let db: DatabaseSync;
let store: RegistryStore;
let calls: DirectCalls<RegistryContract>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-registry-'));
  const file = join(folder, 'registry.db');
  db = new DatabaseSync(file, { timeout: 0 });
  migrate(db, file, schemaSteps);
  store = new RegistryStore(db);
  const writer = new RegistryWriter(store);
  calls = new DirectCalls<RegistryContract>({ group: (group) => writer.group(group), close: () => undefined });
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

const nowMs = testNowMs;

function putUser(name: string): Promise<void> {
  const grants = Array.from({ length: 300 }, (_, index) => ({ tenant: `tenant_${index}`, role: 'viewer' as const }));
  return calls.call('putUser', { nowMs, user: testUser(name, { grants }), audit: testEvent('user-added'), from: undefined });
}

test('while another process writes for long nothing is promised, and it may be tried again', async () => {
  const other = new DatabaseSync(join(folder, 'registry.db'), { timeout: 0 });
  other.exec('BEGIN IMMEDIATE');
  await assert.rejects(putUser('anna'), { code: 'REGISTRY_UNAVAILABLE', message: /another process/ });
  other.exec('ROLLBACK');
  other.close();
  await putUser('anna');
  assert.equal(store.users.count(), 1);
});

test('without room nothing is promised, and what was there stays', async () => {
  await putUser('anna');
  const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count']);
  db.exec(`PRAGMA max_page_count=${pages}`);
  await assert.rejects(putUser('bert'), { code: 'REGISTRY_UNAVAILABLE', message: /no room.*make room/ });
  db.exec('PRAGMA max_page_count=100000');
  await putUser('carl');
  assert.deepEqual(
    store.users.all().map(({ name }) => name),
    ['anna', 'carl'],
  );
  assert.equal(store.audit.count(), 2, 'nothing is told of what did not happen');
});

test('a call that fails by its own fault is undone alone', async () => {
  const writer = new RegistryWriter(store);
  const answers: string[] = [];
  const reply = (name: string) => (): void => void answers.push(name);
  const fail = (error: unknown): void => void answers.push(error instanceof Error ? error.message : '');
  const token = testToken('tokena000');
  writer.group([
    { name: 'addEnrolmentToken', argument: { nowMs, token, audit: testBy }, reply: reply('first'), fail },
    { name: 'addEnrolmentToken', argument: { nowMs, token, audit: testBy }, reply: reply('second'), fail },
    {
      name: 'enrol',
      argument: { nowMs, enrolment: testEnrolment('web1', 'tokena000'), address: '' },
      reply: ({ kind }) => void answers.push(kind),
      fail,
    },
  ]);
  assert.deepEqual(answers, ['first', 'there is a token of this name already', 'granted']);
});

test('a trail that nobody takes away is bounded, and what is missing is counted, and told once there is room', async () => {
  db.exec(`INSERT INTO audit (sequence, at_ms, event) VALUES (1, 1, '{}'), (${auditRowsMax - 1}, 1, '{}')`);
  for (const name of ['anna', 'bert', 'carl']) await putUser(name);
  assert.equal(store.audit.count(), auditRowsMax);
  assert.equal(store.meta.find(auditDroppedKey), '2');
  await calls.call('auditPassedOn', { nowMs, sequence: auditRowsMax - 1 });
  await putUser('dora');
  const kept = store.audit.after(0, 10).map(({ action, details }) => [action, details['count']]);
  assert.deepEqual(kept, [
    ['user-added', undefined],
    ['audit-dropped', 2],
    ['user-added', undefined],
  ]);
  assert.equal(store.meta.find(auditDroppedKey), '0');
});
