/**
 * Both halves of the protocol against each other, by seed: `SIMULATION_SEED=123 node --test test/simulation` runs one again,
 * `SIMULATION_RUNS=100000` more of them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TwoWays } from './two-ways.ts';
import { World } from './world.ts';

const runs = Number(process.env['SIMULATION_RUNS'] ?? 1000);
const only = process.env['SIMULATION_SEED'];

void test('a stream that comes by two regions: what one declares lost the other brings late, and nothing is doubled', (t) => {
  const seeds = only === undefined ? Array.from({ length: Math.ceil(runs / 3) }, (_, index) => index + 1) : [Number(only)];
  const sum = { positions: 0, lost: 0, late: 0, gaps: 0 };
  for (const seed of seeds) {
    try {
      const tally = new TwoWays(seed).run();
      for (const name of ['positions', 'lost', 'late', 'gaps'] as const) sum[name] += tally[name];
    } catch (cause) {
      throw new Error(`simulation failed: SIMULATION_SEED=${seed} node --test test/simulation`, { cause });
    }
  }
  t.diagnostic(`${seeds.length} runs: ${JSON.stringify(sum)}`);
  assert.ok(only !== undefined || (sum.late > 0 && sum.lost > 0), 'both happen: what comes late, and what no region has');
});

void test('nothing is lost without a gap, doubled or out of order, whatever fails', (t) => {
  const seeds = only === undefined ? Array.from({ length: runs }, (_, index) => index + 1) : [Number(only)];
  const sum = { positions: 0, lost: 0, gaps: 0, streams: 0 };
  for (const seed of seeds) {
    try {
      const tally = new World(seed).run();
      for (const name of ['positions', 'lost', 'gaps', 'streams'] as const) sum[name] += tally[name];
    } catch (cause) {
      throw new Error(`simulation failed: SIMULATION_SEED=${seed} node --test test/simulation`, { cause });
    }
  }
  t.diagnostic(`${seeds.length} runs: ${JSON.stringify(sum)}`);
});
