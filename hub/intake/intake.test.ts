import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checksumOf } from '@tributary/protocol/checksum.ts';
import type { Message } from '@tributary/protocol/messages.ts';
import type { HubMember } from '../cluster/cluster.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { testAttributes, testChannel, testMark } from '../queue/fixture.ts';
import { QueueError } from '../queue/queue-error.ts';
import { frontTopic, type Queue } from '../queue/queue.ts';
import { eventually } from '../testing/eventually.ts';
import type { QueueLimits } from '../queue/limits.ts';
import { openSqliteFixture } from '../queue/sqlite/sqlite-fixture.ts';
import type { IntakeConnection } from './connection.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { Burst } from '../groups/burst.ts';
import { type ConnectionStatus, createIntake, type Intake, type IntakeCluster, type IntakeOptions } from './intake.ts';
import { intakeLimitsDefault } from './limits.ts';
import { RecordingPeer, testBatchMessage, testBody, testHello, testOpen } from './recording-peer.ts';

function member(letter: string, connections: number): HubMember {
  const facts = { host: 'h', version: '1', startedMs: 0, state: 'ready', works: true, beatMs: 0 } as const;
  return { hubId: letter.repeat(32), address: `wss://${letter}:7701`, ...facts, connections };
}

interface Fixture extends AsyncDisposable {
  readonly intake: Intake;
  readonly queue: Queue;
  readonly logged: LogEntry[];
  /** What the intake's queue was asked for, in place of the real one. */
  connect(remote?: string): { peer: RecordingPeer; connection: IntakeConnection };
}

