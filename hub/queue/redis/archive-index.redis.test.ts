import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requireTool } from '../../../test/harness/require.ts';
import type { ArchiveObject } from '../queue.ts';
import { archiveIndex } from './archive-index.ts';
import { objectText } from './entry-reader.ts';
import { PartitionKeys } from './keys.ts';
import { TestRedis } from './redis-fixture.ts';

function rowOf(partition: number, number: number): ArchiveObject {
  const range = { first: number, last: number, receivedMsMin: number, receivedMsMax: number };
  const figures = { records: 1, rawBytes: 1, objectBytes: 1, sha256: 'x', hosts: [], frames: [] };
  const times = { eventMsMin: undefined, eventMsMax: undefined };
  return { name: `${partition}-${number}`, channel: 'acme/app', partition, ...range, ...times, ...figures };
}

test('the index is read page by page, in every partition', { skip: await requireTool('redis') }, async () => {
  await using redis = await TestRedis.start();
  await using fixture = await redis.open({}, { partitions: 3 });
  const { masters } = fixture;
  const rows = [0, 2].flatMap((partition) => Array.from({ length: 501 }, (_, number) => rowOf(partition, number)));
  for (const partition of [0, 2]) {
    const texts = rows.filter((row) => row.partition === partition).map(objectText);
    await redis.server.command('RPUSH', new PartitionKeys(masters.prefix, partition).objects, ...texts);
  }
  const found: ArchiveObject[] = [];
  for await (const row of archiveIndex(masters, 3)) found.push(row);
  assert.deepEqual(found, rows);
});
