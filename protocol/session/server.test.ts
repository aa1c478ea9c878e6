import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checksumOf } from '../checksum.ts';
import { FrameError } from '../frame-error.ts';
import * as limits from '../limits.ts';
import type { Batch, Hello, Message, OpenStream } from '../messages.ts';
import { currentVersion, oldestAcceptedVersion } from '../version.ts';
import { ServerSession } from './server.ts';
import { testHello, testWelcome } from './testing/test-messages.ts';
import { testId } from './testing/test-outbox.ts';

const hello: Hello = { kind: 'hello', versionMin: currentVersion, versionMax: currentVersion, ...testHello };
const { kind: _kind, version: _version, ...welcome } = testWelcome;
const origin = { siteId: testId('2'), agentId: testId('a') };
const key = { ...origin, streamId: testId('5') };
const position = { held: 0, heldMark: '', archived: 0 };

const openStream: OpenStream = {
  kind: 'open-stream',
  stream: 1,
  channel: 1,
  streamId: testId('5'),
  origin: { siteId: '', agentId: '' },
  identity: { path: '/a', device: '', inode: '', fingerprint: '', fingerprintLength: 0, token: '', base: 0 },
  attributes: { tenant: 'acme', type: 'app', host: 'h', encoding: '', counted: false, labels: {} },
  start: 0,
  wantArchived: false,
};

function batchOf(sequence: number, change: Partial<Batch> = {}): Batch {
  const from = (sequence - 1) * 10;
  const segment = {
    stream: 1,
    from,
    to: from + 10,
    fromMark: '',
    toMark: '',
    records: 1,
    bytes: 10,
    cuts: [],
    lengths: [],
    drops: [],
  };
  const body = new Uint8Array(10).fill(sequence);
  const sums = { records: 1, inflatedBytes: 10, checksum: checksumOf(body) };
  const envelope = { createdMs: 0, hops: [], trims: [] };
  return { kind: 'batch', channel: 1, sequence, segments: [segment], ...sums, envelope, body, ...change };
}

class Fixture {
  nowMs = 0;
  readonly session = new ServerSession({ now: () => this.nowMs });

  admitted(): this {
    this.session.receive(hello);
    this.session.admitted({ kind: 'admitted', welcome, origin });
    this.session.takeEffects();
    return this;
  }

  /** With stream 1 open and its Position told. */
  opened(): this {
    this.admitted().receive(openStream);
    this.session.positioned(1, position);
    this.session.takeEffects();
    return this;
  }

  receive(...messages: readonly Message[]): this {
    for (const message of messages) this.session.receive(message);
    return this;
  }

  brief(): string[] {
    return this.session.takeEffects().map((effect) => {
      if (effect.kind === 'close') return `close ${effect.code}`;
      if (effect.kind !== 'send') return 'requestId' in effect ? `${effect.kind} #${effect.requestId}` : effect.kind;
      const { message } = effect;
      if (message.kind === 'ack') return `Ack ${message.sequence}`;
      if (message.kind === 'refuse') return `Refuse ${message.sequence} ${message.reason}`;
      if (message.kind === 'position') return `Position ${message.stream} ${message.held}`;
      if (message.kind === 'reject') return `Reject ${message.code}`;
      return message.kind;
    });
  }
}

test('a Hello is admitted by the host and welcomed', () => {
  const fixture = new Fixture().receive(hello);
  assert.deepEqual(fixture.brief(), ['admit']);
  fixture.session.admitted({ kind: 'admitted', welcome, origin });
  assert.deepEqual(fixture.session.takeEffects(), [{ kind: 'send', message: testWelcome }]);
});

test('a peer of another version is told which ones are spoken here', () => {
  const fixture = new Fixture().receive({ ...hello, versionMin: currentVersion + 1, versionMax: currentVersion + 2 });
  const [send, close] = fixture.session.takeEffects();
  assert.equal(send?.kind === 'send' && send.message.kind === 'reject' && send.message.code, 'version');
  assert.match(
    close?.kind === 'close' ? close.hint : '',
    new RegExp(`versions ${oldestAcceptedVersion} to ${currentVersion}, the peer ${currentVersion + 1}`),
  );
});

