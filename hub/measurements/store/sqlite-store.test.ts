import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { eventually } from '../../testing/eventually.ts';
import { forgetAfterMs } from '../limits.ts';
import { measurementStoreContract } from './measurement-store.contract.ts';
import type { AgentText } from './measurement-store.ts';
import { SqliteMeasurementStore } from './sqlite-store.ts';
import { openTables } from './sqlite-tables.ts';

const nowMs = 1_000_000_000_000;
const all = { skip: 0, limit: 1000 };
const folders: string[] = [];
const logged: LogEntry[] = [];
const logger = createLogger({ level: 'debug', sink: (entry) => logged.push(entry) });

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tributary-measured-'));
  folders.push(path);
  return path;
}

suite('measurements in a file', { timeout: 120_000 }, () => {
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

  test('begin anew beside a file in which damage is found later than at its opening', async () => {
    const place = await folder();
    const agents = Array.from({ length: 500 }, (_, number) => `${number}`.padStart(32, '0'));
    {
      await using store = new SqliteMeasurementStore({ folder: place, logger });
      await store.addEvents(agents.map((agentId) => ({ agentId, atMs: 1, json: 'x'.repeat(2000) })));
    }
    const file = join(place, 'measurements.db');
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xff, bytes.length / 2));
    await using store = new SqliteMeasurementStore({ folder: place, logger });
    assert.equal((await store.events(agents[0] ?? '', all)).length, 1);
    await assert.rejects(store.events(agents.at(-1) ?? '', all), /malformed/);
    await eventually('it goes on', async () => {
      await store.addEvents([{ agentId: 'a', atMs: 1, json: '{}' }]).catch(() => undefined);
      return (await store.events('a', all).catch(() => [])).length > 0;
    });
    assert.ok(existsSync(`${file}.damaged`));
    assert.match(logged.at(-1)?.message ?? '', /charts begin anew/);
  });

  test('what could not be written takes no room', async () => {
    const { tables, setAside } = openTables(await folder());
    using _ = tables;
    assert.equal(setAside, undefined);
    const chunk = { subject: 'a', tier: 'fine', startMs: nowMs, bytes: Buffer.alloc(1000) } as const;
    const write = (): void => {
      tables.write([chunk]);
      throw new Error('the disk is full');
    };
    assert.throws(() => tables.transaction(write), /the disk is full/);
    assert.equal(tables.trim({ nowMs, bytesMax: 1e9 }), 0);
    tables.transaction(() => tables.write([chunk]));
    assert.equal(tables.trim({ nowMs, bytesMax: 1e9 }), 1000);
  });

  /** How an agent is, is stored minutes after its first events: whenever room was made in between, the events were gone. */
  test('events of an agent of which nothing else is stored yet stay, unless they are old', async () => {
    const { tables } = openTables(await folder());
    using _ = tables;
    const event = (agentId: string, atMs: number): AgentText => ({ agentId, atMs, json: '{}' });
    tables.addEvents([event('new', nowMs), event('gone', nowMs - forgetAfterMs - 1), event('ahead', nowMs + forgetAfterMs + 1)]);
    tables.addEvents([event('slow', nowMs - forgetAfterMs - 1)]);
    tables.putStates([event('slow', nowMs)]);
    tables.trim({ nowMs, bytesMax: 1e9 });
    const left = ['new', 'gone', 'ahead', 'slow'].map((agentId) => tables.events(agentId, all).length);
    assert.deepEqual(left, [1, 0, 0, 1]);
  });
});
