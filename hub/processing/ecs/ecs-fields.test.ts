import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFieldPath } from '../record/fields.ts';
import { ecsFields } from './ecs-fields.ts';
import { ecsVersion } from './ecs-table.ts';

test('fields of ECS have the types that its reference gives them', () => {
  assert.equal(ecsVersion, '9.4.0');
  assert.equal(ecsFields.size, 2594);
  const some = {
    '@timestamp': 'date',
    message: 'match_only_text',
    labels: 'object',
    tags: 'keyword[]',
    'event.category': 'keyword[]',
    'http.response.status_code': 'long',
    'source.geo.location': 'geo_point',
    'url.path': 'wildcard',
    'log.syslog.structured_data': 'flattened',
    'process.parent.thread.capabilities.effective': 'keyword[]',
    'threat.enrichments': 'nested[]',
    'threat.enrichments.indicator.file.elf.sections.physical_size': 'long',
    'dns.answers': 'object[]',
    'dns.answers.ttl': 'long',
  };
  assert.deepEqual(Object.fromEntries(Object.keys(some).map((name) => [name, ecsFields.get(name)])), some);
});

test('what has its fields named is there by them only', () => {
  for (const name of ['http', 'http.response', 'log.syslog', 'process.tty']) assert.equal(ecsFields.has(name), false, name);
});

test('every name is a path', () => {
  for (const name of ecsFields.keys()) assert.notEqual(parseFieldPath(name), undefined, name);
});
