import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newPlatformCounters, type PlatformCounters } from '../counters.ts';
import { eventually } from '../inputs/testing/input-under-test.ts';
import { ManualClock } from '../inputs/testing/manual-clock.ts';
import { RecordingSink } from '../inputs/testing/recording-sink.ts';
import { queuedEventsMax, repeatWindowMs, sourcesPerWindowMax } from './limits.ts';
import type { PlatformEvent } from './platform-events.ts';
import { PlatformStream } from './platform-stream.ts';

interface Unit extends AsyncDisposable {
  readonly stream: PlatformStream;
  readonly sink: RecordingSink;
  readonly clock: ManualClock;
  readonly counters: PlatformCounters;
  /** The documents that were pushed. */
  readonly documents: () => readonly Record<string, unknown>[];
  readonly open: () => void;
}

function makeUnit(): Unit {
  const sink = new RecordingSink();
  const clock = new ManualClock();
  const counters = newPlatformCounters();
  const teller = { host: 'here', agentId: 'aa'.repeat(16), version: '1.0.0', labels: { site: 'one' } };
  const stream = new PlatformStream({ tenant: 'acme', teller, clock, counters });
  const abort = new AbortController();
  let done: Promise<void> = Promise.resolve();
  return {
    stream,
    sink,
    clock,
    counters,
    documents: () => sink.texts('agent').map((text): Record<string, unknown> => JSON.parse(text)),
    open: () => void (done = stream.run(sink, abort.signal)),
    [Symbol.asyncDispose]: async () => {
      abort.abort();
      await done;
    },
  };
}

function event(name: string, source = '', sums: Record<string, number> = {}): PlatformEvent {
  return { kind: 'event', name, source, sums, fields: { log: { file: { path: source } }, tributary: { cause: 'truncated' } } };
}

