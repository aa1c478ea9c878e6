import assert from 'node:assert/strict';
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger } from '@tributary/shared/log.ts';
import { ManualClock } from '@tributary/shared/testing/manual-clock.ts';
import { running } from '../groups/running.ts';
import { frontTopic } from '../queue/queue.ts';
import { openSqliteQueue } from '../queue/sqlite/open-sqlite-queue.ts';
import { eventually } from '../testing/eventually.ts';
import { StreamWriter, streamInfo } from '../testing/records.ts';
import { agentLine } from './fixture.ts';
import { gatherMs, inflatedHereBytesMax } from './limits.ts';
import { PlatformTopicReader, type PlatformTopicReaderParts } from './platform-topic-reader.ts';

const logger = createLogger({ level: 'error', sink: () => undefined });
const channel = 'acme/platform';
const place = { topic: frontTopic(channel), partition: 0, channel };

/** Two thousand agents tell two hundred batches a second. To look for each by itself cost the hub more than to read it. */
test('what many agents tell within a moment is read together', { timeout: 120_000 }, async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'tributary-topic-reader-'));
  await using queue = await openSqliteQueue({ folder: folder.path, log: logger, limits: { reserveBytes: 65_536 } });
  const clock = new ManualClock();
  const heard: number[] = [];
  let reads = 0;
  const counted: PlatformTopicReaderParts['queue'] = {
    acquire: (group, owner, ttlMs) => queue.acquire(group, owner, ttlMs),
    renew: (lease, ttlMs) => queue.renew(lease, ttlMs),
    release: (lease) => queue.release(lease),
    ensureGroup: (group) => queue.ensureGroup(group),
    commit: (commit) => queue.commit(commit),
    read: (from, limits) => {
      reads += 1;
      return queue.read(from, limits);
    },
  };
  const onDocument: PlatformTopicReaderParts['onDocument'] = ({ atMs }) => heard.push(atMs);
  const reader = new PlatformTopicReader({ queue: counted, clock, owner: queue.hubId, place, onDocument });
  queue.onAppended(() => reader.wake());
  await using _ = running(
    (signal) => reader.run(signal),
    (error) => assert.fail(String(error)),
  );
  await eventually('it looked, and found nothing', () => reads === 1);
  const writer = new StreamWriter(queue, streamInfo(1, { type: 'platform' }));
  for (let number = 0; number < 50; number += 1) await writer.append(Buffer.from(agentLine(number, { message: 'ä' })));
  const large = agentLine(50, { message: 'x'.repeat(inflatedHereBytesMax) });
  await writer.append(Buffer.from(large));
  assert.deepEqual([reads, heard.length], [1, 0]);
  await eventually('all of it came', () => {
    clock.advance(gatherMs);
    return heard.length === 51;
  });
  assert.deepEqual(heard, [...heard.keys()]);
  assert.ok(reads <= 10, `${reads} reads`);
});
