import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { OutboxBatch, OutboxSegment } from '@tributary/protocol/session/outbox.ts';
import { chargeOf, RetainedIndex } from './retained-index.ts';
import { SegmentLengths } from './segment-lengths.ts';

const channels = ['acme/app', 'acme/nginx'];
const streams = ['s0', 's1', 's2', 's3'];

function segment(streamId: string, from: number): OutboxSegment {
  const to = from + 10;
  return { streamId, from, to, fromMark: `m${from}`, toMark: `m${to}`, records: 1, bytes: 10, cuts: [], lengths: [], drops: [] };
}

function batch(id: number, channel: number, members: readonly number[]): OutboxBatch {
  const segments = [...new Set(members)].map((member) => segment(streams[member] ?? '', id * 10));
  return {
    id,
    channel: channels[channel] ?? '',
    segments,
    records: segments.length,
    inflatedBytes: 10 * segments.length,
    bodyBytes: 100 + id,
    checksum: 0,
    envelope: { createdMs: 0, hops: [], trims: [] },
  };
}

type Step =
  | { readonly kind: 'add'; readonly channel: number; readonly members: readonly number[] }
  | { readonly kind: 'ack'; readonly at: number }
  | { readonly kind: 'remove'; readonly at: number }
  | { readonly kind: 'rewrite'; readonly at: number; readonly members: readonly number[] };

const members = fc.uniqueArray(fc.nat(streams.length - 1), { minLength: 1, maxLength: 3 });
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('add' as const), channel: fc.nat(channels.length - 1), members }),
    fc.record({ kind: fc.constant('ack' as const), at: fc.nat(60) }),
    fc.record({ kind: fc.constant('remove' as const), at: fc.nat(60) }),
    fc.record({ kind: fc.constant('rewrite' as const), at: fc.nat(60), members }),
  ),
  { maxLength: 60 },
);

interface Entry {
  batch: OutboxBatch;
  acked: boolean;
}

/** The same as plain lists that are looked through. */
class Model {
  entries: Entry[] = [];
  acks: number[] = [];

  apply(step: Step, id: number, index: RetainedIndex): void {
    if (step.kind === 'add') {
      const added = batch(id, step.channel, step.members);
      this.entries.push({ batch: added, acked: false });
      index.add({ batch: added, overflow: 'block', ackedMs: undefined });
      return;
    }
    const entry = this.entries.find((candidate) => candidate.batch.id === step.at);
    if (step.kind === 'ack') {
      const fresh = entry !== undefined && !entry.acked;
      assert.equal(index.ack(step.at, 1), fresh);
      if (fresh) this.acks.push(step.at);
      if (entry !== undefined) entry.acked = true;
    } else if (step.kind === 'remove') {
      assert.equal(index.remove(step.at), entry !== undefined);
      this.entries = this.entries.filter((candidate) => candidate !== entry);
      this.acks = this.acks.filter((acked) => acked !== step.at);
    } else if (entry !== undefined) {
      const { segments } = batch(step.at, 0, step.members);
      entry.batch = { ...entry.batch, segments };
      index.rewrite(step.at, segments);
    }
  }

  check(index: RetainedIndex): void {
    const sum = (entries: readonly Entry[]): number => entries.reduce((total, entry) => total + chargeOf(entry.batch), 0);
    const unacked = this.entries.filter((entry) => !entry.acked);
    assert.equal(index.batches, this.entries.length);
    assert.equal(index.ackedBatches, this.acks.length);
    assert.equal(index.unackedBytes, sum(unacked));
    assert.equal(index.ackedBytes, sum(this.entries.filter((entry) => entry.acked)));
    assert.equal(index.oldestAcked()?.batch.id, this.acks[0]);
    for (const channel of channels) {
      const own = this.entries.filter((entry) => entry.batch.channel === channel);
      assert.equal(index.firstUnacked(channel), own.find((entry) => !entry.acked)?.batch.id);
      for (const after of [0, 7, 30])
        assert.deepEqual(index.next(channel, after), own.find(({ batch: { id } }) => id > after)?.batch);
    }
    for (const streamId of streams) {
      const own = this.entries.filter(({ batch: { segments } }) => segments.some((one) => one.streamId === streamId));
      assert.deepEqual(
        index.unackedOf(streamId),
        own.filter((entry) => !entry.acked).map((entry) => entry.batch),
      );
      assert.deepEqual(index.firstAfter(streamId, 100), own.find(({ batch: { id } }) => id * 10 + 10 > 100)?.batch);
      for (const {
        batch: { id },
      } of own)
        assert.equal(index.markAt(streamId, id * 10 + 10), `m${id * 10 + 10}`);
    }
    const named = new Set(this.entries.flatMap((entry) => entry.batch.segments.map((one) => one.streamId)));
    assert.deepEqual(new Set(index.streams()), named);
  }
}

test('the index answers as plain lists would, whatever is added, acked, removed and rewritten', () => {
  fc.assert(
    fc.property(steps, (run) => {
      const index = new RetainedIndex(new SegmentLengths(() => []));
      const model = new Model();
      for (const [at, step] of run.entries()) {
        model.apply(step, at + 1, index);
        model.check(index);
      }
    }),
    { numRuns: 200 },
  );
});
