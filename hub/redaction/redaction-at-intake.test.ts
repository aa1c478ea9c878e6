/** What agents send and what listeners take in, as it is in the store: nothing of what was to be covered is in it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import type { Batch } from '@tributary/protocol/messages.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { Burst } from '../groups/burst.ts';
import type { IntakeConnection } from '../intake/connection.ts';
import { createIntake } from '../intake/intake.ts';
import { RecordingPeer, testBatchMessage, testHello, testOpen } from '../intake/recording-peer.ts';
import { ListenerStreams } from '../listeners/listener-stream.ts';
import { blockOf } from '../listeners/record-block.ts';
import { testAttributes, testChannel } from '../queue/fixture.ts';
import { type Entry, frontTopic } from '../queue/queue.ts';
import { openSqliteFixture, type SqliteQueueFixture } from '../queue/sqlite/sqlite-fixture.ts';
import { redactionWorker } from '../workers.ts';
import { CurrentRedactions } from './current-redactions.ts';
import { RedactionPool } from './redaction-pool.ts';
import { rawRedaction } from './redactions.ts';

const card = '4111111111111111';
const stars = '*'.repeat(16);
const timeout = { timeout: 120_000 };

interface Fixture extends AsyncDisposable {
  readonly store: SqliteQueueFixture;
  readonly redactions: CurrentRedactions;
  readonly streams: ListenerStreams;
  readonly peer: RecordingPeer;
  readonly connection: IntakeConnection;
  bodies(topic?: string): Promise<string[]>;
}

async function open(): Promise<Fixture> {
  await using owned = new AsyncDisposableStack();
  const store = owned.use(await openSqliteFixture());
  const { queue } = store;
  const { siteId, hubId } = queue;
  const redaction = rawRedaction([{ presets: ['card'], patterns: [], action: 'mask' }]);
  const redactions = new CurrentRedactions((channel) => (channel === testChannel ? redaction : undefined));
  const redactor = owned.use(new RedactionPool(redactionWorker, { redactions, size: 2 }));
  const log = createLogger({ level: 'error', sink: () => undefined });
  const intake = owned.use(createIntake({ queue, siteId, hubId, burst: new Burst(systemClock, Infinity), log, redactor }));
  const streams = new ListenerStreams({ queue, siteId, hubId, listener: 'push', now: () => 1, redactor });
  const peer = new RecordingPeer();
  const connection = intake.connect(peer, { kind: 'plain', tenant: undefined });
  connection.receive(testHello());
  connection.receive(testOpen(1));
  await peer.untilSent('position');
  const kept = owned.move();
  return {
    store,
    redactions,
    streams,
    peer,
    connection,
    bodies: async (topic = frontTopic(testChannel)) =>
      (await entriesOf(store, topic)).map(({ body }) => zstdDecompressSync(body).toString()),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function entriesOf({ queue }: SqliteQueueFixture, topic: string): Promise<readonly Entry[]> {
  return queue.read({ topic, partition: 0, afterSequence: 0 }, { entries: 100, bytes: 1e9 });
}

/** One line, from this position on. */
function lineBatch(sequence: number, from: number, text: string, changes: Partial<Batch> = {}): Batch {
  const body = zstdCompressSync(text);
  const { segments, ...batch } = testBatchMessage(sequence, { from, to: from + text.length });
  const ofOneRecord = segments.map((segment) => ({ ...segment, records: 1 }));
  return { ...batch, segments: ofOneRecord, records: 1, body, checksum: checksumOf(body), ...changes };
}

test('what agents send is covered before it is stored, in its order, and its checksum fits', timeout, async () => {
  await using fixture = await open();
  const { connection, peer, store } = fixture;
  const lines = Array.from({ length: 30 }, (_, index) => {
    // Every third one is long, so that a short one behind it would be ready before it.
    const filler = index % 3 === 0 ? 'x'.repeat(20_000) : '';
    return `${filler}${String(index).padStart(3, '0')} pay ${card}\n`;
  });
  let from = 0;
  for (const [index, line] of lines.entries()) {
    connection.receive(lineBatch(index + 1, from, line));
    from += line.length;
  }
  // A gap right behind them waits for them.
  connection.receive({ kind: 'gap', stream: 1, from, to: from + 5, toMark: '', cause: 'dropped' });
  await peer.until(() => peer.sent.some((message) => message.kind === 'position' && message.held === from + 5));
  await peer.until(() => peer.sent.some((message) => message.kind === 'ack' && message.sequence === lines.length));
  assert.deepEqual(
    await fixture.bodies(),
    lines.map((line) => line.replace(card, stars)),
  );
  for (const { body, checksum } of await entriesOf(store, frontTopic(testChannel))) assert.equal(checksum, checksumOf(body));
});

