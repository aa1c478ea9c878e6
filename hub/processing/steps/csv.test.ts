import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csv } from './csv.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';

const abc = makeStep(csv, { columns: ['a', 'b', 'c'] });

/** The forms that RFC 4180 shows in its section 2. */
test('values are read as RFC 4180 has them', () => {
  const lines: [string, object][] = [
    ['aaa,bbb,ccc\r\n', { a: 'aaa', b: 'bbb', c: 'ccc' }],
    ['zzz,yyy,xxx', { a: 'zzz', b: 'yyy', c: 'xxx' }],
    ['"aaa","bbb","ccc"', { a: 'aaa', b: 'bbb', c: 'ccc' }],
    ['"aaa","b\r\nbb","ccc"', { a: 'aaa', b: 'b\r\nbb', c: 'ccc' }],
    ['"aaa","b""bb","ccc"', { a: 'aaa', b: 'b"bb', c: 'ccc' }],
    ['"a,a", b b ,""""', { a: 'a,a', b: ' b b ', c: '"' }],
    [',"",', { b: '' }],
  ];
  for (const [line, fields] of lines) assert.deepEqual(tryStep(abc, line).record.fields, fields, line);
});

test('columns have fields and types, or are left out', () => {
  const step = makeStep(csv, { columns: ['source.ip:ip', null, 'http.response.status_code:int'], separator: '\t', quote: "'" });
  assert.deepEqual(tryStep(step, "192.0.2.1\tx\t'200'").record.fields, {
    source: { ip: '192.0.2.1' },
    http: { response: { status_code: 200 } },
  });
});

test('another number of values is a mistake, unless they may be ragged', () => {
  for (const line of ['a,b', 'a,b,c,d', '']) assert.throws(() => tryStep(abc, line), { type: 'csv' }, line);
  const ragged = makeStep(csv, { columns: ['a', 'b'], ragged: true });
  assert.deepEqual(tryStep(ragged, '1').record.fields, { a: '1' });
  assert.deepEqual(tryStep(ragged, '1,2,3').record.fields, { a: '1', b: '2' });
});

test('what is no CSV is refused, and leaves the record as it was', () => {
  const step = makeStep(csv, { columns: ['a', 'b:int', 'c'] });
  for (const line of ['"a,1,c', '"a"x,1,c', 'a,one,c']) {
    const record = recordOf(line);
    assert.throws(() => tryStep(step, record), { name: 'StepError' }, line);
    assert.deepEqual(record.fields, {});
  }
});

test('columns are checked', () => {
  const problem = (columns: string[]): string => csv.options.safeParse({ columns }).error?.issues[0]?.message ?? '';
  assert.equal(problem(['a:itn']), 'there is no type itn; did you mean int?');
  assert.match(problem(['a..b']), /names with dots/);
});
