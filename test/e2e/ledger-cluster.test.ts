/**
 * The short forms of `npm run ledger -- --scenario cluster`, `sentinel` and `redis-cluster`: a new seed each time, printed, so that every run
 * of the tests looks elsewhere.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isClean } from '../harness/ledger/check.ts';
import { runCluster, runRedisCluster, runSentinel } from '../harness/ledger/cluster.ts';
import { testPrograms } from '../harness/programs.ts';
import { requireTool } from '../harness/require.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3')) ?? (await requireTool('redis'));

/** Failovers take their seconds: as few rounds as show something. */
const scenarios = [
  { name: 'cluster', run: runCluster, rounds: 4 },
  { name: 'sentinel', run: runSentinel, rounds: 3 },
  { name: 'redis-cluster', run: runRedisCluster, rounds: 2 },
];

suite('a site of several hubs, whose processes die, hang and lose each other', { skip }, () => {
  for (const { name, run, rounds } of scenarios) {
    test(`loses, doubles and disorders nothing: ${name}`, { timeout: 600_000 }, async (context) => {
      const seed = Math.floor(Math.random() * 1e9);
      context.diagnostic(`replay with: npm run ledger -- --scenario ${name} --rounds ${rounds} --seed ${seed}`);
      const lines: string[] = [];
      const result = await run({ programs: testPrograms, rounds, seed, log: (line) => lines.push(line) });
      const shown = `seed ${seed}\n${lines.join('\n')}\n${JSON.stringify(result)}`;
      assert.ok(isClean(result.verdict), shown);
      assert.deepEqual(result.problems, [], shown);
      assert.ok(result.verdict.written > 1000, shown);
    });
  }
});
