import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { auditEntry, auditQuery } from './audit-entry.ts';

const record = {
  at: { agent: 'a', stream: 's', position: 0, ordinal: 0 },
  tenant: 'tributary',
  type: 'platform',
  receivedMs: 5000,
  host: 'hub1',
  source: '',
  labels: {},
  line: '',
  cut: false,
};

suite('the audit trail on the page', () => {
  test('an event is told by its fields', () => {
    const fields = {
      '@timestamp': '2026-11-22T10:00:00.000Z',
      event: { action: 'token-created', outcome: 'failure' },
      message: 'an enrolment token was created',
      user: { name: 'anna' },
      source: { ip: '10.0.0.7', port: 4711 },
      tributary: { audit: { sequence: 17, tenant: 'shop', token: 'a1b2' } },
    };
    assert.deepEqual(auditEntry({ ...record, fields }), {
      key: '17 2026-11-22T10:00:00.000Z',
      atMs: Date.parse('2026-11-22T10:00:00Z'),
      who: 'anna',
      address: '10.0.0.7',
      action: 'token-created',
      message: 'an enrolment token was created',
      isFailure: true,
      details: [
        ['tenant', 'shop'],
        ['token', 'a1b2'],
      ],
    });
    assert.equal(auditEntry({ ...record, fields: { event: { action: 'hub-measured' } } }), undefined);
    assert.equal(auditEntry(record), undefined);
  });

  test('it is searched for by who and what', () => {
    const asked = { who: 'anna', what: 'hub-started' };
    assert.equal(auditQuery({ who: '', what: '' }), 'tributary.audit.sequence:*');
    assert.equal(auditQuery(asked), 'tributary.audit.sequence:* AND user.name:"anna" AND event.action:"hub-started"');
  });
});
