/** The short form of `npm run ledger -- --scenario housekeeping`, with the Elasticsearch of all tests. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedElasticsearch } from '../harness/elasticsearch/shared-elasticsearch.ts';
import { isClean } from '../harness/ledger/check.ts';
import { runHousekeeping } from '../harness/ledger/housekeeping.ts';
import { testPrograms } from '../harness/programs.ts';
import { requireTool } from '../harness/require.ts';

const skip = await requireTool('elasticsearch');
const rounds = 2;

test('a hub that dies while old indices and objects go removes exactly those', { skip, timeout: 600_000 }, async (context) => {
  const seed = Math.floor(Math.random() * 1e9);
  context.diagnostic(`seed ${seed}`);
  const lines: string[] = [];
  const server = await sharedElasticsearch();
  const log = (line: string): void => void lines.push(line);
  const result = await runHousekeeping({ programs: testPrograms, rounds, seed, log, server });
  const shown = `seed ${seed}\n${lines.join('\n')}\n${JSON.stringify(result)}`;
  assert.ok(isClean(result.verdict), shown);
  assert.deepEqual(result.problems, [], shown);
  assert.ok(result.verdict.written > 100, shown);
});
