import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FolderLockedError, lockFolder } from './folder-lock.ts';
import { IdentityError, takeIdentity } from './identity.ts';

const machine = { machineId: '0123456789abcdef0123456789abcdef', bootId: 'b6f3c9f0' };

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-identity-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

void test('the id stays and the start counter rises, whatever the clock says', (t) => {
  const folder = folderFor(t);
  const first = takeIdentity({ folder, nowMs: 5000, machine });
  const second = takeIdentity({ folder, nowMs: 4000, machine });
  const third = takeIdentity({ folder, nowMs: 9000, machine });
  assert.deepEqual([first.startCounter, second.startCounter, third.startCounter], [5000, 5001, 9000]);
  assert.equal(second.agentId, first.agentId);
  assert.match(first.agentId, /^[0-9a-f]{32}$/);
  assert.equal(first.bootId, second.bootId);
  assert.deepEqual(readdirSync(folder), ['identity.json']);
});

void test('a lost folder derives the same id again, and another folder another one', (t) => {
  const folder = folderFor(t);
  const first = takeIdentity({ folder, nowMs: 1, machine });
  rmSync(join(folder, 'identity.json'));
  const again = takeIdentity({ folder, nowMs: 2, machine });
  const elsewhere = takeIdentity({ folder: folderFor(t), nowMs: 2, machine });
  assert.equal(again.agentId, first.agentId);
  assert.notEqual(elsewhere.agentId, first.agentId);
});

void test('an agent that is new in its folder is the one that its certificate names; one that was there stays who it is', (t) => {
  const folder = folderFor(t);
  const certified = '7'.repeat(32);
  assert.equal(takeIdentity({ folder, nowMs: 1, machine, certified }).agentId, certified);
  assert.equal(takeIdentity({ folder, nowMs: 2, machine, certified: '8'.repeat(32) }).agentId, certified);
  assert.equal(takeIdentity({ folder, nowMs: 3, machine }).agentId, certified);
});

test('without a machine id the agent id is drawn, and kept', (t) => {
  const folder = folderFor(t);
  const unknown = { machineId: undefined, bootId: undefined };
  const first = takeIdentity({ folder, nowMs: 1, machine: unknown });
  const second = takeIdentity({ folder, nowMs: 2, machine: unknown });
  assert.equal(second.agentId, first.agentId);
  assert.equal(second.instanceId, first.instanceId);
  assert.notEqual(second.bootId, first.bootId);
});

void test('a file that is no identity is refused instead of replaced', (t) => {
  const folder = folderFor(t);
  for (const text of ['', 'not json', '{"version":2}', '{"version":1,"agentId":"x","startCounter":1}']) {
    writeFileSync(join(folder, 'identity.json'), text);
    assert.throws(() => takeIdentity({ folder, nowMs: 1, machine }), IdentityError);
  }
});

void test('a second agent on one folder is told so, until the first is gone', (t) => {
  const folder = folderFor(t);
  const lock = lockFolder(folder);
  assert.throws(() => lockFolder(folder), FolderLockedError);
  lock[Symbol.dispose]();
  lockFolder(folder)[Symbol.dispose]();
});