test('who is not admitted is told why', () => {
  const fixture = new Fixture().receive(hello);
  fixture.session.takeEffects();
  fixture.session.admitted({ kind: 'rejected', code: 'clone', hint: 'x'.repeat(5000), retryAfterMs: 1e9 });
  assert.deepEqual(fixture.brief(), ['Reject clone', 'close clone']);
  fixture.receive(openStream);
  assert.deepEqual(fixture.brief(), [], 'nothing is heard after the end');
});

test('nobody waits for ever for a Hello', () => {
  const fixture = new Fixture();
  assert.equal(fixture.session.nextTickMs(), limits.helloTimeoutMs);
  fixture.nowMs = limits.helloTimeoutMs;
  fixture.session.tick();
  assert.deepEqual(fixture.brief(), ['Reject protocol', 'close protocol']);
});

test('answers come in the order of the batches, and one Ack is for many', () => {
  const fixture = new Fixture().opened().receive(batchOf(1), batchOf(2), batchOf(3), batchOf(4));
  assert.deepEqual(fixture.brief(), ['append #2', 'append #3', 'append #4', 'append #5']);
  fixture.session.appended(4, { kind: 'refused', reason: 'busy', hint: '' });
  fixture.session.appended(3, { kind: 'duplicate' });
  assert.deepEqual(fixture.brief(), []);
  fixture.session.appended(2, { kind: 'stored' });
  assert.deepEqual(fixture.brief(), ['Ack 2', 'Refuse 3 busy']);
  fixture.session.appended(5, { kind: 'stored' });
  assert.deepEqual(fixture.brief(), ['Ack 4']);
});

test('after a refusal for its position a stream is refused until it is opened again', () => {
  const fixture = new Fixture().opened().receive(batchOf(1));
  fixture.session.appended(2, { kind: 'refused', reason: 'position', key, held: 5, heldMark: '', hint: '' });
  fixture.session.takeEffects();
  fixture.receive(batchOf(2));
  assert.deepEqual(fixture.brief(), ['Refuse 2 position']);
  fixture.receive(openStream, batchOf(3));
  assert.deepEqual(fixture.brief(), ['open #3', 'append #4']);
});

test('a damaged body is refused and not given to the host', () => {
  const fixture = new Fixture().opened().receive(batchOf(1, { checksum: 1 }));
  assert.deepEqual(fixture.brief(), ['Refuse 1 corrupt']);
});

test('what was durable before is acked before a Position that may say less', () => {
  const fixture = new Fixture().opened().receive(batchOf(1));
  fixture.session.storeChanged();
  assert.deepEqual(fixture.brief(), ['append #2', 'open #3']);
  fixture.session.appended(2, { kind: 'stored' });
  fixture.session.positioned(3, position);
  assert.deepEqual(fixture.brief(), ['Ack 1', 'Position 1 0']);
});

test('descriptions beyond a bound are forgotten: when the store went back, the sender has to open its streams again', () => {
  const fixture = new Fixture().receive(hello);
  const granted = { ...welcome, limits: { ...welcome.limits, streamsMax: limits.streamsMax } };
  fixture.session.admitted({ kind: 'admitted', welcome: granted, origin });
  fixture.receive(openStream);
  const labels = Object.fromEntries(Array.from({ length: limits.labelsMax }, (_, index) => [`l${index}`, 'x'.repeat(1024)]));
  const long = { ...openStream.attributes, labels };
  const many = Math.ceil(limits.describedBytesMax / (limits.labelsMax * 1024));
  const opened = Array.from({ length: many }, (_, index): OpenStream => {
    const streamId = (index + 2).toString(16).padStart(32, '0');
    return { ...openStream, stream: index + 2, streamId, attributes: long };
  });
  fixture.receive(...opened.slice(0, 1));
  fixture.session.takeEffects();
  fixture.session.storeChanged();
  assert.equal(fixture.brief().length, 2, 'two positions are asked for again');
  fixture.receive(...opened.slice(1), batchOf(1));
  assert.equal(fixture.brief().at(-1)?.startsWith('append'), true, 'they can be used all the same');
  fixture.session.storeChanged();
  assert.ok(fixture.brief().some((effect) => effect.includes('unavailable')));
});

