/** The short form of `npm run ledger -- --scenario pipelines`: a new seed each time, printed, so that every run of the tests looks elsewhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isClean } from '../harness/ledger/check.ts';
import { runPipelines } from '../harness/ledger/pipelines.ts';
import { testPrograms } from '../harness/programs.ts';
import { requireTool } from '../harness/require.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));
const rounds = 2;

test(
  'what ends hubs and threads, and other pipelines, lose, double and misplace nothing',
  { skip, timeout: 600_000 },
  async (t) => {
    const seed = Math.floor(Math.random() * 1e9);
    t.diagnostic(`replay with: npm run ledger -- --scenario pipelines --rounds ${rounds} --seed ${seed}`);
    const lines: string[] = [];
    const result = await runPipelines({ programs: testPrograms, rounds, seed, log: (line) => lines.push(line) });
    const shown = `seed ${seed}\n${lines.join('\n')}\n${JSON.stringify(result)}`;
    assert.ok(isClean(result.verdict), shown);
    assert.deepEqual(result.problems, [], shown);
    assert.ok(result.verdict.written > 1000, shown);
  },
);
