import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseCaseFile } from './case-file.ts';
import { differencesOf } from './compare-case.ts';
import { tryPipeline } from './compile-trial.ts';
import { linesOf, metaOf } from './case-file.ts';
import type { CaseResult } from './run-cases.ts';
import { updatedCases } from './update-cases.ts';

const pipeline = `
steps:
  - json: {}
  - when: has(fields.many)
    split: { array: many }
  - when: has(fields.gone)
    drop: {}
  - when: has(fields.elsewhere)
    route: { type: other, outputs: [archive] }
`;

/** Cases as they stand in a file, run; and what `--update` makes of it. */
function ran(cases: string): { readonly told: string[]; readonly updated: string } {
  const text = `cases:\n${cases.trimEnd()}\n`;
  const file = parseCaseFile('app.test.yaml', text, 'app');
  const results: CaseResult[] = file.content.cases.map((one, index) => {
    const lines = tryPipeline({ name: 'app', file: '/p/app.yaml', text: pipeline }, linesOf(one), metaOf(file, one));
    const problems = differencesOf(one, lines).map(({ path, message }) => ({ file: '', path: path.join(' '), message }));
    return { name: `${index}`, test: one, ms: 0, lines, problems };
  });
  const told = results.flatMap(({ problems }) => problems.map(({ path, message }) => `${path}: ${message}`));
  return { told, updated: updatedCases(text, results) };
}

suite('a case', () => {
  for (const [name, cases, expected] of [
    [
      'looks only at what it names',
      `  - { line: '{"a":{"b":1,"c":2},"d":[1]}', document: { a: { b: 1 }, d: [1], none: null } }`,
      [],
    ],
    ['takes names with dots', `  - { line: '{"a":{"b":1}}', exact: true, document: { a.b: 1 } }`, []],
    [
      'takes names with dots in them, and times however they are written',
      `  - { line: '{"a.b":1,"@timestamp":"2026-01-02T03:04:05.000Z"}', document: { a.b: 1, '@timestamp': 2026-01-02T03:04:05Z } }`,
      [],
    ],
    ['tells what is different', `  - { line: '{"a":{"b":1}}', document: { a.b: '1' } }`, ['document a.b: expected "1", got 1']],
    [
      'tells what is different within an object',
      `  - { line: '{"a":{"b":1,"c":3}}', document: { a: { b: 2, x: 1 } } }`,
      ['document a: is another object\n  ~ b: 2 -> 1\n  - x: 1'],
    ],
    [
      'may have no more than that',
      `  - { line: '{"a":1,"b":2}', exact: true, document: { a: 1 } }`,
      ['document: has more than was expected\n  + b: 2'],
    ],
    [
      'is not dropped',
      `  - { line: '{"a":1}', dropped: true }`,
      ['dropped: expected nothing, but a document ({"a":1}) came out'],
    ],
    ['is dropped', `  - { line: '{"gone":1}', document: { a: 1 } }`, [': expected a document, but nothing came out']],
    [
      'fails, which nobody expected',
      `  - { line: nonsense }`,
      [`: its step json failed (json): it is not JSON: Unexpected token 'o', "nonsense" is not valid JSON`],
    ],
    [
      'fails, but was to have a field',
      `  - { line: nonsense, document: { error.type: json } }`,
      [`: its step json failed (json): it is not JSON: Unexpected token 'o', "nonsense" is not valid JSON`],
    ],
    ['fails as expected', `  - { line: nonsense, error: json }`, []],
    ['fails otherwise', `  - { line: nonsense, error: other }`, ['error: expected the error other, but it is "json"']],
    ['goes elsewhere', `  - { line: '{"elsewhere":1}', to: { type: other, outputs: [archive] } }`, []],
    [
      'goes where it should not',
      `  - { line: '{"elsewhere":1}', to: { type: another } }`,
      ['to: expected that it goes to log type another, but it goes to log type other, only archive'],
    ],
    [
      'has several documents',
      `  - { lines: ['{"many":[1,2]}', '{"a":1}'], documents: [{ document: { many: 1 } }, {}, { document: { a: 1 } }] }`,
      [],
    ],
    [
      'has others',
      `  - { line: '{"many":[1,2]}', documents: [{ document: { many: 1 } }, { document: { many: 3 } }] }`,
      ['documents 1 document many: expected 3, got 2'],
    ],
    [
      'has fewer',
      `  - { line: '{"many":[1,2]}', documents: [{}, {}, {}] }`,
      ['documents: expected 3 documents, but 2 documents came out'],
    ],
    [
      'has too many',
      `  - { line: '{"many":[1,2]}', document: { many: 1 } }`,
      [': expected one document, but 2 documents came out'],
    ],
  ] as const) {
    test(name, () => assert.deepEqual(ran(cases).told, expected));
  }
});

test('what is written anew passes, and the rest of the file stays as it is', () => {
  const { updated } = ran(`
  # Of the shop.
  - line: '{"a":1}' # a comment
    document: { a: 1 }
  - line: '{"a":{"b":2},"c":3}'
    document: { a.b: 1 }
  - line: '{"a":2}'
  - line: '{"many":[1,2]}'
    dropped: true
  - line: '{"gone":1}'
    document: { a: 1 }
  - line: nonsense
    to: { type: other }
`);
  assert.equal(
    updated,
    `cases:

  # Of the shop.
  - line: '{"a":1}' # a comment
    document: { a: 1 }
  - line: '{"a":{"b":2},"c":3}'
    document:
      a.b: 2
  - line: '{"a":2}'
    document:
      a: 2
  - line: '{"many":[1,2]}'
    documents:
      - document:
          many: 1
      - document:
          many: 2
  - line: '{"gone":1}'
    dropped: true
  - line: nonsense
    error: json
    document:
      error.message: "it is not JSON: Unexpected token 'o', \\"nonsense\\" is not valid JSON"
      error.type: json
      tributary.pipeline.name: app
      tributary.pipeline.step: json
`,
  );
  assert.deepEqual(ran(updated.slice('cases:\n'.length)).told, []);
});
