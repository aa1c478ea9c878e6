import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { type Entry, streamName } from '../../queue/queue.ts';
import { batchEntry, lineSegment, streamInfo } from '../../testing/records.ts';
import { UpstreamOutbox } from './upstream-outbox.ts';

const nobody = (): void => undefined;
const place = { topic: 'front/acme/app', partition: 0, channel: 'acme/app' };
const stream = streamInfo(1);
const name = streamName(stream.key);

/** Entry number n has ten bytes of the stream, from ten times the number before it on. */
function entry(sequence: number): Entry {
  const bytes = Buffer.from(`entry ${sequence.toString().padStart(3, '0')}\n`);
  const made = batchEntry([{ ...lineSegment(bytes, (sequence - 1) * 10), stream }], bytes, { sequence });
  return { ...made, checksum: checksumOf(made.body) };
}

function outboxOver(stored: () => number): UpstreamOutbox {
  return new UpstreamOutbox({
    queue: {
      read: async ({ afterSequence }, { entries }) => {
        const count = Math.max(0, Math.min(entries, stored() - afterSequence));
        return Array.from({ length: count }, (_, index) => entry(afterSequence + index + 1));
      },
      gapsOf: async () => [],
      beginningsOf: async () => new Map(),
    },
    hop: { siteId: '5e'.repeat(16), hubId: 'b0'.repeat(16) },
    group: 'upstream:upstream',
    isChosen: () => true,
    hopsMax: 16,
    hasSister: () => false,
    clock: systemClock,
    onRejected: nobody,
    onFailed: (error) => assert.fail(String(error)),
  });
}

test('what was read ahead, and then sent by another hub, is still found when the upstream lacks it', async () => {
  const upstream = outboxOver(() => 6);
  const { outbox } = upstream;
  const first = await upstream.enter(place, 0, nobody);
  await upstream.append(first, place, [entry(1), entry(2), entry(3), entry(4)]);
  upstream.leave(first);
  assert.deepEqual([...outbox.channels()], []);
  assert.equal(outbox.firstAfter(name, 0), undefined);
  // The other one passed on three of them; the session of this hub still stands behind the first.
  const again = await upstream.enter(place, 3, nobody);
  await upstream.append(again, place, [entry(4), entry(5)]);
  assert.deepEqual(
    outbox.firstAfter(name, 10)?.segments.map(({ from, to }) => [from, to]),
    [[10, 20]],
  );
  assert.equal(outbox.firstUnacked('acme/app'), outbox.firstAfter(name, 30)?.id);
  assert.equal(outbox.stream(name)?.end, 50);
});

test('a body is in memory until it is handed over, and read again when it is asked for again', async () => {
  const upstream = outboxOver(() => 2);
  const { outbox } = upstream;
  const grown = Promise.withResolvers<void>();
  const entries = await upstream.enter(place, 0, nobody);
  await upstream.append(entries, place, [entry(1), entry(2)]);
  const batch = outbox.next('acme/app', 0);
  assert.ok(batch !== undefined && outbox.mayRead?.(batch) === true);
  const before = upstream.bodyBytes;
  assert.deepEqual(outbox.body(batch.id), entry(1).body);
  assert.equal(upstream.bodyBytes, before - batch.bodyBytes);
  upstream.onAppended(() => grown.resolve());
  assert.equal(outbox.mayRead?.(batch), false);
  await grown.promise;
  assert.ok(outbox.mayRead?.(batch));
  assert.deepEqual(outbox.body(batch.id), entry(1).body);
});

test('the cursor goes no further than what is answered in order', async () => {
  const upstream = outboxOver(() => 3);
  const { outbox } = upstream;
  const entries = await upstream.enter(place, 0, nobody);
  await upstream.append(entries, place, [entry(1), entry(2), entry(3)]);
  const ids = [10, 20, 30].map((end) => outbox.firstAfter(name, end - 1)?.id ?? 0);
  upstream.acked(ids.slice(1));
  assert.equal(entries.answered(), undefined);
  upstream.acked(ids.slice(0, 1));
  const run = entries.answered();
  assert.equal(run?.to, 3);
  if (run !== undefined) upstream.committed(entries, run);
  assert.equal(entries.waiting, 0);
  assert.deepEqual([...outbox.retainedStreams()], [name], 'it is still known, should the upstream lose it');
});

test('what is rejected is not offered again at the next connection, and is told as that', async () => {
  const upstream = outboxOver(() => 3);
  const { outbox } = upstream;
  const entries = await upstream.enter(place, 0, nobody);
  await upstream.append(entries, place, [entry(1), entry(2), entry(3)]);
  const ids = [10, 20].map((end) => outbox.firstAfter(name, end - 1)?.id ?? 0);
  upstream.acked(ids.slice(0, 1));
  upstream.reject(ids[1] ?? 0, 'too large for it');
  upstream.disconnected();
  // Its session finds a hole behind the first, and nothing that fills it.
  assert.deepEqual(
    outbox.firstAfter(name, 10)?.segments.map(({ from }) => from),
    [20],
  );
  assert.equal(outbox.declaring?.(name, 10, 20), 'rejected');
  assert.deepEqual(entries.answered()?.deadLetters, [{ sequence: 2, reason: 'too large for it' }]);
});
