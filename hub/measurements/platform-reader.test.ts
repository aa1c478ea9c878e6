import assert from 'node:assert/strict';
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { running } from '../groups/running.ts';
import { openSqliteQueue } from '../queue/sqlite/open-sqlite-queue.ts';
import { eventually } from '../testing/eventually.ts';
import { StreamWriter, streamInfo } from '../testing/records.ts';
import { agentLine, measuredFields, metricFields, testAgentId, testMeasured } from './fixture.ts';
import type { PlatformDocument } from './platform-document.ts';
import { PlatformReader } from './platform-reader.ts';
import { measurementsGroup } from './platform-topic-reader.ts';

const logger = createLogger({ level: 'error', sink: () => undefined });
const cluster = { partitions: () => new Set([0]), onChanged: () => () => undefined, onAnnounced: () => () => undefined };
const told = agentLine(1000, { event: { kind: 'event', action: 'hub-found' }, message: 'ä' });

test('what agents tell comes to all who subscribed, once, also over a restart', { timeout: 120_000 }, async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'tributary-reader-'));
  await using queue = await openSqliteQueue({ folder: folder.path, log: logger, limits: { reserveBytes: 65_536 } });
  const platform = new StreamWriter(queue, streamInfo(1, { type: 'platform' }));
  const other = new StreamWriter(queue, streamInfo(2, { type: 'app' }));
  await other.append(Buffer.from('{"event":{}}\n'));
  await platform.append(Buffer.from(told));
  const heard: PlatformDocument[] = [];
  const read = (): AsyncDisposable => {
    const reader = new PlatformReader({ queue, cluster, hubId: queue.hubId, clock: systemClock, logger });
    reader.onPlatformDocument(() => {
      throw new Error('this one cannot');
    });
    reader.onPlatformDocument((document) => heard.push(document));
    return running(
      (signal) => reader.run(signal),
      (error) => assert.fail(String(error)),
    );
  };
  {
    await using _ = read();
    // It begins at the end: what was there before is for those who keep it.
    await eventually('its group is there', async () =>
      (await queue.status()).groups.some(({ group }) => group === measurementsGroup),
    );
    await platform.append(Buffer.from(`${told}no JSON\n${agentLine(2000, metricFields('system.process', {}))}`));
    await platform.append(Buffer.from(agentLine(3000, measuredFields(testMeasured()))));
    await eventually('all of it came', () => heard.length === 2);
  }
  await platform.append(Buffer.from(agentLine(4000, measuredFields(testMeasured()))));
  await using _ = read();
  await eventually('it goes on', () => heard.length === 3);
  assert.deepEqual(
    heard.map(({ atMs, action, agentId, tenant }) => [atMs, action, agentId, tenant]),
    [
      [1000, 'hub-found', testAgentId, 'acme'],
      [3000, 'agent-measured', testAgentId, 'acme'],
      [4000, 'agent-measured', testAgentId, 'acme'],
    ],
  );
});
