import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../testing/locate-without-descriptors.ts', import.meta.url));

test('a file that is not found as no folder can be listed just now is not gone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-index-'));
  try {
    await writeFile(join(folder, 'a.rotated'), 'one\n');
    // A process of its own, as it uses up all the files that it may open.
    const answer = execFileSync('sh', ['-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, program, folder], {
      encoding: 'utf8',
    });
    assert.deepEqual(JSON.parse(answer), {
      exhausted: { found: false, isGone: false },
      afterwards: { found: true, isGone: false },
      removed: { found: false, isGone: true },
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
