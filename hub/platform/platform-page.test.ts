/** docs/PLATFORM-EVENTS.md tells what the code does: every event, every action of the trail, and a document as it is. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { auditAction, auditActionNames } from './audit-actions.ts';
import { auditEvent } from './audit-event.ts';
import { hubDocument } from './hub-document.ts';
import { hubEventNames } from './hub-events.ts';

const page = readFileSync(new URL('../../docs/PLATFORM-EVENTS.md', import.meta.url), 'utf8');

function section(title: string): string {
  const [, text = ''] = page.split(`\n## ${title}\n`);
  return text.split('\n## ')[0] ?? '';
}

function rows(text: string): Map<string, readonly string[]> {
  const found = [...text.matchAll(/^\| `([a-z-]+)` +\| ([a-z]+\/[a-z]+) +\| ([a-z]+)/gm)];
  return new Map(found.map(([, name = '', ...rest]) => [name, rest]));
}

test('every event of the hub is on the page, and every one there in the code', () => {
  assert.deepEqual([...rows(section('Events of a hub')).keys()].toSorted(), hubEventNames.toSorted());
});

test('so is every action of the audit trail, with its category and level', () => {
  const told = rows(section('The audit trail'));
  assert.deepEqual([...told.keys()].toSorted(), auditActionNames.toSorted());
  for (const name of auditActionNames) {
    const { category, type, level = 'info' } = auditAction(name) ?? { category: '', type: '' };
    assert.deepEqual(told.get(name), [`${category}/${type}`, level], name);
  }
});

test('the example is what the hub writes', () => {
  const [, example = ''] = /```json\n([^`]+)```/.exec(section('The audit trail')) ?? [];
  const atMs = Date.UTC(2026, 10, 21, 12, 0, 0, 123);
  const details = { token: 'k3v9x2m4', kind: 'agent', uses: 20, ttl: '24h' };
  const done = {
    action: 'token-created',
    actor: 'anna',
    address: '192.0.2.7:50312',
    outcome: 'success',
    tenant: 'acme',
  } as const;
  const host = 'hub1.example.com';
  const teller = { host, agentId: '5f'.repeat(16), version: '0.1.0', labels: {}, type: 'tributary-hub', site: 'main' } as const;
  const written: unknown = JSON.parse(hubDocument(auditEvent({ ...done, details, sequence: 17, atMs }), teller, { nowMs: atMs }));
  assert.deepEqual(JSON.parse(example), written);
});

test('what did not succeed is a warning that says so, and an address is told apart from its port', () => {
  const stored = { actor: '', outcome: 'failure', tenant: undefined, details: {}, sequence: 1, atMs: 1 } as const;
  const failed = auditEvent({ ...stored, action: 'user-logged-in', address: '[2001:db8::1]:4711' });
  assert.partialDeepStrictEqual(failed, {
    level: 'warn',
    outcome: 'failure',
    message: 'somebody tried to sign in and was refused',
  });
  assert.deepEqual(failed.fields['source'], { ip: '2001:db8::1', port: 4711 });
  assert.deepEqual(auditEvent({ ...stored, action: 'user-logged-in', address: '2001:db8::1' }).fields['source'], {
    ip: '2001:db8::1',
  });
  assert.equal(
    'source' in auditEvent({ ...stored, action: 'user-removed', address: '' }).fields,
    false,
    'the console has no address',
  );
});

test('what was searched for can be read in the trail, and no search finds the trail by it', () => {
  const pattern = 'card "4111" é 🙂';
  const done = { action: 'archive-searched', actor: 'console:anna', address: '', outcome: 'success', tenant: undefined } as const;
  const teller = { host: 'a', agentId: 'b', version: '1', labels: {}, site: 'main' };
  const event = auditEvent({ ...done, details: { pattern, pattern_kind: 'literal' }, sequence: 1, atMs: 1 });
  const text = hubDocument(event, teller, { nowMs: 1 });
  assert.partialDeepStrictEqual(JSON.parse(text), { tributary: { audit: { pattern, pattern_kind: 'literal' } } });
  for (const part of ['card', '4111', 'é']) assert.equal(text.includes(part), false, part);
});