test('a gap and a closed stream are given to the host', () => {
  const fixture = new Fixture().opened();
  fixture.receive({ kind: 'gap', stream: 1, from: 0, to: 10, toMark: '', cause: 'dropped' });
  fixture.receive({ kind: 'close-stream', stream: 1, position: 10 });
  assert.deepEqual(fixture.brief(), ['gap #2', 'close-stream']);
  fixture.session.positioned(2, { held: 10, heldMark: '', archived: 0 });
  assert.deepEqual(fixture.brief(), ['Position 1 10']);
});

test('credit is told when it changes, also when it was set before the channel was opened', () => {
  const fixture = new Fixture().admitted();
  fixture.session.setCredit('acme/app', 5);
  assert.deepEqual(fixture.brief(), []);
  fixture.receive(openStream);
  assert.deepEqual(fixture.brief(), ['credit', 'open #1']);
  fixture.session.setCredit('acme/app', 5);
  assert.deepEqual(fixture.brief(), []);
  fixture.session.setCredit('acme/app', 2 * limits.creditBytesMax);
  const [effect] = fixture.session.takeEffects();
  assert.deepEqual(effect, { kind: 'send', message: { kind: 'credit', channel: 1, bytes: limits.creditBytesMax } });
});

test('the streams of an agent are told in messages that fit a frame', () => {
  const fixture = new Fixture().admitted().receive({ kind: 'recover' });
  assert.deepEqual(fixture.brief(), ['recover']);
  const { identity, attributes, start } = openStream;
  const labels = Object.fromEntries(Array.from({ length: limits.labelsMax }, (_, index) => [`l${index}`, 'x'.repeat(1000)]));
  const stream = { streamId: testId('5'), origin, identity, attributes, start, held: 0, heldMark: '', closed: false };
  const labelled = { ...stream, attributes: { ...attributes, labels } };
  const streams = Array.from({ length: 1020 }, (_, index) => (index < 1000 ? stream : labelled));
  fixture.session.recovered(streams);
  const messages = fixture.session.takeEffects().map((effect) => (effect.kind === 'send' ? effect.message : undefined));
  const told = messages.filter((message) => message?.kind === 'recovered');
  assert.deepEqual(
    told.flatMap((message) => message.streams),
    streams,
  );
  assert.ok(told.every((message) => message.streams.length <= limits.recoveredStreamsMax));
  assert.deepEqual(
    told.map(({ last }) => last),
    [...Array<boolean>(told.length - 1).fill(false), true],
  );
});

test('a number is forgotten when as many streams as may be open came after it', () => {
  const fixture = new Fixture().opened();
  const { streamsMax } = testWelcome.limits;
  for (let stream = 2; stream <= streamsMax + 1; stream += 1) {
    fixture.receive({ ...openStream, stream, streamId: stream.toString(16).padStart(32, '0') });
  }
  fixture.session.takeEffects();
  fixture.receive(batchOf(1));
  assert.deepEqual(fixture.brief(), ['Reject protocol', 'close protocol']);
});

test('a hub may speak for others, an agent only for itself', () => {
  const foreign = { ...openStream, origin: { siteId: testId('7'), agentId: testId('8') } };
  const agent = new Fixture().admitted().receive(foreign);
  assert.deepEqual(agent.brief(), ['Reject protocol', 'close protocol']);
  const hub = new Fixture().receive({ ...hello, sender: 'hub' });
  hub.session.admitted({ kind: 'admitted', welcome, origin });
  hub.session.takeEffects();
  hub.receive(foreign);
  const [effect] = hub.session.takeEffects();
  assert.deepEqual(effect?.kind === 'open' && effect.key, { siteId: testId('7'), agentId: testId('8'), streamId: testId('5') });
});

