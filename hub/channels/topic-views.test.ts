import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topicViews } from './topic-views.ts';

test('a topic is told once, with the sums of its partitions and how far each reader is', () => {
  const place = { firstSequence: 1, lastSequence: 3, entries: 3, bytes: 10, receivedRecords: 30, receivedBytes: 100 };
  const reader = {
    policy: 'blocking',
    cursor: 1,
    entries: 2,
    records: 20,
    bytes: 7,
    oldestMs: 1000,
    dropped: 0,
    paused: false,
  } as const;
  const views = topicViews({
    topics: [
      { topic: 'front/shop/web', partition: 0, ...place },
      { topic: 'front/shop/web', partition: 1, ...place },
      { topic: 'dead/shop/web', partition: 0, ...place },
      { topic: 'platform', partition: 0, ...place },
    ],
    groups: [
      { topic: 'front/shop/web', group: 'pipeline', partition: 0, ...reader },
      { topic: 'front/shop/web', group: 'pipeline', partition: 1, ...reader, paused: true, oldestMs: 500 },
      { topic: 'back/shop/web', group: 'archive', partition: 0, ...reader },
    ],
  });
  assert.deepEqual(
    views.map(({ topic, channel, entries, receivedRecords, partitions }) => [
      topic,
      channel,
      entries,
      receivedRecords,
      partitions,
    ]),
    [
      ['front/shop/web', 'shop/web', 6, 60, 2],
      ['dead/shop/web', 'shop/web', 3, 30, 1],
    ],
  );
  assert.partialDeepStrictEqual(views[0]?.groups, [
    { group: 'pipeline', paused: true, entries: 4, records: 40, oldest: '1970-01-01T00:00:00.500Z' },
  ]);
  assert.deepEqual(views[1]?.groups, []);
});
