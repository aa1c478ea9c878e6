import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MutableFields } from '../record/fields.ts';
import { StepError, StepOptionError } from '../steps/step.ts';
import { recordOf } from '../steps/testing.ts';
import { compileExpressions } from './compile-conditions.ts';

const { condition, expression } = compileExpressions({
  'app.duration': 'long',
  'app.score': 'double',
  'app.flags': 'keyword[]',
  mine: 'boolean',
});

function holds(text: string, fields: MutableFields, line = 'the line'): boolean {
  const record = recordOf(line, {
    attributes: { tenant: 'shop', type: 'app', labels: { env: 'test' }, encoding: '', host: 'web-1', counted: false },
  });
  record.replace(fields);
  return condition(text).holds(record);
}

function problem(text: string): string {
  try {
    condition(text);
  } catch (error) {
    assert.ok(error instanceof StepOptionError);
    return error.message;
  }
  return 'nothing';
}

const status = (code: number | string): MutableFields => ({ http: { response: { status_code: code } } });

test('numbers of documents are numbers', () => {
  const conditions: [string, boolean][] = [
    ['http.response.status_code >= 500', true],
    ['http.response.status_code == 502', true],
    ['http.response.status_code != 502', false],
    ['http.response.status_code in [500, 502]', true],
    ['http.response.status_code in [500, 503]', false],
    ['http.response.status_code / 100 == 5', true],
    ['string(http.response.status_code).startsWith("5")', true],
    ['app.score > 1', true],
    ['app.score == 2', true],
    ['app.score in [1, 2]', true],
    ['app.score * 2 == 4', true],
    ['fields.app.score >= 2', true],
    ['fields.app.score in [2]', true],
    ['size(app.flags) == 2 && app.flags[1] == "b"', true],
    ['"a" in app.flags', true],
    ['app.flags.exists(f, f == "b")', true],
    ['app.flags.all(f, f == "b")', false],
    ['mine', true],
    ['!mine', false],
  ];
  for (const [text, expected] of conditions)
    assert.equal(holds(text, { ...status(502), app: { score: 2, flags: ['a', 'b'] }, mine: true }), expected, text);
});

test('a value is taken as an index would take it', () => {
  assert.equal(holds('http.response.status_code == 502', status('502')), true);
  assert.equal(holds('user.name == "42"', { user: { name: 42 } }), true);
  assert.equal(holds('"a" in tags', { tags: 'a' }), true);
  assert.equal(holds('event.created > timestamp("2026-01-01T00:00:00Z")', { event: { created: '2026-11-21T12:00:00Z' } }), true);
  assert.throws(() => holds('http.response.status_code == 502', status('many')), {
    name: 'StepError',
    type: 'condition',
    message: 'http.response.status_code == 502: http.response.status_code is not a whole number',
  });
});

test('a field that is not there makes a condition false, whatever it asks', () => {
  for (const text of [
    'http.response.status_code >= 500',
    'http.response.status_code != 500',
    '!(http.response.status_code == 500)',
    'fields.no.such == 1',
    'fields["no such"] == 1',
    'record.labels.none == ""',
    'tags[3] == "a"',
    'user.name == "a" && true',
    'user.name == "a" || false',
    'user.name == "a" ? true : true',
    'tags.exists(t, t == user.name)',
    'record.time > timestamp("2026-01-01T00:00:00Z")',
  ])
    assert.equal(holds(text, { tags: ['a'] }), false, text);
  assert.equal(holds('user.name == "a"', { user: { name: null } }), false);
});

test('what is told without it is told', () => {
  for (const text of [
    'user.name == "a" || message == "m"',
    'message == "m" || user.name == "a"',
    '!(user.name == "a" && message == "x")',
    '!has(user.name)',
    '!has(user)',
    'has(http.response)',
    'has(record.labels.env)',
    'message == "m" ? true : user.name == "a"',
    '(user.name == "a" || message == "m") == true',
    'has(user.name) ? user.name == "a" : true',
  ])
    assert.equal(holds(text, { message: 'm', ...status(200) }), true, text);
});

