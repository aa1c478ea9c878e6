import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { nameTrouble } from '../../outputs/elasticsearch/index-names.ts';
import { dispatch, type Dispatched, type PlatformRecord } from './dispatch.ts';
import { platformFixtures } from './fixtures.ts';
import { beatNames, platformKinds } from './platform-kind.ts';

const receivedMs = Date.parse('2026-11-22T01:02:03.004Z');
const origin: PlatformRecord['origin'] = {
  siteId: '1'.repeat(32),
  agentId: '2'.repeat(32),
  streamId: '3'.repeat(32),
  position: 5,
  ordinal: 0,
  isPartial: false,
  encoding: '',
  host: 'edge1',
  labels: { env: 'prod' },
};

function dispatched(
  text: string,
  changes: Partial<PlatformRecord> = {},
): Dispatched & { readonly fields: Record<string, unknown> } {
  const done = dispatch(
    { tenant: 'acme', text, receivedMs, eventMs: undefined, origin, ...changes },
    { platformNames: 'platform' },
  );
  assert.equal(nameTrouble(done.name), undefined);
  return { ...done, fields: JSON.parse(done.document) };
}

for (const { title, name, beatsName = name, document } of platformFixtures) {
  test(`${title} goes to ${name} with all that it has`, () => {
    const { '@metadata': _metadata, '@timestamp': at = '2026-11-22T01:02:03.004Z', ...own } = document;
    const text = JSON.stringify(document);
    const { fields, ...done } = dispatched(text);
    assert.equal(done.name, name);
    const isDotted = Object.keys(own).some((one) => one.includes('.'));
    if (!isDotted) assert.partialDeepStrictEqual(fields, { ...own, '@timestamp': at });
    assert.equal('@metadata' in fields, false);
    const [type, dataset, namespace] = name.split('-');
    assert.deepEqual(fields['data_stream'], { type, dataset, namespace });
    assert.equal(
      dispatch({ tenant: 'acme', text, receivedMs, eventMs: undefined, origin }, { platformNames: 'beats' }).name,
      beatsName,
    );
  });
}

test('what the hub knows of a record is added, and its own stays', () => {
  const { fields } = dispatched(
    '{"host":{"ip":"192.0.2.1"},"labels":{"env":"test"},"event":{"action":"x"},"tributary":{"position":17}}',
  );
  assert.deepEqual(fields, {
    '@timestamp': '2026-11-22T01:02:03.004Z',
    data_stream: { type: 'platform', dataset: 'other', namespace: 'acme' },
    host: { name: 'edge1', ip: '192.0.2.1' },
    labels: { env: 'test' },
    event: { action: 'x', ingested: '2026-11-22T01:02:03.004Z' },
    tributary: { position: 17, record: { site: origin.siteId, stream: origin.streamId, position: 5, ordinal: 0 } },
    ecs: { version: '9.4.0' },
    agent: { id: origin.agentId },
  });
});

test('texts where objects belong are told apart, as no index could have both', () => {
  const { fields, name } = dispatched('{"host":"web9","event":"backup finished","labels":["a"],"@timestamp":"yesterday"}');
  assert.equal(name, 'platform-other-acme');
  assert.partialDeepStrictEqual(fields, {
    '@timestamp': '2026-11-22T01:02:03.004Z',
    host: { name: 'web9' },
    event: { ingested: '2026-11-22T01:02:03.004Z' },
    labels: { env: 'prod' },
    tributary: { record: { replaced: { event: 'backup finished', labels: '["a"]', timestamp: 'yesterday' } } },
  });
});