test('answers that come after the end are heard by nobody', () => {
  const fixture = new Fixture().opened().receive(batchOf(1));
  fixture.session.takeEffects();
  fixture.session.shutdown({ code: 'shutdown', hint: 'restart', retryAfterMs: 0 });
  assert.deepEqual(fixture.brief(), ['Reject shutdown', 'close shutdown']);
  fixture.session.appended(2, { kind: 'stored' });
  assert.deepEqual(fixture.brief(), []);
});

const tooMany = batchOf(1).segments.flatMap((segment) =>
  [0, 2, 4, 6, 8].map((from) => ({ ...segment, from, to: from + 2, bytes: 2 })),
);

const breaches: Readonly<Record<string, { readonly message: Message; readonly code: string }>> = {
  'a second Hello': { message: hello, code: 'protocol' },
  'a batch out of sequence': { message: batchOf(2), code: 'protocol' },
  'a batch of an unknown channel': { message: batchOf(1, { channel: 2 }), code: 'protocol' },
  'a batch of an unknown stream': {
    message: batchOf(1, { segments: batchOf(1).segments.map((segment) => ({ ...segment, stream: 2 })) }),
    code: 'protocol',
  },
  'a batch over the segments granted': { message: batchOf(1, { segments: tooMany }), code: 'limit' },
  'a stream number out of turn': { message: { ...openStream, stream: 3 }, code: 'protocol' },
  'a stream number for another stream': { message: { ...openStream, streamId: testId('9') }, code: 'protocol' },
  'a second number for a channel': { message: { ...openStream, stream: 2, channel: 2 }, code: 'protocol' },
  'a second channel for a number': {
    message: { ...openStream, stream: 2, attributes: { ...openStream.attributes, type: 'other' } },
    code: 'protocol',
  },
  'a Gap of an unknown stream': {
    message: { kind: 'gap', stream: 2, from: 0, to: 1, toMark: '', cause: 'dropped' },
    code: 'protocol',
  },
  'a message of the receiver': { message: { kind: 'ack', channel: 1, sequence: 1 }, code: 'protocol' },
};

for (const [name, { message, code }] of Object.entries(breaches)) {
  test(`${name} ends the connection`, () => {
    const fixture = new Fixture().opened().receive(message);
    assert.deepEqual(fixture.brief(), [`Reject ${code}`, `close ${code}`]);
  });
}

test('more bytes than the credit end the connection', () => {
  const big = (sequence: number): Batch => {
    const body = new Uint8Array(60);
    return batchOf(sequence, { body, checksum: checksumOf(body) });
  };
  const fixture = new Fixture().opened().receive(big(1), big(2));
  assert.deepEqual(fixture.brief(), ['append #2', 'Reject limit', 'close limit']);
});

test('bytes that are no frame are answered with the reason', () => {
  const fixture = new Fixture();
  fixture.session.receiveInvalid(new FrameError('limit', 'Batch.body: more than 4 bytes'));
  assert.deepEqual(fixture.session.takeEffects()[0], {
    kind: 'send',
    message: { kind: 'reject', code: 'limit', hint: 'Batch.body: more than 4 bytes', retryAfterMs: 0 },
  });
});

test('a snapshot goes to the host, of a hub only', () => {
  const snapshot: Message = { kind: 'snapshot', json: new TextEncoder().encode('{}') };
  const hub = new Fixture().receive({ ...hello, sender: 'hub' });
  hub.session.takeEffects();
  hub.session.admitted({ kind: 'admitted', welcome, origin });
  hub.session.takeEffects();
  hub.receive(snapshot);
  assert.deepEqual(hub.session.takeEffects(), [snapshot]);
  assert.deepEqual(new Fixture().opened().receive(snapshot).brief(), ['Reject protocol', 'close protocol']);
});

test('a store that went back in part is told for the streams that it concerns', () => {
  const fixture = new Fixture().opened().receive({ ...openStream, stream: 2, streamId: 'ab'.repeat(16) });
  fixture.session.positioned(2, position);
  fixture.session.takeEffects();
  fixture.session.storeChanged(({ streamId }) => streamId === openStream.streamId);
  assert.deepEqual(fixture.brief(), ['open #3']);
  fixture.session.storeChanged(() => false);
  assert.deepEqual(fixture.brief(), []);
});
