import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as limits from '../limits.ts';
import type { Message, Refuse } from '../messages.ts';
import type { ClientEffect } from './client-effect.ts';
import { ClientSession } from './client.ts';
import { testHello, testWelcome } from './testing/test-messages.ts';
import { testChannel, testId, testMark, TestOutbox } from './testing/test-outbox.ts';

const streamId = testId('5');
const other = testId('6');

/** A session with a clock set by hand, and what it asked for since last asked. */
class Fixture {
  readonly outbox = new TestOutbox();
  readonly session: ClientSession;
  nowMs = 0;

  constructor(options: { readonly recover?: boolean; readonly siteBefore?: string; readonly sender?: 'hub' } = {}) {
    const { recover = false, siteBefore } = options;
    const hello = options.sender === undefined ? testHello : { ...testHello, sender: options.sender };
    this.session = new ClientSession({ outbox: this.outbox, hello, recover, siteBefore, now: () => this.nowMs });
  }

  /** Up to the Welcome. */
  welcomed(change: Partial<typeof testWelcome> = {}): this {
    this.session.connected();
    this.session.receive({ ...testWelcome, ...change });
    return this;
  }

  /** The effects, with messages in place of `send`. */
  take(): (Message | Exclude<ClientEffect, { kind: 'send' }>)[] {
    return this.session.takeEffects().map((effect) => (effect.kind === 'send' ? effect.message : effect));
  }

  /** In short: kinds, with what matters of each. */
  brief(): string[] {
    return this.take().map((item) => {
      switch (item.kind) {
        case 'batch':
          return `batch ${item.sequence}: ${item.segments.map(({ stream, from, to }) => `${stream}[${from},${to})`).join(' ')}`;
        case 'open-stream':
          return `open ${item.stream}`;
        case 'acked':
          return `acked ${item.batchIds.join(',')}`;
        case 'gap':
          return 'stream' in item
            ? `Gap ${item.stream}[${item.from},${item.to}) ${item.cause}`
            : `lost [${item.from},${item.to})`;
        case 'diverged':
        case 'rejected-batch':
        case 'close':
          return `${item.kind} ${item.reason}`;
        default:
          return item.kind;
      }
    });
  }

  position(stream: number, held: number, heldMark = testMark(held)): void {
    this.session.receive({ kind: 'position', stream, held, heldMark, archived: 0 });
  }

  ack(sequence: number): void {
    this.session.receive({ kind: 'ack', channel: 1, sequence });
  }

  refuse(sequence: number, reason: Refuse['reason'], about: Partial<Refuse> = {}): void {
    const none = { stream: 0, held: 0, heldMark: '', retryAfterMs: 0, hint: '' };
    this.session.receive({ kind: 'refuse', channel: 1, sequence, reason, ...none, ...about });
  }
}

test('streams are opened and judged before their first batch', () => {
  const fixture = new Fixture();
  fixture.outbox.add({ streamId, from: 0, to: 10 }, { streamId: other, from: 0, to: 10 });
  assert.deepEqual(fixture.welcomed().brief(), ['hello', 'welcomed', 'open 1', 'open 2']);
  fixture.position(1, 0);
  assert.deepEqual(fixture.brief(), ['positioned']);
  fixture.position(2, 0);
  assert.deepEqual(fixture.brief(), ['positioned', 'batch 1: 1[0,10) 2[0,10)']);
  fixture.ack(1);
  assert.deepEqual(fixture.brief(), ['acked 1']);
});

test('what the site holds already is acked without being sent', () => {
  const fixture = new Fixture();
  fixture.outbox.add({ streamId, from: 0, to: 10 });
  fixture.outbox.add({ streamId, from: 10, to: 20 });
  fixture.welcomed().take();
  fixture.position(1, 10);
  assert.deepEqual(fixture.brief(), ['positioned', 'batch 1: 1[10,20)', 'acked 1']);
});

test('the window is kept, and a batch may always go when nothing else is under way', () => {
  const fixture = new Fixture();
  for (const from of [0, 150, 180, 210, 290]) {
    fixture.outbox.add({ streamId, from, to: { 0: 150, 150: 180, 180: 210, 210: 290, 290: 291 }[from] ?? 0 });
  }
  fixture.welcomed().take();
  fixture.position(1, 0);
  assert.deepEqual(fixture.brief(), ['positioned', 'batch 1: 1[0,150)']);
  fixture.ack(1);
  assert.deepEqual(fixture.brief(), ['acked 1', 'batch 2: 1[150,180)', 'batch 3: 1[180,210)']);
  fixture.session.receive({ kind: 'credit', channel: 1, bytes: 0 });
  fixture.ack(2);
  assert.deepEqual(fixture.brief(), ['acked 2']);
  fixture.ack(3);
  assert.deepEqual(fixture.brief(), ['acked 3', 'batch 4: 1[210,290)']);
  fixture.session.receive({ kind: 'credit', channel: 1, bytes: 1000 });
  assert.deepEqual(fixture.brief(), ['batch 5: 1[290,291)']);
});

