import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isClean } from '../harness/ledger/check.ts';
import { runHostile } from '../harness/ledger/hostile.ts';
import { testPrograms } from '../harness/programs.ts';
import { requireTool } from '../harness/require.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));
const frames = 5000;

/** The short form of `npm run ledger -- --scenario hostile`: another seed each time, printed. */
test(
  'mutated frames and requests at every port leave the hub as it was, and a good agent nothing to miss',
  { skip, timeout: 600_000 },
  async (context) => {
    const seed = Math.floor(Math.random() * 1e9);
    context.diagnostic(`replay with: npm run ledger -- --scenario hostile --frames ${frames} --seed ${seed}`);
    const lines: string[] = [];
    const {
      verdict,
      problems = [],
      faults,
    } = await runHostile({ programs: testPrograms, frames, seed, log: (line) => lines.push(line) });
    const shown = `seed ${seed}\n${lines.join('\n')}\n${JSON.stringify(faults)}`;
    assert.deepEqual(problems, [], shown);
    assert.ok(isClean(verdict) && verdict.written > 500, shown);
    assert.ok((faults['answered'] ?? 0) > frames / 10, shown);
  },
);