test('it knows the record besides its fields', () => {
  for (const text of [
    'record.host == "web-1"',
    'record.source == "/var/log/app.log"',
    'record.labels.env == "test" && record.labels["env"] == "test" && "env" in record.labels',
    'record.tenant == "shop" && record.type == "app"',
    'record.raw == "the line" && record.bytes == 8',
    'message.contains("line")',
    'record.received.getFullYear() == 2026',
  ])
    assert.equal(holds(text, {}), true, text);
  assert.equal(holds('message == "other" && record.raw == "the line"', { message: 'other' }), true);
});

test('patterns are made once, and are linear', () => {
  assert.equal(holds('message.matches("^the (?:l|x)")', {}), true);
  assert.equal(holds('message.matches("(?i)^THE")', {}), true);
  assert.equal(holds('message.matches("^(a+)+$")', {}, `${'a'.repeat(50_000)}b`), false);
  assert.equal(problem('message.matches("(")').startsWith('the pattern is no pattern'), true);
  assert.equal(
    problem('message.matches("(?=a)")'),
    'the pattern uses look-ahead or a back-reference, which could take forever (at character 17)',
  );
  assert.equal(problem('message.matches(user.name)'), 'matches takes one pattern, written there as text (at character 1)');
});

test('what is wrong is told with its place, and what was meant', () => {
  const problems: [string, string][] = [
    [
      'http.respones.status_code == 1',
      'unknown name http.respones.status_code; did you mean http.response.status_code? (at character 1)',
    ],
    ['true && http.response.status_code == "500"', 'there is no int == string (at character 9)'],
    ['a.b == 1', 'unknown name a.b; declare it under fields, or write fields.a.b (at character 1)'],
    ['userr == 1 || msg == 2', 'unknown name userr'],
    [
      'http.response == 1',
      'http.response is an object, and no value: name one of its fields, such as http.response.body.bytes (at character 1)',
    ],
    ['user.name.first == ""', 'user.name is a keyword: it has no fields (at character 1)'],
    ['record.hots == ""', 'unknown name record.hots; did you mean record.host? (at character 1)'],
    ['http.response.status_code', 'it is a int, and a condition must be true or false'],
    ['message ==', 'Unexpected token: EOF (at character 11)'],
    ['package.name == ""', 'package is a word of the language: write fields.package (at character 1)'],
    ['message\n  == 5', 'there is no string == int (at character 1)'],
    ['true ||\n  message == 5', 'there is no string == int (at line 2, character 3)'],
    ['nosuch(1) == 1', "found no matching overload for 'nosuch(int)' (at character 1)"],
    ['tags.exists(t, tags.exists(u, u == t))', 'exists stands within another loop (at character 16)'],
    ['message.split(",").exists(t, t == "a")', 'exists is only for a field, or a list that is written there (at character 1)'],
    ['message._matches("a")', 'unknown function _matches (at character 1)'],
    ['_0 == 1', 'unknown name _0'],
    [`message == "${'a'.repeat(5000)}"`, 'it is longer than 4096 characters'],
  ];
  for (const [text, expected] of problems)
    assert.ok(problem(text).startsWith(expected), `${text}\n${problem(text)}\n${expected}`);
  assert.match(
    problem('userr.name == 1 || htp.response.status_code == 2'),
    /^unknown name userr.*; and unknown name htp.*character 20\)$/,
  );
});

test('loops have an end', () => {
  const many = Array.from({ length: 1001 }, (_, index) => index);
  assert.throws(() => holds('fields.many.exists(n, n == 0)', { many }), /fields\.many has more than 1000 members/);
  assert.equal(holds('fields.many.exists(n, n == 9)', { many: many.slice(0, 1000) }), true);
});

