/** The short form of `npm run ledger -- --scenario elasticsearch`: a new seed each time, printed, so that every run of the tests looks elsewhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isClean } from '../harness/ledger/check.ts';
import { runElasticsearch } from '../harness/ledger/elasticsearch.ts';
import { testPrograms } from '../harness/programs.ts';
import { requireTool } from '../harness/require.ts';

const skip = (await requireTool('elasticsearch')) ?? (await requireTool('redis')) ?? (await requireTool('python3'));
const rounds = 3;

test(
  'deaths of hubs and of Elasticsearch, lost answers and rollovers lose and double no document',
  { skip, timeout: 600_000 },
  async (context) => {
    const seed = Math.floor(Math.random() * 1e9);
    context.diagnostic(`replay with: npm run ledger -- --scenario elasticsearch --rounds ${rounds} --seed ${seed}`);
    const lines: string[] = [];
    const result = await runElasticsearch({ programs: testPrograms, rounds, seed, log: (line) => lines.push(line) });
    const shown = `seed ${seed}\n${lines.join('\n')}\n${JSON.stringify(result)}`;
    assert.ok(isClean(result.verdict), shown);
    assert.deepEqual(result.problems, [], shown);
    assert.ok(result.verdict.written > 1000, shown);
  },
);
