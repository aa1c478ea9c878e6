import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outbox, OutboxBatch } from '../session/outbox.ts';
import { socketBytesMax } from './limits.ts';
import { PacedOutbox } from './paced-outbox.ts';
import { TokenBucket } from './token-bucket.ts';

const batch: OutboxBatch = {
  id: 1,
  channel: 'main/app',
  bodyBytes: 500,
  inflatedBytes: 500,
  records: 1,
  checksum: 0,
  envelope: { createdMs: 0, hops: [], trims: [] },
  segments: [],
};

const outbox: Outbox = {
  channels: () => ['main/app'],
  firstUnacked: () => 1,
  next: () => batch,
  body: () => Buffer.alloc(500),
  stream: () => undefined,
  retainedStreams: () => [],
  firstAfter: () => undefined,
  markAt: () => undefined,
};

test('what is held back is looked at again when the rate lets it, also when that came while the timer was set', () => {
  let now = 0;
  const paced = new PacedOutbox(outbox, () => 0, new TokenBucket(1000, () => now));
  assert.equal(paced.retryMs, Number.POSITIVE_INFINITY, 'nothing is held');
  paced.outbox.body(1);
  assert.equal(paced.outbox.mayRead?.(batch), false);
  assert.equal(paced.takeHeld(), false);
  assert.equal(paced.retryMs, 251);
  now = 300;
  assert.equal(paced.retryMs, 0, 'at once: nobody else would tell');
  assert.equal(paced.takeHeld(), true);
  assert.equal(paced.retryMs, Number.POSITIVE_INFINITY);
});

test('of a full socket the socket tells', () => {
  let queued = socketBytesMax;
  const paced = new PacedOutbox(outbox, () => queued, undefined);
  assert.equal(paced.outbox.mayRead?.(batch), false);
  assert.equal(paced.retryMs, Number.POSITIVE_INFINITY);
  queued = 0;
  assert.equal(paced.takeHeld(), true);
});