test('a site that went back gets again what is retained', () => {
  const fixture = new Fixture();
  for (const from of [0, 10, 20]) fixture.outbox.add({ streamId, from, to: from + 10 });
  fixture.welcomed().take();
  fixture.position(1, 0);
  fixture.take();
  fixture.ack(2);
  fixture.take();
  fixture.position(1, 10);
  assert.deepEqual(fixture.brief(), ['positioned'], 'something is still under way');
  fixture.refuse(3, 'position', { stream: 1, held: 10, heldMark: testMark(10) });
  assert.deepEqual(fixture.brief(), ['open 1']);
  fixture.position(1, 10);
  assert.deepEqual(fixture.brief(), ['positioned', 'batch 4: 1[10,20)', 'batch 5: 1[20,30)']);
});

test('a site that went back while nothing is under way is asked at once', () => {
  const fixture = new Fixture();
  fixture.outbox.add({ streamId, from: 0, to: 10 });
  fixture.outbox.ackedIds.add(1);
  fixture.welcomed().take();
  fixture.position(1, 10);
  fixture.take();
  fixture.position(1, 0);
  assert.deepEqual(fixture.brief(), ['positioned', 'open 1']);
  fixture.position(1, 0);
  assert.deepEqual(fixture.brief(), ['positioned', 'batch 1: 1[0,10)']);
});

test('what is not retained is declared as a gap, and the Position that answers is waited for', () => {
  const fixture = new Fixture();
  fixture.outbox.add({ streamId, from: 30, to: 40 });
  fixture.welcomed().take();
  fixture.position(1, 10);
  assert.deepEqual(fixture.brief(), ['positioned', 'Gap 1[10,30) replay-expired']);
  fixture.position(1, 10);
  assert.deepEqual(fixture.brief(), ['positioned'], 'a Position that crossed the Gap is no answer');
  fixture.position(1, 30);
  assert.deepEqual(fixture.brief(), ['positioned', 'lost [10,30)', 'batch 1: 1[30,40)']);
});

test('a lost end is declared even when nothing follows', () => {
  const fixture = new Fixture();
  fixture.outbox.setStream(streamId, { end: 50, endMark: testMark(50) });
  fixture.welcomed();
  fixture.session.openStream(streamId);
  fixture.take();
  fixture.position(1, 20);
  assert.deepEqual(fixture.brief(), ['positioned', 'Gap 1[20,50) replay-expired']);
});

test('what the site had, and this end has no more, is lost with its store', () => {
  const back = new Fixture();
  back.outbox.setStream(streamId, { end: 50, endMark: testMark(50) });
  back.welcomed();
  back.session.openStream(streamId);
  back.position(1, 50);
  back.take();
  back.position(1, 20);
  assert.deepEqual(back.brief(), ['positioned', 'open 1']);
  back.position(1, 20);
  assert.deepEqual(back.brief(), ['positioned', 'Gap 1[20,50) store-lost']);

  const again = new Fixture({ siteBefore: testWelcome.siteId });
  again.outbox.add({ streamId, from: 30, to: 40 });
  again.welcomed().take();
  again.position(1, 10);
  assert.deepEqual(again.brief(), ['positioned', 'Gap 1[10,30) store-lost']);

  const elsewhere = new Fixture({ siteBefore: 'e'.repeat(32) });
  elsewhere.outbox.add({ streamId, from: 30, to: 40 });
  elsewhere.welcomed().take();
  elsewhere.position(1, 10);
  assert.deepEqual(elsewhere.brief(), ['positioned', 'Gap 1[10,30) replay-expired']);
});

test('a hub tells its snapshot once it is welcomed, and an agent may not', () => {
  const json = new TextEncoder().encode('{}');
  const fixture = new Fixture({ sender: 'hub' });
  fixture.session.sendSnapshot(json);
  fixture.welcomed().take();
  fixture.session.sendSnapshot(json);
  assert.deepEqual(fixture.take(), [{ kind: 'snapshot', json }]);
  assert.throws(() => new Fixture().welcomed().session.sendSnapshot(json), /only a hub/);
});

