import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecoveredStream } from '@tributary/protocol/messages.ts';
import type { OutboxBatch, OutboxSegment } from '@tributary/protocol/session/outbox.ts';
import type { StreamState } from '../inputs/input.ts';
import { type AdoptionInput, type AdoptionPlan, planAdoption } from './adoption.ts';

const identity = { path: '/a', device: '1', inode: '2', fingerprint: '', fingerprintLength: 0, token: '', base: 0 };
const attributes = { tenant: 'default', type: 'app', host: 'h', encoding: 'utf-8', counted: false, labels: {} };

function stream(position: number): StreamState {
  return { streamId: 's', identity, attributes, start: 0, position, mark: `m${position}`, ended: false };
}

function site(held: number, changes: Partial<RecoveredStream> = {}): RecoveredStream {
  const origin = { siteId: '', agentId: '' };
  return { streamId: 's', origin, identity, attributes, start: 0, held, heldMark: `h${held}`, closed: false, ...changes };
}

function batch(id: number, from: number, to: number): OutboxBatch {
  const segment: OutboxSegment = {
    streamId: 's',
    from,
    to,
    fromMark: `m${from}`,
    toMark: `m${to}`,
    records: 1,
    bytes: to - from,
    cuts: [],
    lengths: [],
    drops: [],
  };
  const sizes = { records: 1, inflatedBytes: to - from, bodyBytes: 1, checksum: 0 };
  return { id, channel: 'default/app', segments: [segment], ...sizes, envelope: { createdMs: 0, hops: [], trims: [] } };
}

/** Nothing was opened since the start, unless it is said. */
function plan(input: Omit<AdoptionInput, 'openedHere'>, openedHere: readonly string[] = []): AdoptionPlan {
  return planAdoption({ ...input, openedHere: new Set(openedHere) });
}

const here = (): string => 'there';
const gone = (): undefined => undefined;

test('a stream only the site knows goes on where the site is', () => {
  const planned = plan({ recovered: [site(70)], streams: new Map(), batches: [], sourceMark: here });
  assert.deepEqual(
    planned.streams.map(({ position, mark, ended }) => [position, mark, ended]),
    [[70, 'h70', false]],
  );
});

test('a stream that passes through from another agent is not ours', () => {
  const origin = { siteId: '', agentId: 'other' };
  const planned = plan({ recovered: [site(70, { origin })], streams: new Map(), batches: [], sourceMark: here });
  assert.deepEqual(planned.streams, []);
});

test('batches that follow what the site holds are kept, and the position is behind them', () => {
  const batches = [batch(1, 50, 80), batch(2, 80, 90)];
  const planned = plan({ recovered: [site(60)], streams: new Map([['s', stream(90)]]), batches, sourceMark: here });
  assert.deepEqual(
    planned.streams.map(({ position, mark }) => [position, mark]),
    [[90, 'm90']],
  );
  assert.equal(planned.dropped.size, 0);
});

test('behind a hole the source is read again while it is there', () => {
  const batches = [batch(1, 50, 80), batch(3, 90, 99)];
  const input = { recovered: [site(50)], streams: new Map([['s', stream(99)]]), batches };
  const again = plan({ ...input, sourceMark: here });
  assert.deepEqual([again.streams[0]?.position, [...again.dropped.keys()]], [80, [3]]);
  const lost = plan({ ...input, sourceMark: gone });
  assert.deepEqual([lost.streams[0]?.position, [...lost.dropped.keys()]], [99, []]);
});

test('the site may hold more than was salvaged', () => {
  const planned = plan({
    recovered: [site(200)],
    streams: new Map([['s', stream(90)]]),
    batches: [batch(1, 50, 90)],
    sourceMark: here,
  });
  assert.deepEqual(
    planned.streams.map(({ position, mark }) => [position, mark]),
    [[200, 'h200']],
  );
});

test('a batch of a stream that nobody knows cannot be sent', () => {
  const planned = plan({ recovered: [], streams: new Map(), batches: [batch(4, 0, 9)], sourceMark: here });
  assert.deepEqual([planned.streams, [...planned.dropped.keys()]], [[], [4]]);
});

test('what was opened since the start is left alone', () => {
  const own = { ...stream(5), streamId: 'own' };
  const segments = batch(7, 0, 9).segments.map((segment) => ({ ...segment, streamId: 'own' }));
  const batches = [batch(1, 50, 80), { ...batch(7, 0, 9), segments }];
  const streams = new Map([
    ['s', stream(90)],
    ['own', own],
  ]);
  const planned = plan({ recovered: [site(60)], streams, batches, sourceMark: here }, ['own']);
  assert.deepEqual(
    planned.streams.map(({ streamId, position }) => [streamId, position]),
    [['s', 80]],
  );
  assert.equal(planned.dropped.size, 0);
});

test('the end of what cannot be read again is not forgotten when no batch has it', () => {
  const counted = { ...stream(99), attributes: { ...attributes, counted: true } };
  const input = { recovered: [], batches: [batch(1, 0, 80)], sourceMark: gone };
  const positionOf = (state: StreamState): number | undefined =>
    plan({ ...input, streams: new Map([['s', state]]) }).streams[0]?.position;
  assert.equal(positionOf(counted), 99);
  assert.equal(positionOf(stream(99)), 80, 'of a file it is read again');
});
