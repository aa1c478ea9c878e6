import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isClean } from '../harness/ledger/check.ts';
import { runEdge } from '../harness/ledger/edge.ts';
import { testPrograms } from '../harness/programs.ts';
import { requireTool } from '../harness/require.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));
const rounds = 6;

/** The short form of `npm run ledger`: a new seed each time, printed, so that every run of the tests looks elsewhere. */
test(
  'kills of agent and hub behind a faulty proxy lose, double and disorder nothing',
  { skip, timeout: 600_000 },
  async (context) => {
    const seed = Math.floor(Math.random() * 1e9);
    context.diagnostic(`replay with: npm run ledger -- --rounds ${rounds} --seed ${seed}`);
    const lines: string[] = [];
    const result = await runEdge({ programs: testPrograms, rounds, seed, log: (line) => lines.push(line) });
    const shown = `seed ${seed}\n${lines.join('\n')}\n${JSON.stringify(result)}`;
    assert.ok(isClean(result.verdict), shown);
    assert.ok(result.verdict.written > 1000, shown);
    assert.equal(result.rounds, rounds);
  },
);