test('times are read in the forms that programs write, and what a pipeline found comes first', () => {
  const timeOf = (json: string, eventMs?: number): unknown =>
    dispatched(`{"@timestamp":${json}}`, { eventMs }).fields['@timestamp'];
  assert.equal(timeOf('"2026-11-21T12:00:00.123456789+02:00"'), '2026-11-21T12:00:00.123456789+02:00');
  assert.equal(timeOf('"2026-11-21 12:00:00,5"'), '2026-11-21T12:00:00.500Z');
  assert.equal(timeOf('1795262400123'), '2026-11-21T12:00:00.123Z');
  assert.equal(timeOf('"1795262400123"'), '2026-11-21T12:00:00.123Z');
  assert.equal(timeOf('1e300'), '2026-11-22T01:02:03.004Z');
  assert.equal(timeOf('"2026-11-21T12:00:00Z"', 0), '1970-01-01T00:00:00.000Z');
  assert.equal(dispatched('{"@timestamp":"2026-11-21T12:00:00.9Z"}').timeMs, Date.parse('2026-11-21T12:00:00.9Z'));
});

test('each member is there once, and numbers keep their digits', () => {
  const { document } = dispatched('{"a":1,"b":{"c":1,"c":18446744073709551615},"a":9223372036854775807,"d":0.10,"e":1e400}');
  assert.match(document, /"a":9223372036854775807,"b":\{"c":18446744073709551615\},"d":0\.10,"e":1e400/);
  assert.equal(document.match(/"a":/g)?.length, 1);
});

for (const [title, text, kind] of [
  ['no JSON', 'backup: done', 'not-json'],
  ['half of a document', '{"event":{"kind":"metric"', 'not-json'],
  ['nothing', '', 'not-json'],
  ['a list', '[{"event":{}}]', 'no-object'],
  ['a text', '"hello"', 'no-object'],
  ['null', 'null', 'no-object'],
  ['objects that stand too deep', `${'{"a":'.repeat(21)}1${'}'.repeat(21)}`, 'too-deep'],
  ['lists that stand too deep', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'too-deep'],
  [
    'lists that stand too deep, with a long number',
    `{"n":12345678901234567,"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    'too-deep',
  ],
] as const) {
  test(`${title} is kept as it came`, () => {
    const { name, kind: place, id, timeMs, fields } = dispatched(text);
    assert.deepEqual([name, place, id, timeMs], ['platform-unreadable-acme', 'unreadable', undefined, receivedMs]);
    assert.equal(fields['message'], text);
    assert.partialDeepStrictEqual(fields, {
      '@timestamp': '2026-11-22T01:02:03.004Z',
      error: { type: kind },
      host: { name: 'edge1' },
      tributary: { record: { stream: origin.streamId, position: 5 } },
    });
  });
}

test('only a hub names its events itself', () => {
  const id = 'ef'.repeat(16);
  assert.equal(dispatched(JSON.stringify({ agent: { type: 'tributary-hub' }, event: { id } })).id, id);
  assert.equal(dispatched(JSON.stringify({ agent: { type: 'auditbeat' }, event: { id } })).id, undefined);
  assert.equal(dispatched(JSON.stringify({ agent: { type: 'tributary-hub' }, event: { id: '7' } })).id, undefined);
});

test('names that JavaScript has for itself are names like any other', () => {
  const { document } = dispatched('{"__proto__":{"polluted":1},"constructor":{"name":"x"},"agent":{"type":"constructor"}}');
  assert.match(document, /"__proto__":\{"polluted":1\}/);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

test("the page's event of a job goes to the jobs", () => {
  const page = readFileSync(new URL('../../../docs/PLATFORM-EVENTS.md', import.meta.url), 'utf8');
  const [, text = ''] = /^ {2}-d '(\{.*\})'$/m.exec(page) ?? [];
  const { name, fields } = dispatched(text);
  assert.equal(name, 'platform-jobs-acme');
  assert.partialDeepStrictEqual(fields, { job: { name: 'backup' }, event: { outcome: 'failure', duration: 93_000_000_000 } });
});

test('the page has every index of platform events', () => {
  const page = readFileSync(new URL('../../../docs/PLATFORM-EVENTS.md', import.meta.url), 'utf8');
  const beats: ReadonlySet<string> = new Set(beatNames);
  for (const kind of platformKinds) if (!beats.has(kind)) assert.ok(page.includes(`\`platform-${kind}-<tenant>\``), kind);
  for (const beat of beatNames) assert.match(page, new RegExp(beat, 'i'));
});
