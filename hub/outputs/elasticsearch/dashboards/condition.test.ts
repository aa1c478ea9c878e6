import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, atLeast, has, is, kqlOf, luceneOf, not } from './condition.ts';
import { queryOfKql } from './testing/kql.ts';

test('conditions are said in the words of Kibana and of Lucene', () => {
  const condition = all(
    is('event.module', 'nginx', 'apache'),
    not(has('error.message')),
    atLeast('http.response.status_code', 500),
  );
  assert.equal(
    kqlOf(condition),
    'event.module : ("nginx" or "apache") and (not (error.message : *)) and http.response.status_code >= 500',
  );
  assert.equal(
    luceneOf(condition),
    'event.module:("nginx" OR "apache") AND (*:* AND NOT (_exists_:error.message)) AND http.response.status_code:>=500',
  );
  assert.equal(kqlOf(is('message', String.raw`a "b" \c`)), String.raw`message : "a \"b\" \\c"`);
  assert.deepEqual([kqlOf(undefined), luceneOf(undefined)], ['', '*']);
});

test('what the tests ask Elasticsearch is what the text says', () => {
  assert.deepEqual(queryOfKql(kqlOf(all(is('a.b', 'x', 'y z'), not(has('c')), all(atLeast('d', 5), is('e', true))))), {
    bool: {
      filter: [
        { bool: { should: [{ match_phrase: { 'a.b': 'x' } }, { match_phrase: { 'a.b': 'y z' } }], minimum_should_match: 1 } },
        { bool: { must_not: [{ exists: { field: 'c' } }] } },
        { bool: { filter: [{ range: { d: { gte: 5 } } }, { match: { e: 'true' } }] } },
      ],
    },
  });
  assert.deepEqual(queryOfKql(kqlOf(is('m', String.raw`a "b" \c`))), { match_phrase: { m: String.raw`a "b" \c` } });
  for (const bad of ['a :', 'a : "x" and', '(a : *', 'a : * b', '"a" : 1', 'a : "x'])
    assert.throws(() => queryOfKql(bad), Error, bad);
});
