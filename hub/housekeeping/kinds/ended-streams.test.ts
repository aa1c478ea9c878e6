import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FolderStore } from '../../outputs/archive/store/folder-store.ts';
import { testKey } from '../../queue/fixture.ts';
import { type KnownStream, streamName } from '../../queue/queue.ts';
import { archivedBeforeFiles, streamsArchivedBefore } from './archived-before-files.ts';
import { endedStreams, type EndedStreamsParts } from './ended-streams.ts';

const dayMs = 86_400_000;

test('a stream that was archived before a loss is known until that is forgotten, however early it ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-ended-'));
  const store = new FolderStore(folder);
  try {
    const held = [{ stream: streamName(testKey(1)), ranges: [[0, 10]] }];
    const file = 'acme/nginx/.archived-0.json';
    await store.write(file, JSON.stringify({ version: 1, generation: 3, streams: held }));
    const writtenMs = Date.now();
    // The first one had ended the day before the loss.
    const streams = [1, 2].map((number): KnownStream => {
      const closed = { position: 10, atMs: writtenMs - dayMs };
      return { partition: 0, row: number, key: testKey(number), channel: 'acme/nginx', held: 10, closed };
    });
    const queue: Pick<EndedStreamsParts['queue'], 'partitions' | 'streams'> = {
      partitions: 1,
      streams: async ({ after }) => streams.filter(({ row }) => row > after),
    };
    const parts = { retention: () => () => 30 * dayMs, isShutOut: () => false };
    const ended = endedStreams({
      ...parts,
      queue: { ...queue, ...emptyQueue },
      needed: () => streamsArchivedBefore(store),
    });
    const files = archivedBeforeFiles({ ...parts, queue, store: () => store });
    const goes = async (days: number): Promise<(readonly string[])[]> => {
      const plan = await Array.fromAsync(ended.plan(writtenMs + days * dayMs));
      return plan.map(({ keys }) => keys.map(streamName));
    };
    assert.deepEqual(await goes(29.5), [[streamName(testKey(2))]]);
    const [removal] = await Array.fromAsync(files.plan(writtenMs + 31 * dayMs));
    assert.equal(removal?.subject, file, 'nobody sends it again');
    await files.remove(removal, () => undefined);
    assert.deepEqual(await goes(31), [[1, 2].map((number) => streamName(testKey(number)))]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const emptyQueue: Omit<EndedStreamsParts['queue'], 'partitions' | 'streams'> = {
  forgetStreams: () => assert.fail('nothing is removed here'),
  closeStream: () => assert.fail('nothing is closed here'),
  read: () => assert.fail('there is no topic'),
  deadEntries: async () => [],
  status: async () => ({ topics: [] }),
};