test('a hole between retained batches waits until what is under way is answered', () => {
  const fixture = new Fixture();
  fixture.outbox.add({ streamId, from: 0, to: 10 });
  fixture.outbox.add({ streamId, from: 20, to: 30 });
  fixture.welcomed().take();
  fixture.position(1, 0);
  assert.deepEqual(fixture.brief(), ['positioned', 'batch 1: 1[0,10)']);
  fixture.ack(1);
  assert.deepEqual(fixture.brief(), ['acked 1', 'Gap 1[10,20) buffer-damaged']);
});

test('a site that holds more than was ever written has another content', () => {
  const fixture = new Fixture();
  fixture.outbox.add({ streamId, from: 0, to: 10 });
  fixture.welcomed().take();
  fixture.position(1, 11);
  assert.deepEqual(fixture.brief(), ['positioned', 'diverged ahead']);
  fixture.outbox.setStream(streamId, { replaced: true });
  fixture.outbox.remove(1);
  fixture.outbox.setStream(other, { start: 11, end: 11 });
  fixture.outbox.add({ streamId: other, from: 11, to: 20 });
  fixture.session.outboxGrew();
  assert.deepEqual(fixture.brief(), [], 'the channel stands still until the host is done');
  fixture.session.resumeChannel(testChannel);
  assert.deepEqual(fixture.brief(), ['open 2']);
  fixture.position(2, 11);
  assert.deepEqual(fixture.brief(), ['positioned', 'batch 1: 2[11,20)']);
});

test('other bytes before what the site holds are another content', () => {
  const fixture = new Fixture();
  fixture.outbox.add({ streamId, from: 0, to: 10 });
  fixture.outbox.add({ streamId, from: 10, to: 20 });
  fixture.welcomed().take();
  fixture.position(1, 10, testMark(99));
  assert.deepEqual(fixture.brief(), ['positioned', 'diverged mark']);
});

test('a stream that is refused at one position again and again, with nothing wrong here, has another content', () => {
  const fixture = new Fixture();
  fixture.outbox.add({ streamId, from: 0, to: 10 });
  fixture.welcomed().take();
  fixture.position(1, 0, '');
  for (let sequence = 1; sequence <= limits.positionTriesMax; sequence += 1) {
    fixture.take();
    fixture.refuse(sequence, 'position', { stream: 1, held: 0 });
    assert.deepEqual(fixture.brief(), ['open 1']);
    fixture.position(1, 0, '');
  }
  assert.deepEqual(fixture.brief(), ['positioned', 'diverged mark']);
});

test('a busy hub is tried again after its time', () => {
  const fixture = new Fixture();
  for (const from of [0, 10]) fixture.outbox.add({ streamId, from, to: from + 10 });
  fixture.welcomed().take();
  fixture.position(1, 0);
  fixture.take();
  fixture.refuse(1, 'busy', { retryAfterMs: 500 });
  assert.deepEqual(fixture.brief(), []);
  fixture.refuse(2, 'position', { stream: 1, held: 0 });
  assert.deepEqual(fixture.brief(), ['open 1']);
  fixture.position(1, 0);
  assert.deepEqual(fixture.brief(), ['positioned']);
  assert.equal(fixture.session.nextTickMs(), 500);
  fixture.nowMs = 500;
  fixture.session.tick();
  assert.deepEqual(fixture.brief(), ['batch 3: 1[0,10)', 'batch 4: 1[10,20)']);
});

test('a batch that arrives damaged is sent again, and given up in the end', () => {
  const fixture = new Fixture();
  fixture.outbox.add({ streamId, from: 0, to: 10 });
  fixture.outbox.add({ streamId, from: 10, to: 20 });
  fixture.outbox.batches.pop();
  fixture.outbox.setStream(streamId, { end: 10, endMark: testMark(10) });
  fixture.welcomed().take();
  fixture.position(1, 0);
  for (let sequence = 1; sequence < limits.corruptTriesMax; sequence += 1) {
    fixture.take();
    fixture.refuse(sequence, 'corrupt');
    assert.deepEqual(fixture.brief(), [`batch ${sequence + 1}: 1[0,10)`]);
  }
  fixture.refuse(limits.corruptTriesMax, 'corrupt');
  assert.deepEqual(fixture.brief(), ['rejected-batch corrupt', 'Gap 1[0,10) rejected']);
});

