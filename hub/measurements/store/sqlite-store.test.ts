import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { measurementStoreContract } from './measurement-store.contract.ts';
import { SqliteMeasurementStore } from './sqlite-store.ts';

const folders: string[] = [];
const logged: LogEntry[] = [];
const logger = createLogger({ level: 'debug', sink: (entry) => logged.push(entry) });

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tributary-measured-'));
  folders.push(path);
  return path;
}

suite('measurements in a file', { timeout: 30_000 }, () => {
  after(() => Promise.all(folders.map((path) => rm(path, { recursive: true }))));

  measurementStoreContract(async () => new SqliteMeasurementStore({ folder: await folder(), logger }));

  test('are there after a restart, and begin anew beside a damaged file', async () => {
    const place = await folder();
    const state = { agentId: 'a', atMs: 5, json: '{}' };
    {
      await using store = new SqliteMeasurementStore({ folder: place, logger });
      await store.putStates([state]);
    }
    {
      await using store = new SqliteMeasurementStore({ folder: place, logger });
      assert.deepEqual(await store.states(), [state]);
    }
    writeFileSync(join(place, 'measurements.db'), 'this is no database at all, whatever its name is'.repeat(200));
    await using store = new SqliteMeasurementStore({ folder: place, logger });
    assert.deepEqual(await store.states(), []);
    assert.ok(existsSync(join(place, 'measurements.db.damaged')));
    assert.match(logged.at(-1)?.message ?? '', /charts begin anew/);
  });
});
