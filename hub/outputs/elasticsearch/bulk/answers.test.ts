import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strangeTriesMax } from '../limits.ts';
import { neverFits, requestVerdict, verdictOf } from './answers.ts';

/** As Elasticsearch 9 writes them. */
const kinds: readonly (readonly [status: number, type: string, reason: string, kind: string])[] = [
  [400, 'document_parsing_exception', "[1:20] failed to parse field [status] of type [long] in document with id 'x'", 'refused'],
  [400, 'illegal_argument_exception', 'Limit of total fields [1000] has been exceeded while adding new fields [1]', 'refused'],
  [400, 'strict_dynamic_mapping_exception', 'mapping set to strict, dynamic introduction of [a] is not allowed', 'refused'],
  [400, 'invalid_index_name_exception', 'Invalid index name [A], must be lowercase', 'refused'],
  [
    400,
    'validation_exception',
    'Validation Failed: 1: this action would add [2] shards, but this cluster currently has [1000]/[1000] maximum normal shards open;',
    'again',
  ],
  [400, 'index_closed_exception', 'closed', 'again'],
  [403, 'cluster_block_exception', 'index [x] blocked by: [FORBIDDEN/8/index write (api)];', 'again'],
  [403, 'security_exception', 'action [indices:data/write/bulk[s]] is unauthorized', 'again'],
  [404, 'index_not_found_exception', 'no such index [x] and [action.auto_create_index] is [false]', 'again'],
  [429, 'es_rejected_execution_exception', 'rejected execution of coordinating operation', 'again'],
  [429, 'circuit_breaking_exception', '[parent] Data too large', 'again'],
  [429, 'cluster_block_exception', 'disk usage exceeded flood-stage watermark, index has read-only-allow-delete block', 'again'],
  [503, 'unavailable_shards_exception', '[x][0] primary shard is not active', 'unsure'],
  [503, 'process_cluster_event_timeout_exception', 'failed to process cluster event (put-mapping) within 30s', 'unsure'],
  [500, 'node_not_connected_exception', '[n2] Node not connected', 'unsure'],
  [500, 'null_pointer_exception', 'null', 'unsure'],
];

test('what an answer of a document means', () => {
  assert.deepEqual(verdictOf({ status: 201 }), { kind: 'done', wasThere: false });
  assert.deepEqual(verdictOf({ status: 409, error: { type: 'version_conflict_engine_exception', reason: 'exists' } }), {
    kind: 'done',
    wasThere: true,
  });
  for (const [status, type, reason, kind] of kinds) {
    const verdict = verdictOf({ status, error: { type, reason } });
    assert.partialDeepStrictEqual(verdict, { kind, status, type, reason });
  }
  assert.equal(verdictOf({}).kind, 'unsure');
});

test('a document that a server at rest has no room for, as it counts a request twice', () => {
  const reasonOf = (before: number, operation: number): string =>
    `rejected execution of primary operation [coordinating_and_primary_bytes=${before}, replica_bytes=0, all_bytes=${before}, primary_operation_bytes=${operation}, max_primary_bytes=51897958]`;
  const bytes = 10_486_421;
  // Of 10 MiB at a server with a heap of 512 MiB and nothing else to do.
  const atRest = reasonOf(10_486_420, 41_944_720);
  assert.deepEqual([neverFits(atRest, { bytes, tries: strangeTriesMax }), neverFits(atRest, { bytes, tries: 1 })], [true, false]);
  const underLoad = reasonOf(40_000_000, 20_000_000);
  assert.equal(neverFits(underLoad, { bytes: 5_000_000, tries: 100 }), false);
  assert.equal(neverFits(reasonOf(0, 51_897_959), { bytes, tries: 0 }), true);
  assert.equal(neverFits('rejected execution of coordinating operation', { bytes, tries: 100 }), false);
});

test('what an answer of a request means', () => {
  const items = [{ create: { status: 201 } }, { create: { status: 400, error: { type: 'a', reason: 'b' } } }];
  assert.deepEqual(requestVerdict({ status: 200, body: { errors: false } }, 2), { kind: 'done' });
  assert.deepEqual(requestVerdict({ status: 200, body: { errors: true, items } }, 2), {
    kind: 'items',
    items: items.map(({ create }) => create),
  });
  const kindOf = (status: number, body: unknown): string => requestVerdict({ status, body }, 2).kind;
  assert.equal(kindOf(200, { errors: true, items: items.slice(1) }), 'unsure', 'an answer for fewer documents tells nothing');
  assert.equal(kindOf(200, '<html>'), 'unsure');
  assert.equal(kindOf(413, ''), 'too-large');
  assert.equal(kindOf(429, { error: { type: 'es_rejected_execution_exception', reason: 'full' } }), 'busy');
  assert.equal(kindOf(401, {}), 'not-allowed');
  assert.equal(kindOf(403, {}), 'not-allowed');
  assert.equal(kindOf(400, {}), 'unreadable');
  assert.equal(kindOf(404, 'no such page'), 'wrong');
  for (const status of [408, 500, 502, 503, 504]) assert.equal(kindOf(status, ''), 'unsure');
});