test('a batch no site takes is set aside, its part declared lost, and what follows goes on', () => {
  const fixture = new Fixture();
  for (const from of [0, 10, 20]) fixture.outbox.add({ streamId, from, to: from + 10 });
  fixture.welcomed().take();
  fixture.position(1, 0);
  fixture.take();
  fixture.ack(1);
  fixture.refuse(2, 'forbidden');
  assert.deepEqual(fixture.brief(), ['acked 1', 'rejected-batch forbidden']);
  fixture.outbox.remove(2);
  fixture.refuse(3, 'position', { stream: 1, held: 10, heldMark: testMark(10) });
  assert.deepEqual(fixture.brief(), ['open 1']);
  fixture.position(1, 10);
  assert.deepEqual(fixture.brief(), ['positioned', 'Gap 1[10,20) rejected']);
  fixture.position(1, 20);
  assert.deepEqual(fixture.brief(), ['positioned', 'lost [10,20)', 'batch 4: 1[20,30)']);
});

test('an outbox that holds back for a while loses nothing to a batch that was given up', () => {
  // Seen in review: with the next batch held back, the gap of a later one was taken to begin at what the site holds.
  const fixture = new Fixture();
  for (const from of [0, 10]) fixture.outbox.add({ streamId, from, to: from + 10 });
  fixture.welcomed().take();
  fixture.position(1, 0);
  fixture.take();
  fixture.refuse(1, 'busy');
  fixture.refuse(2, 'too-large');
  fixture.take();
  const next = fixture.outbox.next.bind(fixture.outbox);
  fixture.outbox.next = () => undefined;
  fixture.nowMs = limits.busyRetryMsMin;
  fixture.session.tick();
  assert.deepEqual(fixture.brief(), []);
  fixture.outbox.next = next;
  fixture.session.outboxGrew();
  assert.deepEqual(fixture.brief(), ['batch 3: 1[0,10)']);
});

test('a stored body that cannot be read is declared as damaged', () => {
  const fixture = new Fixture();
  fixture.outbox.add({ streamId, from: 0, to: 10 });
  fixture.outbox.damagedIds.add(1);
  fixture.welcomed().take();
  fixture.position(1, 0);
  assert.deepEqual(fixture.brief(), ['positioned', 'rejected-batch corrupt', 'Gap 1[0,10) buffer-damaged']);
});

test('with a new buffer, nothing is sent before the site told its streams', () => {
  const fixture = new Fixture({ recover: true });
  fixture.outbox.add({ streamId, from: 0, to: 10 });
  assert.deepEqual(fixture.welcomed().brief(), ['hello', 'welcomed', 'recover']);
  fixture.session.receive({ kind: 'recovered', streams: [], last: false });
  fixture.session.outboxGrew();
  assert.deepEqual(fixture.brief(), []);
  fixture.session.receive({ kind: 'recovered', streams: [], last: true });
  assert.deepEqual(fixture.brief(), ['recovered']);
  fixture.session.recoveryDone();
  assert.deepEqual(fixture.brief(), ['open 1']);
});

test('a drain sends no more and ends when all is answered, or at its deadline', () => {
  for (const answered of [true, false]) {
    const fixture = new Fixture();
    fixture.outbox.add({ streamId, from: 0, to: 10 });
    fixture.welcomed().take();
    fixture.position(1, 0);
    fixture.session.receive({ kind: 'drain', hubs: ['b'], deadlineMs: 300 });
    fixture.outbox.add({ streamId, from: 10, to: 20 });
    fixture.session.outboxGrew();
    assert.deepEqual(fixture.brief(), ['positioned', 'batch 1: 1[0,10)']);
    if (answered) fixture.ack(1);
    else {
      assert.equal(fixture.session.nextTickMs(), 300);
      fixture.nowMs = 300;
      fixture.session.tick();
    }
    assert.deepEqual(fixture.brief(), answered ? ['acked 1', 'drained'] : ['drained']);
  }
});

test('only a Pong is a sign of life, and none is asked for while nothing is unanswered', () => {
  const fixture = new Fixture();
  fixture.outbox.add({ streamId, from: 0, to: 10 });
  fixture.welcomed().take();
  fixture.position(1, 0);
  fixture.nowMs = limits.pingIntervalMs;
  fixture.session.tick();
  assert.deepEqual(fixture.brief(), ['positioned', 'batch 1: 1[0,10)', 'ping']);
  fixture.ack(1);
  fixture.nowMs += limits.pongTimeoutMs;
  fixture.session.tick();
  assert.deepEqual(fixture.brief(), ['acked 1', 'close no-pong']);

  const idle = new Fixture();
  idle.welcomed().take();
  assert.equal(idle.session.nextTickMs(), undefined);
});

