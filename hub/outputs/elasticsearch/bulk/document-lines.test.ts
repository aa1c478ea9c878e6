import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlockDocument } from '../../../processing/block-documents.ts';
import type { BlockStream } from '../../../processing/block.ts';
import { documentId } from '../../../processing/engine/document-id.ts';
import { ecsVersion } from '../../../processing/ecs/ecs-table.ts';
import type { LineRules, Lines } from './bulk-contract.ts';
import { DocumentLines } from './document-lines.ts';

const key = { siteId: '1'.repeat(32), agentId: '2'.repeat(32), streamId: '3'.repeat(32) };
const attributes = { tenant: 'acme', type: 'app', host: 'web1', encoding: '', counted: false, labels: { env: 'prod' } };
const stream: BlockStream = { key, attributes, path: '/var/log/app.log', from: 0 };
const receivedMs = Date.UTC(2026, 10, 22, 12);
const dayMs = 86_400_000;
const rules: LineRules = {
  output: 'main',
  original: true,
  indices: 'data_stream',
  platformNames: 'platform',
  dayPastMs: 60 * dayMs,
  dayFutureMs: dayMs,
};

function documentOf(changes: Partial<BlockDocument> & { readonly line?: string; readonly json?: string }): BlockDocument {
  const { line = 'a line\n', json, ...rest } = changes;
  return {
    stream,
    receivedMs,
    position: 7,
    ordinal: 0,
    isPartial: false,
    eventMs: undefined,
    raw: Buffer.from(line),
    fields: json === undefined ? undefined : Buffer.from(json),
    route: {},
    ...rest,
  };
}

function linesOf(documents: readonly BlockDocument[], changes: Partial<LineRules> = {}): Lines {
  const lines = new DocumentLines('acme/app', { ...rules, ...changes }, 1000);
  for (const document of documents) lines.add(document);
  return lines.finish({ rejected: [], isRestored: false });
}

/** The two lines of each document. */
function made(documents: readonly BlockDocument[], changes: Partial<LineRules> = {}): { action: unknown; text: string }[] {
  const { bytes, ends } = linesOf(documents, changes);
  let start = 0;
  return [...ends].map((end) => {
    const [action = '', text = '', after] = Buffer.from(bytes).subarray(start, end).toString().split('\n');
    assert.equal(after, '');
    start = end;
    return { action: JSON.parse(action), text };
  });
}

function bodyOf(changes: Parameters<typeof documentOf>[0], rulesOf: Partial<LineRules> = {}): unknown {
  const [first] = made([documentOf(changes)], rulesOf);
  return JSON.parse(first?.text ?? '');
}

const common = {
  '@timestamp': '2026-11-22T12:00:00.000Z',
  data_stream: { type: 'logs', dataset: 'app', namespace: 'acme' },
  host: { name: 'web1' },
  agent: { id: key.agentId },
  log: { file: { path: '/var/log/app.log' } },
  labels: { env: 'prod' },
  ecs: { version: ecsVersion },
  event: { ingested: '2026-11-22T12:00:00.000Z' },
  tributary: { site: key.siteId, stream: key.streamId, position: 7, ordinal: 0 },
};

test('a line as it came', () => {
  const [first] = made([documentOf({ line: 'say "hi" \\ é\t\r\n' })]);
  assert.deepEqual(first?.action, { create: { _index: 'logs-app-acme', _id: documentId(key, 7, 0) } });
  assert.deepEqual(JSON.parse(first?.text ?? ''), { ...common, message: 'say "hi" \\ é\t' });
});

test('what a pipeline found is there as it wrote it, with the line beside it', () => {
  const json = '{"message":"hi","http":{"response":{"status_code":200}},"big":12345678901234567890}';
  const [first] = made([documentOf({ json, eventMs: receivedMs - 1500 })]);
  assert.match(first?.text ?? '', /"big":12345678901234567890/, 'numbers are not read and written again');
  assert.deepEqual(JSON.parse(first?.text ?? ''), {
    ...common,
    ...JSON.parse(json),
    '@timestamp': '2026-11-22T11:59:58.500Z',
    event: { ...common.event, original: 'a line' },
  });
  assert.deepEqual(bodyOf({ json }, { original: false }), { ...common, ...JSON.parse(json) });
  assert.deepEqual(bodyOf({ json: '{"a":1}' }), { ...common, a: 1, message: 'a line' }, 'the line is there once');
});

test('where both say something, it is put together, and what a pipeline says stays', () => {
  const json =
    '{"host":{"name":"other","ip":["::1"]},"labels":{"env":"test","x":"y"},"event":{"kind":"event","original":"own"},"log":{"level":"info"},"message":"m"}';
  assert.deepEqual(bodyOf({ json }), {
    ...common,
    host: { name: 'other', ip: ['::1'] },
    labels: { env: 'test', x: 'y' },
    event: { ...common.event, kind: 'event', original: 'own' },
    log: { ...common.log, level: 'info' },
    message: 'm',
  });
  const own =
    '{"@timestamp":"never","data_stream":{"type":"x"},"tributary":{"position":1,"pipeline":{"name":"p"}},"message":"m"}';
  assert.deepEqual(bodyOf({ json: own, line: '' }), {
    ...common,
    tributary: { ...common.tributary, pipeline: { name: 'p' } },
    message: 'm',
  });
  assert.deepEqual(bodyOf({ json: '{"host":{},"host2":{}}' }), { ...common, host2: {}, message: 'a line' });
});

