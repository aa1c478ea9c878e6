import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Id } from '@tributary/protocol/messages.ts';
import { ManualClock } from '../inputs/testing/manual-clock.ts';
import type { Overflow, Run, StreamState } from '../inputs/input.ts';
import type { ClosedBatch } from './batcher.ts';
import { OverflowBatcher, type OverflowTarget } from './overflow-batcher.ts';
import type { Dropped } from './stream-end.ts';

/** Notes in their order what it is given; has room for the ways of overflowing that it is told of. */
class Target implements OverflowTarget {
  readonly told: string[] = [];
  readonly full = new Set<Overflow>();
  readonly #listeners: (() => void)[] = [];
  #changed = Promise.withResolvers<void>();

  async append(batch: ClosedBatch, overflow: Overflow): Promise<void> {
    for (const { streamId, from, to } of batch.segments) this.told.push(`${overflow} ${streamId} ${from}-${to}`);
    await turn();
  }

  hasRoom(overflow: Overflow): boolean {
    return !this.full.has(overflow);
  }

  async ready(overflow: Overflow, signal: AbortSignal): Promise<void> {
    while (this.full.has(overflow)) {
      await Promise.race([
        this.#changed.promise,
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
      ]);
    }
  }

  onRoomChanged(listener: () => void): void {
    this.#listeners.push(listener);
  }

  drop({ streamId, from, to, records, bytes }: Dropped): void {
    this.told.push(`dropped ${streamId} ${from}-${to}, ${records} records, ${bytes} bytes`);
  }

  endStream(streamId: Id): void {
    this.told.push(`ended ${streamId}`);
  }

  setFull(...overflows: Overflow[]): void {
    this.full.clear();
    for (const overflow of overflows) this.full.add(overflow);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    for (const listener of this.#listeners) listener();
  }
}

function stateOf(streamId: Id): StreamState {
  const counted = streamId.startsWith('counted');
  const attributes = { tenant: 'acme', type: 'app', host: 'here', encoding: 'utf-8', counted, labels: {} };
  const identity = { path: `/${streamId}`, device: '', inode: '', fingerprint: '', fingerprintLength: 0, token: '', base: 0 };
  return { streamId, identity, attributes, start: 0, position: 0, mark: '', ended: false };
}

class Unit implements AsyncDisposable {
  dropped = 0;
  readonly target = new Target();
  readonly batcher = new OverflowBatcher({
    target: this.target,
    clock: new ManualClock(),
    onDropped: ({ records }) => (this.dropped += records),
    stream: stateOf,
    limits: { batchBytesMax: 1000, stagedBytesMax: 64 * 1024 },
    onFailed: (error) => assert.fail(String(error)),
  });
  readonly #positions = new Map<Id, number>();

  /** One record of so many bytes. */
  push(streamId: Id, overflow: Overflow, length = 10): boolean {
    const from = this.#positions.get(streamId) ?? 0;
    const counted = streamId.startsWith('counted');
    const to = counted ? from + 1 : from + length;
    this.#positions.set(streamId, to);
    const bytes = Buffer.alloc(length, 'x');
    const own = { streamId, overflow, from, to, bytes, lengths: counted ? [length] : [] };
    const run: Run = { ...own, records: 1, cuts: [], drops: [], fromMark: `m${from}`, toMark: `m${to}` };
    return this.batcher.push(run);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.batcher[Symbol.asyncDispose]();
  }
}

const soon = (): AbortSignal => AbortSignal.timeout(120_000);

test('what waits for room holds up neither what is dropped nor platform events', async () => {
  await using unit = new Unit();
  unit.target.setFull('block', 'drop_newest');
  assert.equal(unit.push('file', 'block'), false);
  assert.equal(unit.push('socket', 'drop_newest'), true);
  unit.push('events', 'reserve');
  unit.push('others', 'drop_oldest');
  const flushed = unit.batcher.flush(soon());
  while (unit.target.told.length < 3) await turn();
  assert.deepEqual(unit.target.told.toSorted(), [
    'drop_oldest others 0-10',
    'dropped socket 0-10, 1 records, 10 bytes',
    'reserve events 0-10',
  ]);
  unit.target.setFull();
  await flushed;
  assert.equal(unit.target.told.at(-1), 'block file 0-10');
});

test('what is skipped is told in its place: behind what was kept before, and before what is kept after', async () => {
  await using unit = new Unit();
  unit.push('s', 'drop_newest');
  unit.target.setFull('drop_newest');
  unit.push('s', 'drop_newest');
  unit.push('s', 'drop_newest');
  assert.deepEqual(unit.target.told, [], 'what was kept before is not given to the target yet');
  assert.equal(unit.dropped, 2, 'and yet it is counted');
  unit.target.setFull();
  unit.push('s', 'drop_newest');
  await unit.batcher.flush(soon());
  assert.deepEqual(unit.target.told, ['drop_newest s 0-10', 'dropped s 10-30, 2 records, 20 bytes', 'drop_newest s 30-40']);
});

test('a stream ends behind what was skipped of it', async () => {
  await using unit = new Unit();
  unit.push('s', 'drop_newest');
  unit.target.setFull('drop_newest');
  unit.push('s', 'drop_newest');
  unit.batcher.endStream('s');
  unit.target.setFull();
  await unit.batcher.flush(soon());
  assert.deepEqual(unit.target.told, ['drop_newest s 0-10', 'dropped s 10-20, 1 records, 10 bytes', 'ended s']);
});

test('a stream whose way of overflowing changes keeps its order', async () => {
  await using unit = new Unit();
  unit.target.setFull('block');
  unit.push('s', 'block');
  unit.push('s', 'drop_newest');
  unit.push('other', 'drop_newest');
  const flushed = unit.batcher.flush(soon());
  while (unit.target.told.length === 0) await turn();
  assert.deepEqual(unit.target.told, ['drop_newest other 0-10'], 'the stream still waits as it did');
  unit.target.setFull();
  await flushed;
  unit.target.setFull('drop_newest');
  unit.push('s', 'drop_newest');
  assert.deepEqual(unit.target.told.slice(1), ['block s 0-20', 'dropped s 20-30, 1 records, 10 bytes']);
});

test('who drops when the target is full waits for memory only, and not even for that once it is full', async () => {
  await using unit = new Unit();
  let hasRoom = true;
  while (hasRoom) hasRoom = unit.push('s', 'drop_newest', 1000);
  assert.ok(unit.batcher.stagedBytes >= 64 * 1024);
  unit.target.setFull('drop_newest');
  await unit.batcher.ready('s', soon());
  assert.equal(unit.push('s', 'drop_newest', 1000), true);
});

test('giving up tells of what cannot be read again, and of nothing else', async () => {
  await using unit = new Unit();
  unit.target.setFull('block', 'drop_newest');
  unit.push('file', 'block');
  unit.push('counted-a', 'block');
  unit.push('counted-a', 'block');
  unit.push('counted-b', 'drop_newest');
  unit.batcher.giveUp();
  assert.deepEqual(unit.target.told.toSorted(), [
    'dropped counted-a 0-2, 2 records, 20 bytes',
    'dropped counted-b 0-1, 1 records, 10 bytes',
  ]);
  assert.equal(unit.dropped, 3);
  assert.equal(unit.batcher.pushed(stateOf('counted-a')).position, 2);
});
