import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { SingleCluster } from '../cluster/single-cluster.ts';
import { running } from '../groups/running.ts';
import { openSqliteQueue } from '../queue/sqlite/open-sqlite-queue.ts';
import { eventually } from '../testing/eventually.ts';
import { StreamWriter, streamInfo } from '../testing/records.ts';
import { agentLine, measuredFields, testAgentId, testDocument, testMeasured, testSiteId } from './fixture.ts';
import { forgetAfterMs, trimIntervalMs } from './limits.ts';
import { Measurements } from './measurements.ts';
import { measurementsGroup } from './platform-topic-reader.ts';
import { SqliteMeasurementStore } from './store/sqlite-store.ts';
import type { AgentText } from './store/measurement-store.ts';

const logger = createLogger({ level: 'error', sink: () => undefined });
const otherAgentId = 'b7'.repeat(16);
const upperSiteId = '62'.repeat(16);

/** As where some partitions of a Redis are away: events of one agent cannot be stored. */
class FailingStore extends SqliteMeasurementStore {
  failing: string | undefined;
  failures = 0;

  override async addEvents(events: readonly AgentText[]): Promise<void> {
    if (events.some(({ agentId }) => agentId === this.failing)) {
      this.failures += 1;
      throw new Error('the store is away');
    }
    await super.addEvents(events);
  }
}

function platform(number: number, agentId: string): ReturnType<typeof streamInfo> {
  const info = streamInfo(number, { type: 'platform' });
  return { ...info, key: { ...info.key, agentId } };
}

/** What agents tell of themselves once, such as that they were started, was lost for good when the store did not take it at that moment. */
test('events that cannot be stored now are stored later, and those of other agents once', { timeout: 120_000 }, async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'tributary-measurements-'));
  await using queue = await openSqliteQueue({ folder: folder.path, log: logger, limits: { reserveBytes: 65_536 } });
  await using kept = new FailingStore({ folder: folder.path, logger });
  const self = { hubId: queue.hubId, host: 'hub', version: '1', startedMs: 0 };
  const cluster = new SingleCluster({ self, clock: systemClock, partitions: 1 });
  cluster.tell({ works: true });
  const store = { queue, cluster, hubId: queue.hubId, siteId: testSiteId };
  const measurements = new Measurements({ store, kept, bytesMax: () => 1e9, clock: systemClock, logger });
  await using _ = running(
    (signal) => measurements.run(signal),
    (error) => assert.fail(String(error)),
  );
  const writers = [new StreamWriter(queue, platform(1, testAgentId)), new StreamWriter(queue, platform(2, otherAgentId))];
  const tell = async (message: string): Promise<void> => {
    for (const [index, agentId] of [testAgentId, otherAgentId].entries()) {
      const line = agentLine(1000, { event: { kind: 'event', action: 'told' }, message }, agentId);
      await writers[index]?.append(Buffer.from(line));
    }
  };
  const told = async (agentId: string): Promise<string[]> => {
    const events = await measurements.events(agentId, { skip: 0, limit: 100 });
    return events.map(({ message }) => message);
  };
  await tell('before its group was there');
  await eventually('its group is there', async () =>
    (await queue.status()).groups.some(({ group }) => group === measurementsGroup),
  );
  kept.failing = testAgentId;
  await tell('first');
  await eventually('the other one is stored', async () => (await told(otherAgentId)).includes('first'));
  await eventually('it was tried', async () => kept.failures > 2);
  // What was stored before can be read meanwhile.
  assert.equal((await told(testAgentId)).includes('first'), false);
  kept.failing = undefined;
  await eventually('it is stored', async () => (await told(testAgentId)).includes('first'));
  const stored = await kept.events(otherAgentId, { skip: 0, limit: 100 });
  assert.equal(stored.filter(({ json }) => json.includes('first')).length, 1);
});

/** Another hub of the site keeps house for all: this one has its own memory. */
class HouseKeptElsewhere extends SingleCluster {
  override async underLock(_: string, signal: AbortSignal): Promise<void> {
    await once(signal, 'abort');
  }
}