function at(document: unknown, ...path: readonly string[]): unknown {
  let value = document;
  for (const name of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return value;
}

test('what is reported before the stream is open waits for it, and is then a record each', async () => {
  await using unit = makeUnit();
  unit.stream.report(event('file-rotated', '/var/log/a'));
  unit.stream.report(event('file-rotated', '/var/log/b'));
  assert.equal(unit.sink.recorded.size, 0, 'nothing waits for a stream');
  unit.open();
  await eventually('both are pushed', () => unit.documents().length === 2);
  const [stream] = unit.sink.of('agent');
  assert.deepEqual(
    { ...stream?.attributes },
    {
      tenant: 'acme',
      type: 'platform',
      host: 'here',
      encoding: 'utf-8',
      counted: true,
      labels: { site: 'one' },
    },
  );
  assert.equal(stream?.overflow, 'reserve');
  assert.deepEqual(unit.documents()[0], {
    '@timestamp': '1970-01-01T00:00:00.000Z',
    ecs: { version: '8.17.0' },
    host: { name: 'here' },
    agent: { id: 'aa'.repeat(16), name: 'here', type: 'tributary', version: '1.0.0' },
    event: {
      kind: 'event',
      module: 'tributary',
      dataset: 'tributary.agent',
      category: ['file'],
      type: ['change'],
      action: 'file-rotated',
    },
    message: 'a file was rotated: it is read to its end',
    log: { level: 'info', file: { path: '/var/log/a' } },
    tributary: { cause: 'truncated' },
    labels: { site: 'one' },
  });
});

test('what repeats is told at once the first time, and then as one with its count and its sums', async () => {
  await using unit = makeUnit();
  unit.open();
  for (let times = 0; times < 5; times += 1) unit.stream.report(event('data-lost', '/var/log/a', { bytes: 10 }));
  unit.stream.report(event('data-lost', '/var/log/b', { bytes: 1 }));
  await eventually('the first of each is pushed', () => unit.documents().length === 2);
  await eventually('it waits for the end of the window', () => unit.clock.sleeping === 1);
  unit.clock.advance(repeatWindowMs);
  await eventually('the others are pushed', () => unit.documents().length === 3);
  const [first, , summed] = unit.documents();
  assert.equal(at(first, 'tributary', 'count'), undefined);
  assert.equal(at(first, 'tributary', 'bytes'), 10);
  assert.equal(at(summed, 'tributary', 'count'), 4);
  assert.equal(at(summed, 'tributary', 'bytes'), 40);
  assert.equal(at(summed, 'log', 'file', 'path'), '/var/log/a');
  assert.equal(unit.counters.summed, 4);
});

test('no timer is drawn when nothing happened for two windows', async () => {
  await using unit = makeUnit();
  unit.open();
  unit.stream.report(event('file-opened', '/var/log/a'));
  await eventually('it waits for the end of the window', () => unit.clock.sleeping === 1);
  unit.clock.advance(repeatWindowMs);
  await eventually('nothing sleeps', () => unit.clock.sleeping === 0);
});

test('one action about many sources is told one by one so many times, and then as one that names none', async () => {
  await using unit = makeUnit();
  unit.open();
  for (let file = 0; file < sourcesPerWindowMax + 50; file += 1) unit.stream.report(event('file-opened', `/var/log/${file}`));
  unit.stream.close();
  await eventually('all are pushed', () => unit.documents().length > 0);
  const documents = unit.documents();
  assert.equal(documents.length, sourcesPerWindowMax + 1);
  const last = documents.at(-1);
  assert.equal(at(last, 'tributary', 'count'), 50);
  assert.equal(at(last, 'log', 'file'), undefined, 'no single file');
  assert.equal(at(last, 'log', 'level'), 'info');
});

test('what the queue has no room for is counted, and told once there is room', async () => {
  await using unit = makeUnit();
  const names = ['file-opened', 'file-rotated', 'file-finished', 'source-ended', 'source-started'];
  const reported = 10 * queuedEventsMax;
  // Other names than these would be summed; each window tells of so many sources.
  for (let index = 0; index < reported; index += 1) {
    unit.stream.report(event(names[index % names.length] ?? '', `/var/log/${index}`));
    if (index % (names.length * sourcesPerWindowMax) === 0) unit.clock.advance(2 * repeatWindowMs);
  }
  unit.open();
  await eventually('the queue is pushed', () => unit.documents().length > 0);
  const told = unit.documents().filter((document) => at(document, 'event', 'action') === 'events-dropped');
  const dropped = unit.counters.dropped['queue-full'];
  assert.ok(dropped > 0, 'the queue is bounded');
  assert.deepEqual(
    told.map((document) => at(document, 'tributary', 'count')),
    [dropped],
  );
});

test('while there is no room documents wait, and come in order when there is', async () => {
  await using unit = makeUnit();
  unit.open();
  await eventually('the stream is open', () => unit.sink.recorded.size === 1);
  unit.sink.setRoom(false);
  unit.stream.report(event('buffer-full'));
  unit.stream.report(event('file-truncated', '/a'));
  unit.stream.report(event('file-rotated', '/b'));
  assert.equal(unit.documents().length, 1, 'the one that found it full, and no more');
  unit.sink.setRoom(true);
  await eventually('the others are pushed', () => unit.documents().length === 3);
  const actions = unit.documents().map((document) => at(document, 'event', 'action'));
  assert.deepEqual(actions, ['buffer-full', 'file-truncated', 'file-rotated']);
});

test('at the end what was summed is told and the stream ends; what comes after is counted', async () => {
  await using unit = makeUnit();
  unit.open();
  await eventually('the stream is open', () => unit.sink.recorded.size === 1);
  for (let times = 0; times < 3; times += 1) unit.stream.report(event('hub-lost'));
  unit.stream.close();
  unit.stream.report(event('hub-found'));
  assert.equal(unit.documents().length, 2);
  assert.equal(unit.sink.of('agent')[0]?.ended, true);
  assert.equal(unit.counters.dropped['after-stop'], 1);
});

test('a stream that a killed process left is ended, and a replaced one goes on', async () => {
  await using unit = makeUnit();
  const attributes = { tenant: 'acme', type: 'platform', host: 'here', encoding: 'utf-8', counted: true, labels: {} };
  const identity = { path: 'agent', device: '', inode: '', fingerprint: '', fingerprintLength: 0, token: '', base: 0 };
  const left = await unit.sink.openStream({ identity, attributes, start: 0 });
  unit.open();
  await eventually('the stream is open', () => unit.sink.recorded.size === 2);
  assert.equal(unit.sink.recorded.get(left.streamId)?.ended, true);
  unit.stream.report(event('file-opened', '/a'));
  const [, stream] = unit.sink.of('agent');
  assert.ok(stream !== undefined);
  const replacement = await unit.sink.replace(stream.streamId);
  unit.stream.report(event('file-opened', '/b'));
  assert.equal(unit.sink.recorded.get(replacement.streamId)?.texts.length, 1);
});

test('a document beyond all measure is counted instead of sent', async () => {
  await using unit = makeUnit();
  unit.open();
  unit.stream.report(event('file-opened', 'x'.repeat(100_000)));
  unit.stream.report(event('file-opened', '/a'));
  await eventually('the other one is pushed', () => unit.documents().length === 1);
  assert.equal(unit.counters.dropped['too-large'], 1);
});
