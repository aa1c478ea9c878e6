import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../testing/eventually.ts';
import { ProcessingLine } from '../testing/processing-line.ts';
import { StreamWriter, streamInfo } from '../testing/records.ts';
import { booksOf, type ChannelBooks } from './books.ts';

test('the books of a channel balance at every step, and a batch that came twice is in them once', async () => {
  await using line = await ProcessingLine.open();
  const books = async (): Promise<Omit<ChannelBooks, 'channel'> | undefined> => {
    const [found] = booksOf(await line.queue.status(), true);
    if (found === undefined) return undefined;
    const { channel, ...sums } = found;
    assert.equal(channel, 'acme/app');
    return sums;
  };
  const none = {
    received: 0,
    pipelinePending: 0,
    processed: 0,
    archivePending: 0,
    archived: 0,
    restored: 0,
    leftOut: 0,
    rejected: 0,
    removed: 0,
    dropped: 0,
    missing: 0,
  };
  assert.equal(await books(), undefined);

  await new StreamWriter(line.queue, streamInfo(1)).append(Buffer.from('one\ntwo\n'));
  await new StreamWriter(line.queue, streamInfo(1)).append(Buffer.from('one\ntwo\n'));
  assert.equal((await books())?.received, 2);

  line.startPipelines();
  await eventually('it is processed', () => line.pipelines.counts.records === 2);
  assert.deepEqual(await books(), { ...none, received: 2, processed: 2, archivePending: 2 });

  line.startArchive();
  await eventually('it is archived', () => {
    line.queue.requestArchive('acme/app');
    return line.archive.sums.records === 2;
  });
  assert.deepEqual(await books(), { ...none, received: 2, processed: 2, archived: 2 });
  const status = await line.queue.status();
  const [lost] = booksOf({ ...status, archived: [] }, true);
  assert.partialDeepStrictEqual(lost, { archived: 0, missing: 2 }, 'what was passed and is not in the index is missing');
  const [unread] = booksOf({ ...status, archived: [] }, false);
  assert.equal(unread?.missing, 0);
});