test('what listeners take in is covered, and keeps its records', timeout, async () => {
  await using fixture = await open();
  const [tenant = '', type = ''] = testChannel.split('/');
  const target = { tenant, type, host: 'web1', source: 'push' };
  assert.equal(await fixture.streams.publish(target, blockOf([`a ${card}\n`, card, '4111'])), 'stored');
  assert.deepEqual(await fixture.bodies(), [`a ${stars}\n${stars}4111`]);
  const [entry] = await entriesOf(fixture.store, frontTopic(testChannel));
  assert.deepEqual(entry?.segments[0]?.lengths, [19, 16, 4]);
  assert.equal(await fixture.streams.publish({ ...target, type: 'other' }, blockOf([card])), 'stored');
  assert.deepEqual(await fixture.bodies(frontTopic(`${tenant}/other`)), [card], 'another channel stays as it came');
});

test('a body in which nothing can be looked for is refused, and nothing of it is stored', timeout, async () => {
  await using fixture = await open();
  const { connection, peer } = fixture;
  const text = `pay ${card}\n`;
  const broken = brokenBody(text.length);
  connection.receive(lineBatch(1, 0, text, { body: broken, checksum: checksumOf(broken) }));
  await peer.untilSent('refuse');
  assert.partialDeepStrictEqual(
    peer.sent.find(({ kind }) => kind === 'refuse'),
    { reason: 'corrupt', sequence: 1 },
  );
  assert.deepEqual(await fixture.bodies(), []);
});

test('while nobody knows what is to be covered, senders wait', timeout, async () => {
  await using fixture = await open();
  const { connection, peer, redactions, streams } = fixture;
  redactions.use(() => 'unknown');
  connection.receive(lineBatch(1, 0, `pay ${card}\n`));
  await peer.untilSent('refuse');
  assert.partialDeepStrictEqual(
    peer.sent.find(({ kind }) => kind === 'refuse'),
    { reason: 'busy' },
  );
  const [tenant = '', type = ''] = testChannel.split('/');
  assert.equal(await streams.publish({ tenant, type, host: 'h', source: 'push' }, blockOf([card])), 'full');
  assert.deepEqual(await fixture.bodies(), []);
});

test('a stream in UTF-16 is covered as such', timeout, async () => {
  await using fixture = await open();
  const { connection, peer, store } = fixture;
  connection.receive(testOpen(2, { attributes: testAttributes({ encoding: 'utf-16le' }) }));
  await peer.until(() => peer.kinds().filter((kind) => kind === 'position').length === 2);
  const bytes = Buffer.from(`pay ${card}\n`, 'utf16le');
  const batch = lineBatch(1, 0, 'x'.repeat(bytes.length));
  const body = zstdCompressSync(bytes);
  const segments = batch.segments.map((segment) => ({ ...segment, stream: 2, lengths: [bytes.length] }));
  connection.receive({ ...batch, segments, body, checksum: checksumOf(body) });
  await peer.untilSent('ack');
  const [entry] = await entriesOf(store, frontTopic(testChannel));
  assert(entry !== undefined);
  assert.equal(zstdDecompressSync(entry.body).toString('utf16le'), `pay ${stars}\n`);
});

/** A frame whose one block says that it is compressed, and holds nothing that is. */
function brokenBody(inflatedBytes: number): Uint8Array {
  const block = [0xff, 0xff, 0xff, 0xff];
  const header = (block.length << 3) | 0b101;
  const single = 0b10_0000;
  return Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, single, inflatedBytes, header & 0xff, header >> 8, header >> 16, ...block]);
}
