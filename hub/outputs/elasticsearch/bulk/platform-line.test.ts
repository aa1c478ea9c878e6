import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlockDocument } from '../../../processing/block-documents.ts';
import { DocumentLines } from './document-lines.ts';

const receivedMs = Date.parse('2026-11-22T01:02:03.004Z');
const stream: BlockDocument['stream'] = {
  key: { siteId: '1'.repeat(32), agentId: '2'.repeat(32), streamId: '3'.repeat(32) },
  attributes: { tenant: 'acme', type: 'platform', host: 'web1', encoding: 'utf-8', counted: true, labels: {} },
  path: 'metrics',
  from: 0,
};

const dayMs = 86_400_000;
const rules = {
  output: 'es',
  original: true,
  indices: 'daily',
  platformNames: 'platform',
  dayPastMs: 30 * dayMs,
  dayFutureMs: dayMs,
} as const;

function documentOf(text: string): BlockDocument {
  const raw = Buffer.from(text);
  return {
    stream,
    receivedMs,
    position: 0,
    ordinal: 0,
    isPartial: false,
    eventMs: undefined,
    raw,
    fields: undefined,
    route: {},
  };
}

/** The lines of one document, each read as JSON, and what is told besides. */
function linesOf(
  channel: string,
  text: string,
  changes: Partial<BlockDocument> = {},
): { action: unknown; text: string; kinds: object } {
  const lines = new DocumentLines(channel, rules, 100);
  lines.add({ ...documentOf(text), ...changes });
  const { bytes, kinds, names } = lines.finish({ rejected: [], isRestored: false });
  const [action = '', document = ''] = Buffer.from(bytes).toString().split('\n');
  const parsed: { create: Record<'_index', string> } = JSON.parse(action);
  assert.deepEqual(names, [parsed.create['_index']]);
  return { action: parsed, text: document, kinds };
}

test('sets of metrics that have no name of their own go to one, and say which they are', () => {
  const metricSets = { known: ['a'], isFull: true };
  const lines = new DocumentLines('acme/platform', { ...rules, indices: 'data_stream', metricSets }, 100);
  for (const set of ['a', 'b', 'c', 'other']) lines.add(documentOf(`{"event":{"kind":"metric","dataset":"${set}"}}\n`));
  const { names, newSets, otherSets, bytes } = lines.finish({ rejected: [], isRestored: false });
  assert.deepEqual([names, newSets, otherSets], [['metrics-a-acme', 'metrics-other-acme'], [], 2]);
  assert.match(Buffer.from(bytes).toString(), /"dataset":"other".*"dataset":"b"/);
  const open = new DocumentLines('acme/platform', { ...rules, metricSets: { known: ['a'], isFull: false } }, 100);
  for (const set of ['a', 'b', 'b']) open.add(documentOf(`{"event":{"kind":"metric","dataset":"${set}"}}\n`));
  assert.deepEqual(open.finish({ rejected: [], isRestored: false }).newSets, ['b']);
});

test('a record of the platform channel goes where its dispatcher says, by its own day', () => {
  const { action, kinds, text } = linesOf(
    'acme/platform',
    '{"@timestamp":"2026-11-20T23:59:59Z","event":{"kind":"metric","dataset":"system.cpu"}}\n',
  );
  assert.partialDeepStrictEqual(action, { create: { _index: 'metrics-system.cpu-acme-2026.11.20' } });
  assert.deepEqual(kinds, { metrics: 1 });
  assert.partialDeepStrictEqual(JSON.parse(text), {
    host: { name: 'web1' },
    data_stream: { type: 'metrics', dataset: 'system.cpu' },
  });
});

test('what cannot be read is kept, and what a pipeline or a hub named has that name', () => {
  const unreadable = linesOf('acme/platform', 'no json\r\n');
  assert.partialDeepStrictEqual(JSON.parse(unreadable.text), { message: 'no json', data_stream: { dataset: 'unreadable' } });
  assert.deepEqual(unreadable.kinds, { unreadable: 1 });
  const routed = linesOf('acme/platform', '{"a":1}', { route: { index: 'mine' } });
  assert.partialDeepStrictEqual(routed.action, { create: { _index: 'mine-2026.11.22' } });
  const id = 'ab'.repeat(16);
  const named = linesOf('acme/platform', JSON.stringify({ agent: { type: 'tributary-hub' }, event: { id } }));
  assert.partialDeepStrictEqual(named.action, { create: { _id: id } });
});

test('a line that is JSON itself goes with each member once, at every depth', () => {
  for (const text of ['{"a":1,"b":{"c":1,"c":2}}', '{"a":2,"a":1,"b":{"c":2}}', '{"b":{"\\u0063":1,"c":2},"a":1}']) {
    const raw = Buffer.from(text);
    const document = linesOf('acme/app', text, { raw, fields: raw }).text;
    assert.equal(document.match(/"c":/g)?.length, 1, document);
    assert.equal(document.match(/"a":/g)?.length, 1, document);
    assert.partialDeepStrictEqual(JSON.parse(document), { a: 1, b: { c: 2 } });
  }
});