test('who was not heard of for a week is forgotten, whichever hub keeps house', { timeout: 120_000 }, async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'tributary-measurements-'));
  await using queue = await openSqliteQueue({ folder: folder.path, log: logger, limits: { reserveBytes: 65_536 } });
  await using kept = new SqliteMeasurementStore({ folder: folder.path, logger });
  const self = { hubId: queue.hubId, host: 'hub', version: '1', startedMs: 0 };
  const cluster = new HouseKeptElsewhere({ self, clock: systemClock, partitions: 1 });
  const store = { queue, cluster, hubId: queue.hubId, siteId: testSiteId };
  const measurements = new Measurements({ store, kept, bytesMax: () => 1e9, clock: systemClock, logger });
  measurements.states.take(testDocument(Date.now() - forgetAfterMs - 1000, measuredFields(testMeasured())));
  assert.ok(measurements.states.get(testAgentId) !== undefined);
  await using _ = running(
    (signal) => measurements.run(signal),
    (error) => assert.fail(String(error)),
  );
  await eventually('it is forgotten', () => measurements.states.get(testAgentId) === undefined);
});

test('how much is kept is as the configuration has it when room is made', { timeout: 120_000 }, async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'tributary-measurements-'));
  await using queue = await openSqliteQueue({ folder: folder.path, log: logger, limits: { reserveBytes: 65_536 } });
  const trims: number[] = [];
  await using kept = new SqliteMeasurementStore({ folder: folder.path, logger });
  kept.trim = async ({ bytesMax }) => trims.push(bytesMax);
  const clock = new ManualClock();
  const self = { hubId: queue.hubId, host: 'hub', version: '1', startedMs: 0 };
  const store = {
    queue,
    cluster: new SingleCluster({ self, clock, partitions: 1 }),
    hubId: queue.hubId,
    siteId: testSiteId,
  };
  let bytesMax = 1000;
  const measurements = new Measurements({ store, kept, bytesMax: () => bytesMax, clock, logger });
  await using _ = running(
    (signal) => measurements.run(signal),
    (error) => assert.fail(String(error)),
  );
  await eventually('room was made', () => trims.length === 1);
  bytesMax = 2000;
  await eventually('it is made again', () => {
    clock.advance(trimIntervalMs);
    return trims.length > 1;
  });
  assert.deepEqual(trims.slice(0, 2), [1000, 2000]);
});

test('a site below says nothing of an agent of this site', { timeout: 120_000 }, async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'tributary-measurements-'));
  await using queue = await openSqliteQueue({ folder: folder.path, log: logger, limits: { reserveBytes: 65_536 } });
  await using kept = new SqliteMeasurementStore({ folder: folder.path, logger });
  const self = { hubId: queue.hubId, host: 'hub', version: '1', startedMs: 0 };
  const cluster = new SingleCluster({ self, clock: systemClock, partitions: 1 });
  cluster.tell({ works: true });
  const store = { queue, cluster, hubId: queue.hubId, siteId: upperSiteId };
  const measurements = new Measurements({ store, kept, bytesMax: () => 1e9, clock: systemClock, logger });
  const own = testDocument(Date.now(), measuredFields(testMeasured()), { siteId: upperSiteId });
  measurements.states.take(own);
  await using _ = running(
    (signal) => measurements.run(signal),
    (error) => assert.fail(String(error)),
  );
  // Both streams are of another site; the agent of the first one has an id that is known here.
  const writers = [new StreamWriter(queue, platform(1, testAgentId)), new StreamWriter(queue, platform(2, otherAgentId))];
  const told = async (agentId: string): Promise<number> => (await measurements.events(agentId, { skip: 0, limit: 100 })).length;
  await eventually('the other one is heard of', async () => {
    for (const [index, agentId] of [testAgentId, otherAgentId].entries()) {
      const line = agentLine(1000, { event: { kind: 'event', action: 'told' }, message: 'pretended' }, agentId);
      await writers[index]?.append(Buffer.from(line));
    }
    return (await told(otherAgentId)) > 0;
  });
  assert.equal(await told(testAgentId), 0);
  assert.equal(measurements.states.get(testAgentId)?.siteId, upperSiteId);
});
