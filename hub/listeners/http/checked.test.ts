import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { checked, nothing } from './checked.ts';

const query = z.strictObject({ limit: z.coerce.number().int().optional(), sort: z.enum(['host', 'state']).optional() });
const body = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('api') }),
  z.strictObject({ kind: z.literal('hub') }),
]);

test('a refusal says what is wrong and what would be right, in words of ours', () => {
  const cases: [z.ZodType, unknown, 'body' | 'query' | 'path', string][] = [
    [query, { stat: 'evil' }, 'query', 'query has a field that is not known here: it takes limit, sort'],
    [nothing, { evil: '' }, 'query', 'query has a field that is not known here: it takes none'],
    [query, { limit: ['1', '2'] }, 'query', 'query: limit is given more than once'],
    [query, { sort: ['host', 'state'] }, 'query', 'query: sort is given more than once'],
    [query, { limit: 'evil' }, 'query', 'query: limit must be a number'],
    [query, { sort: 'evil' }, 'query', 'query: sort must be one of host, state'],
    [body, {}, 'body', 'body: kind must be one of api, hub'],
    [body, { kind: 'evil' }, 'body', 'body: kind must be one of api, hub'],
    [body, { kind: 'api', evil: 1 }, 'body', 'body has a field that is not known here'],
    [z.strictObject({ a: z.union([z.literal('*'), z.array(z.string())]) }), { a: 5 }, 'body', 'body: a is not what it must be'],
    [body, undefined, 'body', 'body: kind must be one of api, hub'],
    [body, 'evil', 'body', 'body must be an object'],
  ];
  for (const [schema, value, what, message] of cases) {
    assert.throws(() => checked(schema, value, what), { name: 'HttpError', status: 400, code: 'malformed', message });
  }
});
