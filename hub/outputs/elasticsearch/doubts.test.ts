import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaseMs } from '../../groups/limits.ts';
import { Doubts } from './doubts.ts';
import { clockSlackMs, suspectBytesMax, suspectEntriesMax } from './limits.ts';

const nowMs = Date.UTC(2026, 10, 22, 12);
const lateMs = nowMs + clockSlackMs + 1;
const lease = { expiresMs: nowMs + leaseMs, cursor: 50, epoch: 7, generation: 3, isAfterUnclean: false };

function entryAt(sequence: number, inflatedBytes = 1): Parameters<Doubts['of']>[0] {
  return { sequence, createdMs: lateMs, receivedMs: lateMs, inflatedBytes };
}

test('in doubt are as many as may have been under way, and what was made before the lease', () => {
  const doubts = new Doubts(lease);
  assert.equal(doubts.of(entryAt(50 + suspectEntriesMax)), 'anywhere');
  const next = entryAt(51 + suspectEntriesMax);
  assert.equal(doubts.of(next), 'none');
  assert.equal(doubts.of({ ...next, createdMs: nowMs }), 'elsewhere');
  assert.equal(doubts.of({ ...next, receivedMs: nowMs }), 'elsewhere');
});

test('no owner had more than so many bytes under way', () => {
  const doubts = new Doubts(lease);
  assert.equal(doubts.of(entryAt(51, suspectBytesMax)), 'anywhere');
  assert.equal(doubts.of(entryAt(52)), 'none');
});

test('what is behind something that was there is in doubt, however far the cursor went back', () => {
  const doubts = new Doubts({ ...lease, epoch: 1 });
  assert.equal(doubts.of(entryAt(51)), 'none', 'nobody was there before the first owner');
  doubts.found(60);
  assert.equal(doubts.of(entryAt(60 + suspectEntriesMax)), 'anywhere');
  assert.equal(doubts.of(entryAt(61 + suspectEntriesMax)), 'none');
});

test('whoever left nothing under way doubts nothing when nobody was there since', () => {
  const left = { epoch: 5, cursor: 50, generation: 3 };
  assert.equal(new Doubts(lease, left).of(entryAt(51)), 'none');
  assert.equal(new Doubts(lease, left).of({ ...entryAt(51), createdMs: nowMs }), 'elsewhere', 'it may be in an older index');
  for (const change of [{ epoch: 6 }, { epoch: 3 }, { cursor: 49 }, { generation: 2 }])
    assert.equal(new Doubts(lease, { ...left, ...change }).of(entryAt(51)), 'anywhere');
  assert.equal(new Doubts({ ...lease, isAfterUnclean: true }, left).of(entryAt(51)), 'anywhere');
});