async function open(
  options: {
    limits?: Partial<QueueLimits>;
    wrap?: (queue: Queue) => Queue;
    cluster?: IntakeCluster;
    onLeft?: IntakeOptions['onLeft'];
  } = {},
): Promise<Fixture> {
  const store = await openSqliteFixture(options.limits);
  const logged: LogEntry[] = [];
  const log = createLogger({ level: 'debug', sink: (entry) => logged.push(entry) });
  const { siteId, hubId } = store.queue;
  const queue = options.wrap?.(store.queue) ?? store.queue;
  const intake = createIntake({
    queue,
    siteId,
    hubId,
    burst: new Burst(systemClock, Infinity),
    log,
    limits: { tickMs: 10, inFlightBytesMax: 5_000_000, storePauseMs: 10 },
    ...(options.cluster === undefined ? {} : { cluster: options.cluster }),
    ...(options.onLeft === undefined ? {} : { onLeft: options.onLeft }),
  });
  return {
    intake,
    queue,
    logged,
    connect: (remote) => {
      const peer = new RecordingPeer(remote);
      return { peer, connection: intake.connect(peer, { kind: 'plain', tenant: undefined }) };
    },
    [Symbol.asyncDispose]: async () => {
      await intake[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

const timeout = { timeout: 120_000 };

test('a batch is acked once it can be read from the queue', timeout, async () => {
  await using fixture = await open();
  const { peer, connection } = fixture.connect();
  connection.receive(testHello());
  assert.deepEqual(peer.kinds(), ['welcome']);
  connection.receive(testOpen(1));
  await peer.untilSent('position');
  connection.receive(testBatchMessage(1, { from: 0, to: 10 }));
  await peer.untilSent('ack');
  const entries = await fixture.queue.read(
    { topic: frontTopic(testChannel), partition: 0, afterSequence: 0 },
    { entries: 9, bytes: 1e9 },
  );
  assert.equal(entries.length, 1);
  assert.partialDeepStrictEqual(fixture.intake.status().counters, { admitted: 1, batches: 1, records: 10 });
});

test('who was admitted is told of when it leaves, and nobody else', timeout, async () => {
  const left: ConnectionStatus[] = [];
  await using fixture = await open({ onLeft: (status) => left.push(status) });
  const [admitted, stranger] = [fixture.connect('10.0.0.1:1'), fixture.connect('10.0.0.2:2')];
  admitted.connection.receive(testHello());
  assert.deepEqual(left, []);
  stranger.connection.gone();
  admitted.connection.gone();
  const { agentId } = testHello();
  assert.partialDeepStrictEqual(left, [{ agentId, host: 'web1', identity: 'plain', remote: '10.0.0.1:1' }]);
  assert.equal(left.length, 1);
});

test('many batches of one commit get one ack', timeout, async () => {
  await using fixture = await open();
  const { peer, connection } = fixture.connect();
  connection.receive(testHello());
  connection.receive(testOpen(1));
  await peer.untilSent('position');
  for (let batch = 0; batch < 100; batch += 1) {
    connection.receive(testBatchMessage(batch + 1, { from: batch * 10, to: batch * 10 + 10 }));
  }
  await peer.until(() => acked(peer.sent) === 100);
  const acks = peer.kinds().filter((kind) => kind === 'ack').length;
  // A commit is due by time, too, so that a slow machine makes some more of them.
  assert.ok(acks <= 50, `${acks} acks for 100 batches`);
});

test('a stream comes back with what is held; a missing part is refused and may be declared a gap', timeout, async () => {
  await using fixture = await open();
  const { peer, connection } = fixture.connect();
  connection.receive(testHello());
  connection.receive(testOpen(1));
  connection.receive(testBatchMessage(1, { from: 0, to: 10 }));
  connection.receive(testBatchMessage(2, { from: 50, to: 60 }));
  await peer.untilSent('refuse');
  assert.partialDeepStrictEqual(last(peer, 'refuse'), { reason: 'position', stream: 1, held: 10, heldMark: testMark(10) });
  connection.receive({ kind: 'gap', stream: 1, from: 10, to: 50, toMark: testMark(50), cause: 'buffer-lost' });
  connection.receive(testOpen(1));
  await peer.until(() => peer.kinds().filter((kind) => kind === 'position').length === 3);
  assert.partialDeepStrictEqual(last(peer, 'position'), { held: 50 });
  connection.receive(testBatchMessage(3, { from: 50, to: 60 }));
  await peer.until(() => acked(peer.sent) === 3);
  assert.ok(fixture.logged.some((entry) => entry.level === 'error' && entry.message.includes('lost')));
  assert.deepEqual(fixture.intake.status().lost, { 'buffer-lost': 40 });
});

test('an agent whose buffer is new gets its streams', timeout, async () => {
  await using fixture = await open();
  const first = fixture.connect();
  first.connection.receive(testHello());
  first.connection.receive(testOpen(1));
  first.connection.receive(testBatchMessage(1, { from: 0, to: 10 }));
  await first.peer.untilSent('ack');
  first.connection.gone();
  const second = fixture.connect();
  second.connection.receive(testHello({ startCounter: 6 }));
  second.connection.receive({ kind: 'recover' });
  await second.peer.untilSent('recovered');
  const recovered = last(second.peer, 'recovered');
  assert.ok(recovered?.kind === 'recovered' && recovered.last);
  assert.partialDeepStrictEqual(recovered.streams, [{ streamId: testOpen(1).streamId, held: 10, heldMark: testMark(10) }]);
});

test('a later start, and the same process again, supersede; an earlier start is turned away', timeout, async () => {
  await using fixture = await open();
  const first = fixture.connect('first');
  first.connection.receive(testHello());
  const again = fixture.connect('again');
  again.connection.receive(testHello());
  assert.equal(first.peer.closed, 'superseded');
  assert.deepEqual(again.peer.kinds(), ['welcome']);
  const later = fixture.connect('later');
  later.connection.receive(testHello({ startCounter: 6, bootId: '3c'.repeat(16) }));
  assert.equal(again.peer.closed, 'superseded');
  const earlier = fixture.connect('earlier');
  earlier.connection.receive(testHello());
  assert.partialDeepStrictEqual(earlier.peer.sent, [{ kind: 'reject', code: 'superseded' }]);
  assert.equal(later.peer.closed, undefined);
  assert.equal(fixture.intake.status().connections.length, 1);
});

/** Several parts of a hub look at its counters every second: of 2,000 agents these lists were a good part of what health cost. */
test('who asks for counters only has no list of the connections made', timeout, async () => {
  await using fixture = await open();
  const { peer, connection } = fixture.connect('first');
  connection.receive(testHello());
  let asked = 0;
  Object.defineProperty(peer, 'remote', {
    get: () => {
      asked += 1;
      return 'first';
    },
  });
  const { counters } = fixture.intake.status();
  assert.deepEqual([counters.admitted, asked], [1, 0]);
  assert.partialDeepStrictEqual(fixture.intake.status().connections, [{ remote: 'first' }]);
});

test('a clone and what it is a clone of are both refused', timeout, async () => {
  await using fixture = await open();
  const first = fixture.connect('first');
  first.connection.receive(testHello());
  const clone = fixture.connect('clone');
  clone.connection.receive(testHello({ bootId: '3c'.repeat(16) }));
  assert.equal(first.peer.closed, 'clone');
  assert.equal(clone.peer.closed, 'clone');
  assert.equal(fixture.intake.status().counters.clones, 1);
  assert.ok(fixture.logged.some((entry) => entry.level === 'error' && entry.message.includes('same agent id')));
});

test('a stream that changes its type ends the connection with a hint', timeout, async () => {
  await using fixture = await open();
  const first = fixture.connect();
  first.connection.receive(testHello());
  first.connection.receive(testOpen(1));
  await first.peer.untilSent('position');
  first.connection.gone();
  const second = fixture.connect();
  second.connection.receive(testHello());
  second.connection.receive(testOpen(1, { attributes: testAttributes({ type: 'app' }) }));
  await second.peer.until(() => second.peer.closed !== undefined);
  const reject = last(second.peer, 'reject');
  assert.ok(reject?.kind === 'reject' && reject.code === 'protocol' && reject.hint.includes('acme/nginx'));
});

test('credit follows the room of the channel, and a full one is refused as busy', timeout, async () => {
  await using fixture = await open({ limits: { topicBytesMax: 400_000, creditBytesMax: 100_000 } });
  const { peer, connection } = fixture.connect();
  connection.receive(testHello());
  connection.receive(testOpen(1));
  await peer.untilSent('credit');
  for (let batch = 1; batch <= 5; batch += 1) {
    connection.receive(testBatchMessage(batch, { from: batch - 1, to: batch }, 100_000));
    await peer.until(() => peer.kinds().filter((kind) => kind === 'ack' || kind === 'refuse').length === batch);
  }
  assert.partialDeepStrictEqual(last(peer, 'refuse'), { reason: 'busy', sequence: 5 });
  await peer.until(() => creditOf(peer) === 0);
  const topic = frontTopic(testChannel);
  await fixture.queue.ensureGroup({ topic, group: 'g', policy: { kind: 'blocking' }, from: 'beginning' });
  const lease = await fixture.queue.acquire({ topic, group: 'g', partition: 0 }, 'test', 60_000);
  assert.ok(lease !== undefined);
  await fixture.queue.commit({ lease, to: 4 });
  await peer.until(() => creditOf(peer) === 100_000);
});

test('a connection with too much in flight is read no further until the store has taken it', timeout, async () => {
  const gate = Promise.withResolvers<void>();
  const held = (queue: Queue): Queue => withAppend(queue, (batch) => gate.promise.then(() => queue.append(batch)));
  await using fixture = await open({ wrap: held });
  const { peer, connection } = fixture.connect();
  connection.receive(testHello());
  connection.receive(testOpen(1));
  await peer.untilSent('position');
  for (let batch = 1; batch <= 5; batch += 1) {
    assert.equal(peer.paused, false);
    connection.receive(testBatchMessage(batch, { from: batch - 1, to: batch }, 1_000_000));
  }
  assert.equal(peer.paused, true);
  gate.resolve();
  await peer.until(() => acked(peer.sent) === 5);
  assert.equal(peer.paused, false);
});

test(
  'a connection that opens streams faster than the store has them is read no further until half of them are',
  timeout,
  async () => {
    await using fixture = await open();
    const { peer, connection } = fixture.connect();
    connection.receive(testHello());
    let sent = 0;
    while (!peer.paused) connection.receive(testOpen((sent += 1)));
    assert.equal(sent, intakeLimitsDefault.requestsInFlightMax);
    await peer.until(() => peer.kinds().filter((kind) => kind === 'position').length === sent);
    assert.equal(peer.paused, false);
  },
);

test('lengths of very many records are in flight like bytes', timeout, async () => {
  const gate = Promise.withResolvers<void>();
  const held = (queue: Queue): Queue => withAppend(queue, (batch) => gate.promise.then(() => queue.append(batch)));
  await using fixture = await open({ wrap: held });
  const { peer, connection } = fixture.connect();
  connection.receive(testHello());
  connection.receive(testOpen(1));
  await peer.untilSent('position');
  const message = testBatchMessage(1, { from: 0, to: 10 });
  const lengths = Array.from({ length: 1_000_000 }, () => 0);
  connection.receive({ ...message, segments: message.segments.map((segment) => ({ ...segment, lengths })) });
  assert.equal(peer.paused, true);
  gate.resolve();
  await peer.untilSent('ack');
  assert.equal(peer.paused, false);
});

test('a body that cannot be what its batch says is refused and not stored, and the next one is taken', timeout, async () => {
  await using fixture = await open();
  const { peer, connection } = fixture.connect();
  connection.receive(testHello());
  connection.receive(testOpen(1));
  await peer.untilSent('position');
  const bodies = [testBody(1000), Uint8Array.from([...testBody(10), ...testBody(10)]), new TextEncoder().encode('0-10')];
  for (const [index, body] of bodies.entries()) {
    connection.receive({ ...testBatchMessage(index + 1, { from: 0, to: 10 }), body, checksum: checksumOf(body) });
  }
  connection.receive(testBatchMessage(4, { from: 0, to: 10 }));
  await peer.until(() => acked(peer.sent) === 4);
  const refusals = peer.sent.filter((message) => message.kind === 'refuse').map(({ reason }) => reason);
  assert.deepEqual(refusals, ['too-large', 'corrupt', 'corrupt']);
  assert.partialDeepStrictEqual(fixture.intake.status().counters, { batches: 1, refused: 3 });
});

test(
  'who is turned out while a batch is on its way to the store hears no more of it, and brings nothing more',
  timeout,
  async () => {
    const gate = Promise.withResolvers<void>();
    const held = (queue: Queue): Queue => withAppend(queue, (batch) => gate.promise.then(() => queue.append(batch)));
    await using fixture = await open({ wrap: held });
    const { peer, connection } = fixture.connect();
    connection.receive(testHello());
    connection.receive(testOpen(1));
    await peer.untilSent('position');
    connection.receive(testBatchMessage(1, { from: 0, to: 10 }));
    connection.shutdown({ code: 'unauthorized', hint: 'this agent was revoked', retryAfterMs: 0 });
    connection.receive(testBatchMessage(2, { from: 10, to: 20 }));
    connection.receive(testOpen(2));
    connection.receive({ kind: 'gap', stream: 1, from: 10, to: 50, toMark: '', cause: 'dropped' });
    gate.resolve();
    await connection.settled();
    assert.equal(peer.kinds().at(-1), 'reject');
    assert.equal(peer.kinds().includes('ack'), false);
    const { topics, channels } = await fixture.queue.status();
    assert.partialDeepStrictEqual(
      { topics, channels },
      { topics: [{ receivedRecords: 10 }], channels: [{ streams: 1, gaps: 0 }] },
    );
  },
);

test('a store that fails ends the connection as unavailable, and nothing is acked', timeout, async () => {
  await using fixture = await open({ wrap: (queue) => withAppend(queue, () => Promise.reject(new Error('the thread ended'))) });
  const { peer, connection } = fixture.connect();
  connection.receive(testHello());
  connection.receive(testOpen(1));
  await peer.untilSent('position');
  connection.receive(testBatchMessage(1, { from: 0, to: 10 }));
  await peer.until(() => peer.closed === 'unavailable');
  assert.ok(!peer.kinds().includes('ack'));
});

test('draining sends agents away and ends when they have gone', timeout, async () => {
  await using fixture = await open();
  const { peer, connection } = fixture.connect();
  connection.receive(testHello());
  const drained = fixture.intake.drain(['other:7701'], 10_000);
  assert.partialDeepStrictEqual(last(peer, 'drain'), { hubs: ['other:7701'] });
  const late = fixture.connect();
  late.connection.receive(testHello({ agentId: '9'.repeat(32) }));
  assert.equal(late.peer.closed, 'shutdown');
  connection.gone();
  await drained;
});

function last(peer: RecordingPeer, kind: Message['kind']): Message | undefined {
  return peer.sent.findLast((message) => message.kind === kind);
}

function acked(sent: readonly Message[]): number {
  return Math.max(0, ...sent.map((message) => (message.kind === 'ack' ? message.sequence : 0)));
}

function creditOf(peer: RecordingPeer): number | undefined {
  const credit = last(peer, 'credit');
  return credit?.kind === 'credit' ? credit.bytes : undefined;
}

/** The queue with another way to take batches. */
function withAppend(queue: Queue, append: Queue['append']): Queue {
  return overriding(queue, { append });
}

function overriding(queue: Queue, others: Partial<Queue>): Queue {
  return new Proxy(queue, {
    get: (target, name) => {
      if (Object.hasOwn(others, name)) return Reflect.get(others, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

test('a store that cannot be reached for a while keeps who waits for it waiting, and answers then', timeout, async () => {
  let isAway = true;
  let asked = 0;
  await using fixture = await open({
    wrap: (queue) => {
      const openStream: Queue['openStream'] = (request) => {
        asked += 1;
        return isAway ? Promise.reject(new QueueError('QUEUE_UNAVAILABLE', 'no Redis answers')) : queue.openStream(request);
      };
      return overriding(queue, { openStream });
    },
  });
  const { peer, connection } = fixture.connect();
  connection.receive(testHello());
  connection.receive(testOpen(1));
  await eventually('it was asked again', () => asked > 2);
  assert.ok(!peer.kinds().includes('position') && peer.closed === undefined);
  isAway = false;
  await peer.untilSent('position');
  assert.equal(peer.closed, undefined);
});

test('agents hear of the other hubs, and where there are far too many of them some are sent there', timeout, async () => {
  const members = [member('a', 0), member('b', 0), member('c', 5)];
  const addresses = members.map(({ address }) => address);
  const cluster = {
    hubId: 'a'.repeat(32),
    members: () => members,
    addresses: () => addresses,
    announce: () => undefined,
    onAnnounced: () => () => undefined,
  };
  await using fixture = await open({ cluster });
  const peers = Array.from({ length: 40 }, (_, index) => {
    const { peer, connection } = fixture.connect(`10.0.0.1:${index}`);
    connection.receive(testHello({ agentId: index.toString(16).padStart(32, '0') }));
    return peer;
  });
  const [first] = peers;
  assert.ok(first !== undefined);
  assert.partialDeepStrictEqual(first.sent[0], { kind: 'welcome', hubs: addresses });
  const drained = (): RecordingPeer[] => peers.filter((peer) => peer.kinds().includes('drain'));
  await eventually('some were sent away', () => drained().length > 1);
  assert.ok(drained().length < 10);
  const told = drained().map(({ sent }) => sent.find(({ kind }) => kind === 'drain'));
  assert.partialDeepStrictEqual(told, [{ hubs: ['wss://b:7701', 'wss://c:7701'] }, { hubs: ['wss://c:7701', 'wss://b:7701'] }]);
});

test('an older connection of an agent that came to another hub is ended, a new one is not', timeout, async () => {
  let announced: (message: string) => void = () => undefined;
  const sent: string[] = [];
  const cluster = {
    hubId: 'a'.repeat(32),
    members: () => [],
    addresses: () => [],
    announce: (message: string) => void sent.push(message),
    onAnnounced: (listener: (message: string) => void) => {
      announced = listener;
      return () => undefined;
    },
  };
  await using fixture = await open({ cluster });
  const { peer, connection } = fixture.connect();
  connection.receive(testHello({ startCounter: 5 }));
  const [arrival] = sent;
  assert.ok(arrival !== undefined);
  for (const message of [arrival, arrival.replace('"start":5', '"start":4'), 'admitted {', 'something else']) announced(message);
  assert.equal(peer.closed, undefined);
  announced(arrival.replace('"start":5', '"start":6'));
  assert.equal(peer.closed, 'superseded');
});
