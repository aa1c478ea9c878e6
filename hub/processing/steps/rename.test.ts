import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rename } from './rename.ts';
import { makeStep, recordOf, tryStep } from './testing.ts';

test('fields get their names all at once', () => {
  const record = recordOf('');
  record.replace({ a: 1, b: 2, status: 200, deep: { only: 'x' }, own: { a: 1 } });
  tryStep(
    makeStep(rename, {
      fields: { a: 'b', b: 'a', status: 'http.response.status_code', 'deep.only': 'deep', own: 'own.inner', none: 'a.none' },
    }),
    record,
  );
  assert.deepEqual(record.fields, { a: 2, b: 1, http: { response: { status_code: 200 } }, deep: 'x', own: { inner: { a: 1 } } });
});

test('a record with none of them stays what it was', () => {
  const record = recordOf('{"c":1}');
  record.replaceByRawJson({ c: 1 });
  tryStep(makeStep(rename, { fields: { a: 'b' } }), record);
  assert.equal(record.isRawJson, true);
});
