/** What a quota does to the batches of a connection, with a real session and a real store. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { Burst } from '../groups/burst.ts';
import type { IntakeConnection } from '../intake/connection.ts';
import { createIntake, type Intake } from '../intake/intake.ts';
import { RecordingPeer, testBatchMessage, testHello, testOpen } from '../intake/recording-peer.ts';
import { testKey } from '../queue/fixture.ts';
import { openSqliteFixture, type SqliteQueueFixture } from '../queue/sqlite/sqlite-fixture.ts';
import type { IncomingSize, QuotaGate, QuotaVerdict } from './quota-gate.ts';

const timeout = { timeout: 120_000 };
const logger = createLogger({ level: 'error', sink: () => undefined });

/** Gives the verdicts it was told to, one a batch, and then takes everything. */
class ScriptedGate implements QuotaGate {
  readonly left: IncomingSize[] = [];
  readonly givenBack: IncomingSize[] = [];
  readonly #verdicts: QuotaVerdict['kind'][];

  constructor(...verdicts: readonly QuotaVerdict['kind'][]) {
    this.#verdicts = [...verdicts];
  }

  admit(): QuotaVerdict {
    const kind = this.#verdicts.shift() ?? 'take';
    if (kind === 'throttle') return { kind, retryAfterMs: 70, hint: 'used up' };
    return kind === 'drop' ? { kind, hint: 'used up' } : { kind };
  }

  giveBack(_: string, size: IncomingSize): void {
    this.givenBack.push(size);
  }

  dropped(_: string, size: IncomingSize): void {
    this.left.push(size);
  }
}

interface Line extends AsyncDisposable {
  readonly store: SqliteQueueFixture;
  readonly intake: Intake;
  readonly peer: RecordingPeer;
  readonly connection: IntakeConnection;
}

async function openLine(quotas: QuotaGate): Promise<Line> {
  const store = await openSqliteFixture();
  const { siteId, hubId } = store.queue;
  const burst = new Burst(systemClock, Infinity);
  const intake = createIntake({ queue: store.queue, siteId, hubId, burst, log: logger, quotas });
  const peer = new RecordingPeer();
  const connection = intake.connect(peer, { kind: 'plain', tenant: undefined });
  connection.receive(testHello());
  connection.receive(testOpen(1));
  await peer.untilSent('position');
  return {
    store,
    intake,
    peer,
    connection,
    [Symbol.asyncDispose]: async () => {
      await intake[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

function send(line: Line, ...ranges: readonly (readonly [number, number])[]): void {
  for (const [index, [from, to]] of ranges.entries()) line.connection.receive(testBatchMessage(index + 1, { from, to }));
}

const acked = (line: Line, sequence: number) => (): boolean =>
  line.peer.sent.some((message) => message.kind === 'ack' && message.sequence === sequence);

test('what is dropped between what is stored is a gap in its place, is acked, and the books balance', timeout, async () => {
  const gate = new ScriptedGate('take', 'drop', 'drop', 'take');
  await using line = await openLine(gate);
  send(line, [0, 10], [10, 25], [25, 30], [30, 100]);
  await line.peer.until(acked(line, 4));
  assert.deepEqual(gate.left, [
    { bytes: 15, records: 15 },
    { bytes: 5, records: 5 },
  ]);
  const { streamId } = testKey(1);
  const gaps = (await line.store.queue.gaps()).map(({ from, to, cause, key }) => ({ from, to, cause, streamId: key.streamId }));
  assert.deepEqual(gaps, [
    { from: 10, to: 25, cause: 'dropped', streamId },
    { from: 25, to: 30, cause: 'dropped', streamId },
  ]);
  const [channel] = (await line.store.queue.status()).channels;
  assert.partialDeepStrictEqual(channel, { positions: 100, lost: 20 });
  const [topic] = (await line.store.queue.status()).topics;
  assert.equal(topic?.receivedRecords, 80);
});

test('what had arrived before is dropped by nobody', timeout, async () => {
  const gate = new ScriptedGate('take', 'drop', 'drop');
  await using line = await openLine(gate);
  send(line, [0, 10], [0, 10], [5, 20]);
  await line.peer.until(acked(line, 3));
  assert.deepEqual(gate.left, [{ bytes: 10, records: 10 }], 'only what was new');
  assert.equal((await line.store.queue.status()).channels[0]?.lost, 10);
});

test('a batch behind a hole is refused for its position, dropped or not', timeout, async () => {
  const gate = new ScriptedGate('drop');
  await using line = await openLine(gate);
  send(line, [50, 60]);
  await line.peer.untilSent('refuse');
  assert.partialDeepStrictEqual(line.peer.sent.at(-1), { kind: 'refuse', reason: 'position', held: 0 });
  assert.deepEqual(gate.left, []);
});

test("throttled, the batch is the agent's to send again after the time it is told", timeout, async () => {
  const gate = new ScriptedGate('take', 'throttle');
  await using line = await openLine(gate);
  send(line, [0, 10], [10, 20]);
  await line.peer.untilSent('refuse');
  assert.partialDeepStrictEqual(line.peer.sent.at(-1), { kind: 'refuse', reason: 'busy', retryAfterMs: 70, hint: 'used up' });
  assert.equal((await line.store.queue.status()).channels[0]?.positions, 10);
});

test('a duplicate gives its quota back', timeout, async () => {
  const gate = new ScriptedGate();
  await using line = await openLine(gate);
  send(line, [0, 10], [0, 10]);
  await line.peer.until(acked(line, 2));
  assert.deepEqual(gate.givenBack, [{ bytes: 10, records: 10 }]);
});