test('a Pong in time keeps the connection', () => {
  const fixture = new Fixture();
  fixture.outbox.add({ streamId, from: 0, to: 10 });
  fixture.welcomed().take();
  for (let round = 1; round < 10; round += 1) {
    fixture.nowMs += limits.pingIntervalMs;
    fixture.session.tick();
    assert.deepEqual(fixture.brief(), ['ping']);
    fixture.session.receive({ kind: 'pong', nonce: round });
  }
});

test('a hub that says it is there is waited for, as its Pong may be behind a long message on a slow link', () => {
  const fixture = new Fixture();
  fixture.outbox.add({ streamId, from: 0, to: 10 });
  fixture.welcomed().take();
  fixture.nowMs = limits.pingIntervalMs;
  fixture.session.tick();
  assert.deepEqual(fixture.brief(), ['ping']);
  for (let second = 0; second < 60; second += 1) {
    fixture.nowMs += limits.stillHereMs;
    fixture.session.peerIsHere();
    fixture.session.tick();
    assert.deepEqual(fixture.brief(), []);
  }
  fixture.nowMs += limits.pongTimeoutMs;
  fixture.session.tick();
  assert.deepEqual(fixture.brief(), ['close no-pong']);
});

test('a hub that does not answer the Hello is left', () => {
  const fixture = new Fixture();
  fixture.session.connected();
  fixture.take();
  fixture.nowMs = limits.welcomeTimeoutMs;
  fixture.session.tick();
  assert.deepEqual(fixture.brief(), ['close no-welcome']);
});

test('a Reject ends the connection with its reason', () => {
  const fixture = new Fixture();
  fixture.session.connected();
  fixture.take();
  fixture.session.receive({ kind: 'reject', code: 'version', hint: 'too old', retryAfterMs: 60_000 });
  assert.deepEqual(fixture.take(), [{ kind: 'close', reason: 'version', hint: 'too old', retryAfterMs: 60_000 }]);
  fixture.session.outboxGrew();
  fixture.session.tick();
  assert.deepEqual(fixture.take(), []);
});

const breaches: Readonly<Record<string, Message>> = {
  'an Ack of what was not sent': { kind: 'ack', channel: 1, sequence: 2 },
  'an Ack of an unknown channel': { kind: 'ack', channel: 2, sequence: 1 },
  'a second Welcome': testWelcome,
  'a Position of a stream not opened': { kind: 'position', stream: 2, held: 0, heldMark: '', archived: 0 },
  'a Recovered that was not asked for': { kind: 'recovered', streams: [], last: true },
  'a message that is ours to send': { kind: 'recover' },
};

for (const [name, message] of Object.entries(breaches)) {
  test(`${name} breaks the protocol`, () => {
    const fixture = new Fixture();
    fixture.outbox.add({ streamId, from: 0, to: 10 });
    fixture.welcomed();
    fixture.position(1, 0);
    fixture.take();
    fixture.session.receive(message);
    assert.deepEqual(fixture.brief(), ['close peer-broke-protocol']);
  });
}

test('more streams than may be open are all opened, in rounds, and opened again when they are needed', () => {
  const fixture = new Fixture();
  const ids = Array.from({ length: 12 }, (_, index) => index.toString(16).repeat(32));
  for (const id of ids) fixture.outbox.add({ streamId: id, from: 0, to: 1 });
  for (const { id } of fixture.outbox.batches) fixture.outbox.ackedIds.add(id);
  fixture.welcomed();
  let opened = 0;
  for (let items = fixture.take(); items.length > 0; items = fixture.take()) {
    for (const item of items) {
      if (item.kind !== 'open-stream') continue;
      opened += 1;
      assert.equal(item.stream, opened);
      fixture.position(item.stream, 1);
    }
  }
  assert.equal(opened, 12);
  fixture.outbox.add({ streamId: ids[0] ?? '', from: 1, to: 2 });
  fixture.session.outboxGrew();
  assert.deepEqual(fixture.brief(), ['open 13']);
  fixture.position(13, 1);
  assert.deepEqual(fixture.brief(), ['positioned', 'batch 1: 13[1,2)']);
});

test('a stream is closed once the site holds its end', () => {
  const fixture = new Fixture();
  fixture.outbox.add({ streamId, from: 0, to: 10 });
  fixture.welcomed().take();
  fixture.session.closeStream(streamId, 10);
  fixture.position(1, 0);
  assert.deepEqual(fixture.brief(), ['positioned', 'batch 1: 1[0,10)']);
  fixture.ack(1);
  assert.deepEqual(fixture.brief(), ['acked 1', 'close-stream', 'closed']);
});