test('what has no answer is a StepError, unless the answer does not hang on it', () => {
  for (const text of [
    'fields.a',
    'fields.a < 1',
    'app.duration / 0 == 1',
    'fields.a.matches("x")',
    'timestamp(message) < timestamp(message)',
  ])
    assert.throws(() => holds(text, { a: { b: 1 }, app: { duration: 1 } }), StepError, text);
  assert.equal(holds('app.duration / 0 == 1 || true', { app: { duration: 1 } }), true);
});

test('parentheses mean what they mean', () => {
  for (const [text, value] of [
    ['10 - (5 - 3)', 8],
    ['2 * (3 + 4) - -1', 15],
    ['12 / (6 / 2)', 4],
    ['(1 < 2) == (3 < 4) ? 1 : 2', 1],
    ['true ? false ? 1 : 2 : 3', 2],
    ['-(2 + 3)', -5],
    ['[1, 2, 3].filter(x, x > 1).map(x, x * 2)[1]', 6],
    ['cel.bind(x, 5, x * x)', 25],
    ['{"a": 1}.a + {"b": 2}["b"]', 3],
    ['1e-12 * 1e12', 1],
  ] as const)
    assert.equal(expression(text).valueOf(recordOf('')), value, text);
});

test('an expression gives what a document can hold', () => {
  const record = recordOf('GET /a');
  record.replace({ user: { name: 'ada' }, app: { duration: 1500 }, a: { b: [1, null] } });
  const values: [string, unknown][] = [
    ['"user " + user.name', 'user ada'],
    ['app.duration / 1000', 1],
    ['double(app.duration) / 1000.0', 1.5],
    ['message.split(" ")', ['GET', '/a']],
    ['fields.a', { b: [1, null] }],
    ['{"a": [1, 2], "__proto__": [3]}', { a: [1, 2] }],
    ['timestamp("2026-11-21T12:00:00Z")', '2026-11-21T12:00:00.000Z'],
    ['event.duration', undefined],
    ['has(user.name)', true],
  ];
  for (const [text, value] of values) assert.deepEqual(expression(text).valueOf(record), value, text);
  assert.throws(() => expression('b"bytes"').valueOf(record), StepError);
  assert.throws(() => expression('1.0 / 0.0').valueOf(record), StepError);
});

/** The library tells what is not compared with a constant, or is only one half of an `||`: both must say the same. */
test('what is told without the library is told as by it', () => {
  const numbers = [0, -0, 1, 399, 399.9, 400, 400.5, -1, 2 ** 53, 2 ** 60, '400', '1', 'many', null, true, [400], {}, '-0'];
  for (const operator of ['<', '<=', '>', '>=', '==', '!=']) {
    for (const constant of ['400', '0', '1', '9007199254740993']) {
      const field = 'app.duration';
      const [ours, theirs] = [`${field} ${operator} ${constant}`, `${field} + 0 ${operator} ${constant}`];
      for (const value of numbers)
        assert.deepEqual(said(ours, value), said(theirs, value), `${ours} of ${JSON.stringify(value)}`);
    }
  }
  const texts = ['', 'a', 'ab', 'b', 'ba', 1, true, null, ['a'], {}];
  for (const asked of ['== "a"', '!= "a"', '.startsWith("a")', '.endsWith("a")', '.contains("a")']) {
    for (const value of texts) {
      const [ours, theirs] = [`user.name ${asked}`, `(user.name + "") ${asked}`];
      assert.deepEqual(said(ours, value), said(theirs, value), `${ours} of ${JSON.stringify(value)}`);
    }
  }
});

/** As a condition, and as the choice between two constants. The reason why there is no answer names the expression. */
function said(text: string, value: MutableFields[string]): unknown {
  const record = recordOf('the line');
  record.replace({ app: { duration: value }, user: { name: value } });
  const answer = (ask: () => unknown): unknown => {
    try {
      return ask();
    } catch (error) {
      assert.ok(error instanceof StepError);
      return error.message.replace(/^.*?: /, '');
    }
  };
  return [
    answer(() => condition(text).holds(record)),
    answer(() => condition(`!(${text})`).holds(record)),
    answer(() => expression(`${text} ? "yes" : "no"`).valueOf(record)),
  ];
}
