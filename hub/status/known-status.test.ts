import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { QueueStatus } from '../queue/queue.ts';
import { knownStatus } from './known-status.ts';

const figures: QueueStatus = {
  storeId: '1'.repeat(32),
  state: 'open',
  bytes: 5,
  maxBytes: 9,
  topics: [],
  groups: [],
  channels: [],
  archived: [],
  deadLetters: 3,
};

suite('the status of a hub whose store is away', { timeout: 120_000 }, () => {
  test('tells what was known last, whether the store fails or says nothing', async () => {
    const answers: Promise<QueueStatus>[] = [
      Promise.resolve(figures),
      Promise.reject(new Error('away')),
      new Promise<QueueStatus>(() => undefined),
    ];
    const queue = { storeId: figures.storeId, status: () => answers.shift() ?? Promise.reject(new Error('asked too often')) };
    assert.equal((await knownStatus({ queue, state: 'open' })).deadLetters, 3);
    assert.deepEqual(await knownStatus({ queue, state: 'full' }), { ...figures, state: 'full' });
    assert.deepEqual(await knownStatus({ queue, state: 'open' }), figures);
  });

  test('tells of nothing where nothing was ever known', async () => {
    const queue = { storeId: figures.storeId, status: () => Promise.reject(new Error('away')) };
    assert.partialDeepStrictEqual(await knownStatus({ queue, state: 'open' }), { state: 'open', topics: [], maxBytes: 0 });
  });
});
