import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryPipeline } from './compile-trial.ts';
import type { TriedLine, TriedMeta } from './tried.ts';

const meta: TriedMeta = {
  tenant: 'shop',
  type: 'app',
  host: 'web-1',
  path: '/var/log/app.log',
  labels: {},
  receivedMs: Date.UTC(2026, 10, 21),
};

function tried(text: string, ...lines: readonly string[]): TriedLine[] {
  return tryPipeline({ name: 'app', file: '/p/app.yaml', text }, lines, meta);
}

test('each step tells what it changed', () => {
  const [line] = tried(
    `
steps:
  - json: {}
  - name: level
    set: { fields: { log.level: warn, app: 1 } }
  - remove: { fields: [took] }
  - when: 'log.level == "error"'
    drop: {}
`,
    '{"took":5,"log":{"level":"W"},"app":{"a":1,"b":[2]}}\n',
  );
  assert.ok(line !== undefined);
  assert.deepEqual(
    line.steps.map(({ index, name, kind, outcome, changes }) => [index, name, kind, outcome, changes]),
    [
      [
        0,
        'json',
        'json',
        'done',
        [
          { field: 'took', after: 5 },
          { field: 'log.level', after: 'W' },
          { field: 'app.a', after: 1 },
          { field: 'app.b', after: [2] },
        ],
      ],
      [
        1,
        'level',
        'set',
        'done',
        [
          { field: 'log.level', before: 'W', after: 'warn' },
          { field: 'app.a', before: 1 },
          { field: 'app.b', before: [2] },
          { field: 'app', after: 1 },
        ],
      ],
      [2, 'remove', 'remove', 'done', [{ field: 'took', before: 5 }]],
      [3, 'drop', 'drop', 'passed over', []],
    ],
  );
  assert.deepEqual(line.documents, [{ ordinal: 0, fields: { log: { level: 'warn' }, app: 1 } }]);
});

test('a failure is told at its step, and goes where the hub sends it', () => {
  const [first, second] = tried(
    'steps:\n  - json: {}\n    on_error: keep\n  - json: {}\n  - set: { fields: { never: true } }',
    'not JSON',
    '{}',
  );
  assert.deepEqual(
    first?.steps.map(({ outcome, error }) => [outcome, error?.type, error?.onError]),
    [
      ['failed', 'json', 'keep'],
      ['failed', 'json', 'route'],
    ],
  );
  const [document] = first.documents;
  assert.deepEqual(document?.destination, { type: 'errors' });
  assert.partialDeepStrictEqual(document.fields, {
    error: { type: 'json' },
    tributary: { pipeline: { name: 'app', step: 'json_2' } },
  });
  assert.deepEqual(second?.documents[0]?.fields, { never: true });
});

test('what is dropped, split and routed is told', () => {
  const text = `
steps:
  - split: { separator: ',' }
  - when: message == "b"
    drop: {}
  - when: message == "c"
    route: { type: other }
`;
  const [line] = tried(text, 'a,b,c');
  assert.deepEqual(
    line?.steps.map(({ index, ordinal, outcome, documents, destination }) => [index, ordinal, outcome, documents ?? destination]),
    [
      [0, 0, 'split', 3],
      [1, 0, 'passed over', undefined],
      [2, 0, 'passed over', undefined],
      [1, 1, 'dropped', undefined],
      [1, 2, 'passed over', undefined],
      [2, 2, 'done', { type: 'other' }],
    ],
  );
  assert.deepEqual(
    line.documents.map(({ ordinal, destination }) => [ordinal, destination]),
    [
      [0, undefined],
      [2, { type: 'other' }],
    ],
  );
});

test('a line is seen as it is stored', () => {
  const [line] = tried(
    'steps:\n  - redact: { scope: raw, presets: [email] }\n  - set: { fields: { a: "{{ message }}" } }',
    'of me@example.com',
  );
  assert.deepEqual([line?.text, line?.isRedacted], ['of **************', true]);
});

test('what comes out is JSON, whatever came in', () => {
  const deep = `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`;
  for (const text of ['', '\u0000', '\ud800', deep]) {
    const [line] = tried('steps:\n  - json: {}\n    on_error: keep\n  - set: { fields: { b: 1 } }', text);
    assert.equal(typeof JSON.stringify(line), 'string');
  }
});