/** Seen as a field with two values, of which a search finds both: a pipeline writes names with dots, the hub objects. */
test('a name with dots says what an object says: a field has one value', () => {
  const { host: _host, log: _log, ...rest } = common;
  const json = '{"host.name":"other","log.file.path":"/own","log.level":"info","message":"m"}';
  assert.deepEqual(bodyOf({ json }, { original: false }), { ...rest, ...JSON.parse(json) });
  const besides = '{"host.ip":"::1","log.file.name":"own","labels.x":"y","event.kind":"event","message":"m"}';
  assert.deepEqual(bodyOf({ json: besides }, { original: false }), { ...common, ...JSON.parse(besides) });
  const within = '{"log":{"file.path":"/own","level":"info"},"labels.env":"test","event.ingested":"then","message":"m"}';
  const { labels: _labels, event: _event, ...others } = common;
  assert.deepEqual(bodyOf({ json: within }, { original: false }), { ...others, ...JSON.parse(within) });
  const ours = '{"data_stream.type":"x","tributary.position":1,"tributary.pipeline.name":"p","message":"m"}';
  assert.deepEqual(bodyOf({ json: ours }, { original: false }), { ...common, 'tributary.pipeline.name': 'p', message: 'm' });
  assert.deepEqual(bodyOf({ json: '{"data_stream.type":"x"}', line: '' }), common, 'nothing of theirs is left');
});

test('bytes that are not UTF-8 are read by what the stream declares, and it is told', () => {
  const latin = { ...stream, attributes: { ...attributes, encoding: 'ISO-8859-1' } };
  const raw = Buffer.from('gr\xfcn\n', 'latin1');
  const told = (encoding: string): object => ({ ...common.tributary, encoding });
  assert.deepEqual(bodyOf({ stream: latin, raw }), { ...common, tributary: told('iso-8859-1'), message: 'grün' });
  assert.deepEqual(bodyOf({ raw }), { ...common, tributary: told('not utf-8'), message: 'gr\ufffdn' });
});

test('what cannot be read again has no file', () => {
  const counted = { ...stream, path: 'udp 0.0.0.0:514', attributes: { ...attributes, counted: true, labels: {}, host: '' } };
  const { log: _log, labels: _labels, host: _host, ...rest } = common;
  const tributary = { ...common.tributary, source: 'udp 0.0.0.0:514', partial: true };
  assert.deepEqual(bodyOf({ stream: counted, isPartial: true }), { ...rest, tributary, message: 'a line' });
});

test('documents go where their route says, and those of other outputs nowhere', () => {
  const lines = linesOf([
    documentOf({ route: { outputs: ['other'] } }),
    documentOf({ position: 8, route: { outputs: ['other', 'main'], index: 'special' } }),
    documentOf({ position: 9, route: { index: '.security' } }),
  ]);
  assert.equal(lines.passedOver, 1);
  assert.deepEqual(lines.names, ['special', 'logs-app-acme']);
  assert.deepEqual(
    lines.refused.map(({ document, type }) => [document, type]),
    [[1, 'invalid_index_name_exception']],
  );
});

test('a wild time makes no daily index, and the document keeps it', () => {
  const documents = [0, 253_402_300_799_999].map((eventMs) => documentOf({ eventMs }));
  const lines = linesOf([...documents, documentOf({})], { indices: 'daily' });
  assert.deepEqual([lines.names, lines.wild], [['logs-app-acme-2026.11.22'], 2]);
  assert.match(Buffer.from(lines.bytes).toString(), /"@timestamp":"1970-01-01T00:00:00.000Z".*"@timestamp":"9999-12-31T/s);
  assert.equal(linesOf(documents).wild, 0, 'of data streams any time is good');
});

test('a daily index is that of the document itself', () => {
  const documents = [documentOf({ eventMs: Date.UTC(2026, 9, 3, 23, 59) }), documentOf({ position: 8 })];
  assert.deepEqual(linesOf(documents, { indices: 'daily' }).names, ['logs-app-acme-2026.10.03', 'logs-app-acme-2026.11.22']);
});

test('an entry that turns out unreadable leaves nothing', () => {
  const lines = new DocumentLines('acme/app', rules, 1000);
  lines.add(documentOf({}));
  const takeBack = lines.mark();
  lines.add(documentOf({ position: 8, route: { index: 'BAD' } }));
  takeBack();
  const { ends, bytes, refused } = lines.finish({ rejected: [], isRestored: false });
  assert.deepEqual([ends.length, refused.length, bytes.length], [1, 0, ends[0]]);
});

test('a record of several lines that is JSON is one line of the request', () => {
  const raw = Buffer.from('{"a":\n{"delete":{"_index":"theirs","_id":"1"}},\r\n"big":12345678901234567890\n}\n');
  const [first] = made([documentOf({ raw, fields: raw })]);
  assert.match(first?.text ?? '', /"big":12345678901234567890/);
  const { a } = JSON.parse(first?.text ?? '');
  assert.deepEqual(a, { delete: { _index: 'theirs', _id: '1' } });
});

test('nobody says in place of the hub where a document is from', () => {
  for (const theirs of ['null', '{"site":"forged","a\\"b":1}', '[1]', '{"\\u0073ite":"forged"}']) {
    const raw = Buffer.from(`{"message":"m","tributary":${theirs}}\n`);
    const { tributary } = JSON.parse(made([documentOf({ raw, fields: raw })])[0]?.text ?? '');
    assert.partialDeepStrictEqual(tributary, { site: key.siteId, stream: key.streamId, position: 7 }, theirs);
  }
});
