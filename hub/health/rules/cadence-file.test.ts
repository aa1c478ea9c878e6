import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { CadenceFile } from './cadence-file.ts';

test('what is usual is there after a start, and a damaged file is as none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tb-usual-'));
  try {
    const logged: LogEntry[] = [];
    const file = new CadenceFile(folder, createLogger({ level: 'warn', sink: (entry) => logged.push(entry) }));
    assert.deepEqual(await file.read(), {});
    assert.deepEqual(logged, []);
    const cadence = { firstMs: 1, lastMs: 2, usual: [3, 0] };
    const known = { 'channel-silent shop/web': cadence, 'channel-silent shop/app': { ...cadence, missed: true } };
    await file.write(known);
    assert.deepEqual(await file.read(), known);
    writeFileSync(join(folder, 'usual-silences.json'), '{"version":1,"known":{"a":');
    assert.deepEqual(await file.read(), {});
    assert.equal(logged.length, 1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
