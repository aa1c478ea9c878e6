import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logfmt } from './logfmt.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';

test('names have values, with quotes and without', () => {
  const { record } = tryStep(
    makeStep(logfmt, { fields: { status: 'http.response.status_code:int' } }),
    'at=info method=GET path="/a b" note="say \\"hi\\"\\n" status=200 empty= secure url=http://a/?b=c\n',
  );
  assert.deepEqual(record.fields, {
    at: 'info',
    method: 'GET',
    path: '/a b',
    note: 'say "hi"\n',
    http: { response: { status_code: 200 } },
    empty: '',
    secure: true,
    url: 'http://a/?b=c',
  });
});

test('names with dots are paths', () => {
  const { record } = tryStep(makeStep(logfmt, { to: 'app' }), 'a.b=1 a.c=2 ..=3 __proto__=4 a.__proto__.d=5');
  assert.deepEqual(record.fields, { app: { a: { b: '1', c: '2' }, '..': '3', ['__proto__']: '4', 'a.__proto__.d': '5' } });
  assert.equal(Reflect.get({}, 'd'), undefined);
});

test('what is not logfmt is refused', () => {
  for (const text of ['', '   ', 'a whole sentence', 'a="not closed', '=value', '"a"=b', 'a=1 b"c=2', 'ms=1']) {
    const record = recordOf(text);
    const step = makeStep(logfmt, { fields: { ms: 'event.duration:ip' } });
    assert.throws(() => tryStep(step, record), { name: 'StepError' }, text);
    assert.deepEqual(record.fields, {});
  }
});
