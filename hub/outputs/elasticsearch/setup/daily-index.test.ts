import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeDailyIndex } from './daily-index.ts';
import type { SetupAnswer } from './setup-server.ts';

const own = { index: 'logs-app-acme-2026.11.22', alias: 'logs-app-acme' };
const named = { index: 'special-2026.11.22', alias: 'special' };

function serverWith(status: number, type: string, reason = 'because'): { request: () => Promise<SetupAnswer> } {
  return { request: async () => ({ status, body: { error: { type, reason }, status } }) };
}

test('an index that cannot be made is the trouble of its documents', async () => {
  const isIndex = serverWith(400, 'invalid_alias_name_exception', 'an index exists with the same name as the alias');
  const refused = await makeDailyIndex(isIndex, named);
  assert.deepEqual([refused?.kind, refused?.status, refused?.type], ['refused', 400, 'invalid_alias_name_exception']);
  assert.match(
    refused?.reason ?? '',
    /special-2026\.11\.22 .*an index exists with the same name.*: rename or delete what is called special/,
  );
  const waits = await makeDailyIndex(isIndex, own);
  assert.equal(waits?.kind, 'again', 'what the hub named itself a person mends');
  assert.equal((await makeDailyIndex(serverWith(400, 'invalid_index_name_exception'), named))?.kind, 'refused');
  const shards =
    'Validation Failed: 1: this action would add [2] shards, but this cluster currently has [9]/[9] maximum normal shards open;';
  assert.equal((await makeDailyIndex(serverWith(400, 'validation_exception', shards), named))?.kind, 'again');
  assert.equal((await makeDailyIndex(serverWith(403, 'security_exception'), named))?.kind, 'again');
});

test('a cluster that makes no index for anybody is the trouble of all', async () => {
  await assert.rejects(makeDailyIndex(serverWith(503, 'master_not_discovered_exception'), own), { name: 'NoAnswerError' });
  await assert.rejects(makeDailyIndex(serverWith(401, 'security_exception'), own), { name: 'SetupError' });
});
