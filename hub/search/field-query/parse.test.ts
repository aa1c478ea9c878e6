import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Condition } from '../../outputs/archive/search/condition.ts';
import { SearchError } from '../search-error.ts';
import { parseFieldQuery } from './parse.ts';

const is = (field: string, value: string): Condition => ({ kind: 'is', field, value });
const word = (text: string): Condition => ({ kind: 'word', text });
const compare = (field: string, by: '>' | '>=' | '<' | '<=', value: string): Condition => ({ kind: 'compare', field, by, value });
const and = (...of: Condition[]): Condition => ({ kind: 'and', of });
const or = (...of: Condition[]): Condition => ({ kind: 'or', of });
const not = (of: Condition): Condition => ({ kind: 'not', of });

test('fields, comparisons, words and their combinations are understood', () => {
  const cases: readonly (readonly [string, Condition])[] = [
    [
      'status:>=500 AND method:GET NOT host:web1',
      and(compare('status', '>=', '500'), is('method', 'GET'), not(is('host', 'web1'))),
    ],
    ['a:1 OR b:2 c:3', or(is('a', '1'), and(is('b', '2'), is('c', '3')))],
    ['(a:1 OR b:2) c:3', and(or(is('a', '1'), is('b', '2')), is('c', '3'))],
    ['timeout', word('timeout')],
    ['"two words" -a:1', and(word('two words'), not(is('a', '1')))],
    ['NOT (a:1 OR "b c")', not(or(is('a', '1'), word('b c')))],
    ['status:[400 TO 499]', and(compare('status', '>=', '400'), compare('status', '<=', '499'))],
    ['status:{400 TO *]', compare('status', '>', '400')],
    ['status:(500 OR 502 504)', or(is('status', '500'), is('status', '502'), is('status', '504'))],
    ['status:(>=500 AND <600)', and(compare('status', '>=', '500'), compare('status', '<', '600'))],
    ['user.name:*', { kind: 'exists', field: 'user.name' }],
    ['path:/api/*', { kind: 'like', field: 'path', pattern: '/api/*' }],
    ['time*out', { kind: 'like', field: 'line', pattern: '*time*out*' }],
    [String.raw`what\? a\:b`, and(word('what?'), word('a:b'))],
    [String.raw`q:"say \"hi\"" n:-5`, and(is('q', 'say "hi"'), is('n', '-5'))],
    ['@timestamp:>=2026-11-22T10:00:00Z ip:::1', and(compare('@timestamp', '>=', '2026-11-22T10:00:00Z'), is('ip', '::1'))],
    ['labels.env:prod', is('labels.env', 'prod')],
  ];
  for (const [query, expected] of cases) assert.deepEqual(parseFieldQuery(query), expected, query);
});

test('what is wrong is told with its column', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['a:', /column 3: a value is missing for a/],
    ['a:1 AND', /column 8: a condition is missing/],
    ['OR a:1', /column 1: OR stands between/],
    ['(a:1', /column 1: a parenthesis is never closed/],
    ['a:1)', /column 4: this parenthesis closes nothing/],
    ['a:"x', /column 3: the quotation mark is never closed/],
    ['a:[1 5]', /column 6: a range is written \[1 TO 5\]/],
    ['a:[1 TO 5', /column 3: a range is never closed/],
    ['a:(1 OR 2 AND 3)', /column 11: write parentheses/],
    ['"a b":1', /column 1: a field is a name/],
    ['a:>', /column 4: a value behind > is missing/],
    ['> 5', /column 1: > is not expected/],
    ['('.repeat(40), /at most 32/],
    ['a '.repeat(300), /at most 200 conditions/],
  ];
  for (const [query, expected] of cases) assert.throws(() => parseFieldQuery(query), { code: 'query', message: expected }, query);
});

test('whatever is typed is a condition or a told mistake', () => {
  const piece = fc.constantFrom('a', ':', '"', '(', ')', '[', ']', ' ', 'AND', 'OR', 'NOT', 'TO', '*', '\\', '>=', '-', 'x1');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((parts) => parts.join('')),
      ),
      (query) => {
        try {
          parseFieldQuery(query);
        } catch (error) {
          assert.ok(error instanceof SearchError, String(error));
        }
      },
    ),
  );
});
