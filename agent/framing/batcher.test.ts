import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';
import { markOf } from '@tributary/protocol/mark.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import fc from 'fast-check';
import { ManualClock } from '../inputs/testing/manual-clock.ts';
import { Batcher } from './batcher.ts';
import { emptyRun, eventually, stateOf, Target, Unit } from './testing/batcher-unit.ts';

suite('a batch', () => {
  test('holds runs of one channel; adjacent ones of a stream are one segment', async () => {
    await using unit = new Unit();
    unit.push('a', 'one\n');
    unit.push('a', 'long', { records: 1, cuts: [{ offset: 4, cause: 'too-long' }] });
    unit.push('a', 'er\nxx', { records: 2, cuts: [{ offset: 5, cause: 'idle' }] });
    unit.push('b', 'two\n');
    unit.push('a', 'three\n');
    unit.push('other', 'else\n');
    await unit.batcher.flush();
    const [app, other] = unit.target.batches;
    assert.deepEqual(
      app?.segments.map(({ streamId, from, to, records, bytes, cuts }) => ({ streamId, from, to, records, bytes, cuts })),
      [
        {
          streamId: 'a',
          from: 0,
          to: 13,
          records: 4,
          bytes: 13,
          cuts: [
            { offset: 8, cause: 'too-long' },
            { offset: 13, cause: 'idle' },
          ],
        },
        { streamId: 'b', from: 0, to: 4, records: 1, bytes: 4, cuts: [] },
        { streamId: 'a', from: 13, to: 19, records: 1, bytes: 6, cuts: [] },
      ],
    );
    assert.equal(app.channel, 'acme/app');
    assert.equal(app.segments[0]?.toMark, app.segments[2]?.fromMark);
    assert.equal(other?.channel, 'acme/other');
    assert.equal(unit.appended('a'), 'one\nlonger\nxxthree\n');
  });

  test('counts positions of counted streams in records', async () => {
    await using unit = new Unit();
    unit.push('counted', 'xyz', { records: 2, lengths: [1, 2] });
    unit.push('counted', 'w', { from: 2, records: 1, lengths: [1] });
    await unit.batcher.flush();
    const [segment] = unit.target.batches[0]?.segments ?? [];
    assert.deepEqual([segment?.from, segment?.to, segment?.bytes, segment?.lengths], [0, 3, 4, [1, 2, 1]]);
  });

  test('keeps what was left out at its place, once for each place', async () => {
    await using unit = new Unit();
    unit.push('a', 'one\n', { drops: [{ offset: 4, span: 10, records: 1 }] });
    unit.push('a', '', {
      drops: [{ offset: 0, span: 20, records: 2 }],
    });
    unit.push('a', 'two\nthree\n', {
      drops: [
        { offset: 0, span: 5, records: 1 },
        { offset: 4, span: 7, records: 0 },
      ],
    });
    unit.push('b', '', { drops: [{ offset: 0, span: 1, records: 1 }] });
    await unit.batcher.flush();
    const [batch] = unit.target.batches;
    assert.deepEqual(
      batch?.segments.map(({ from, to, bytes, records, drops }) => ({ from, to, bytes, records, drops })),
      [
        {
          from: 0,
          to: 56,
          bytes: 14,
          records: 3,
          drops: [
            { offset: 4, span: 35, records: 4 },
            { offset: 8, span: 7, records: 0 },
          ],
        },
        { from: 0, to: 1, bytes: 0, records: 0, drops: [{ offset: 0, span: 1, records: 1 }] },
      ],
    );
    assert.equal(unit.appended('a'), 'one\ntwo\nthree\n');
  });

  test('of drops only has a body, of nothing', async () => {
    await using unit = new Unit();
    unit.push('a', '', { drops: [{ offset: 0, span: 30, records: 2 }] });
    await unit.batcher.flush();
    const [batch] = unit.target.batches;
    assert.deepEqual([batch?.records, batch?.inflatedBytes, zstdDecompressSync(batch?.body ?? '').length], [0, 0, 0]);
  });

  test('tells records either by lengths or by lines within a segment', async () => {
    await using unit = new Unit();
    unit.push('a', 'one\n');
    unit.push('a', 'two\n more\n', { records: 1, lengths: [10] });
    unit.push('a', '', { drops: [{ offset: 0, span: 3, records: 1 }] });
    unit.push('a', 'x\ny\n', { records: 1, lengths: [4], cuts: [{ offset: 4, cause: 'idle' }] });
    unit.push('a', 'three\n');
    await unit.batcher.flush();
    assert.deepEqual(
      unit.target.batches[0]?.segments.map(({ from, to, lengths, cuts, drops }) => [from, to, lengths, cuts, drops]),
      [
        [0, 4, [], [], []],
        [4, 21, [10, 4], [{ offset: 14, cause: 'idle' }], [{ offset: 10, span: 3, records: 1 }]],
        [21, 27, [], [], []],
      ],
    );
  });

  test('has the last resume token of each segment', async () => {
    await using unit = new Unit();
    unit.push('counted', 'x', { records: 1, lengths: [1], token: 'first' });
    unit.push('counted', 'y', { from: 1, records: 1, lengths: [1] });
    unit.push('counted', 'z', { from: 2, records: 1, lengths: [1], token: 'last' });
    unit.push('a', 'one\n');
    await unit.batcher.flush();
    assert.deepEqual(
      unit.target.batches[0]?.segments.map(({ streamId, token }) => [streamId, token]),
      [
        ['counted', 'last'],
        ['a', undefined],
      ],
    );
  });

  test('takes no run that does not add up', async () => {
    await using unit = new Unit();
    assert.throws(() => unit.push('a', 'one\n', { to: 5 }), /was dropped/);
    assert.throws(() => unit.push('a', '', { to: 0 }), /covers positions/);
    assert.throws(() => unit.push('a', 'one\n', { lengths: [1, 3], records: 1 }), /has a length or none/);
    assert.throws(() => unit.push('counted', 'one', { records: 2, lengths: [3] }), /has a length/);
    assert.throws(() => unit.push('counted', 'one', { records: 1, lengths: [3], to: 3 }), /counted/);
  });

  test('is closed by bytes, and a longer run makes one of its own', async () => {
    await using unit = new Unit({ batchBytesMax: 1000, stagedBytesMax: 1 << 20 });
    unit.push('a', `${'x'.repeat(599)}\n`);
    unit.push('a', `${'y'.repeat(599)}\n`);
    unit.push('a', `${'z'.repeat(4999)}\n`);
    await eventually('full batches are stored', () => unit.target.batches.length === 3);
    assert.deepEqual(
      unit.target.batches.map((batch) => batch.inflatedBytes),
      [600, 600, 5000],
    );
    await unit.batcher.settled();
  });

  test('is closed by records and by segments', async () => {
    await using unit = new Unit({ batchRecordsMax: 4, batchSegmentsMax: 2 });
    unit.push('a', '1\n2\n3\n');
    unit.push('a', '4\n5\n');
    unit.push('b', '6\n');
    await eventually('both are stored', () => unit.target.batches.length === 2);
    assert.deepEqual(
      unit.target.batches.map((batch) => batch.records),
      [3, 3],
    );
  });

  test('is closed by time, and without batches no timer runs', async () => {
    await using unit = new Unit({ flushIntervalMs: 200 });
    assert.equal(unit.clock.sleeping, 0);
    unit.push('a', 'one\n');
    unit.clock.advance(199);
    unit.push('a', 'two\n');
    await sleep(0);
    assert.equal(unit.target.batches.length, 0);
    unit.clock.advance(1);
    await eventually('the batch is stored', () => unit.target.batches.length === 1);
    await eventually('no timer runs', () => unit.clock.sleeping === 0);
    await unit.batcher.settled();
    assert.equal(unit.batcher.stagedBytes, 0);
  });
});

/** A process that got no time between the two was taken for one whose timer runs, for good: nothing more was sent before it ended. */
test('a batch that is overdue when its timer is set does not keep the next ones waiting', async () => {
  await using unit = new Unit({ flushIntervalMs: 0 });
  unit.push('a', 'one\n');
  await eventually('the first is stored', () => unit.target.batches.length === 1);
  unit.push('a', 'two\n');
  await eventually('the next is stored, too', () => unit.target.batches.length === 2);
});

test('when a hub is there again, what was gathered without one is sent at once, and the next batches in their time', async () => {
  await using unit = new Unit({ flushIntervalMs: 2000 });
  unit.push('a', 'one\n');
  unit.batcher.setFlushInterval(200);
  await eventually('it is stored', () => unit.target.batches.length === 1);
  unit.push('a', 'two\n');
  await eventually('the timer runs', () => unit.clock.sleeping === 1);
  unit.clock.advance(200);
  await eventually('the next, too', () => unit.target.batches.length === 2);
});

suite('back-pressure', () => {
  test('push asks to wait while too much is staged, whatever the number of channels', async () => {
    await using unit = new Unit({ batchBytesMax: 64 * 1024, stagedBytesMax: 256 * 1024 });
    const gate = Promise.withResolvers<void>();
    unit.target.gate = gate.promise;
    let pushed = 0;
    let peak = 0;
    // Bytes that do not compress, so that bodies count as well.
    const line = (): string => `${randomBytes(10_000).toString('latin1').replaceAll('\n', ' ')}\n`;
    while (pushed < 1000 && unit.push(`stream-${pushed % 50}`, line())) {
      pushed += 1;
      peak = Math.max(peak, unit.batcher.stagedBytes);
      await sleep(0);
    }
    const ready = unit.batcher.ready(AbortSignal.timeout(120_000));
    gate.resolve();
    await ready;
    assert(pushed < 100, `${pushed} runs of 10 kB were taken`);
    assert(peak <= (256 + 64) * 1024, `${peak} bytes were staged`);
    await unit.batcher.flush();
    assert.equal(unit.appended('stream-0').length % 10_001, 0);
  });

  test('small batches of many channels are closed early', async () => {
    const positions = new Map<Id, number>();
    const target = new Target();
    await using batcher = new Batcher({
      target,
      clock: new ManualClock(),
      stream: (streamId) => ({ ...stateOf(streamId), attributes: { ...stateOf(streamId).attributes, type: streamId } }),
      limits: { batchBytesMax: 64 * 1024, stagedBytesMax: 256 * 1024 },
      onFailed: () => assert.fail(),
    });
    for (let at = 0; at < 1000; at += 1) {
      const streamId = `channel_${at}`;
      const bytes = Buffer.from('x\n');
      const ok = batcher.push({ ...emptyRun, streamId, to: 2, bytes, records: 1 });
      positions.set(streamId, 2);
      assert(batcher.stagedBytes <= 256 * 1024 + 4096);
      if (!ok) await batcher.ready(AbortSignal.timeout(120_000));
    }
    await batcher.flush();
    assert.equal(target.batches.length, 1000);
  });

  test('while the buffer is full nothing is appended, and push asks to wait', async () => {
    await using unit = new Unit();
    unit.target.room = false;
    assert.equal(unit.push('a', 'one\n'), false);
    const flushed = unit.batcher.flush();
    const ready = unit.batcher.ready(AbortSignal.timeout(120_000));
    await assert.rejects(unit.batcher.ready(AbortSignal.abort(new Error('stop'))), /stop/);
    await sleep(1);
    assert.equal(unit.target.batches.length, 0);
    unit.target.openRoom();
    await Promise.all([ready, flushed]);
    assert.equal(unit.appended('a'), 'one\n');
  });
});

suite('streams', () => {
  test('a stream ends after its runs are stored', async () => {
    await using unit = new Unit();
    const gate = Promise.withResolvers<void>();
    unit.target.gate = gate.promise;
    unit.push('a', 'one\n');
    unit.batcher.endStream('a');
    unit.batcher.endStream('never-pushed');
    assert.deepEqual(unit.target.ended, ['never-pushed']);
    assert.deepEqual(unit.batcher.overlay([stateOf('a'), stateOf('b')]), [stateOf('b')]);
    const flushed = unit.batcher.flush();
    await eventually('it is being appended', () => unit.target.batches.length === 1);
    assert.deepEqual(unit.target.ended, ['never-pushed']);
    gate.resolve();
    await flushed;
    assert.deepEqual(unit.target.ended, ['never-pushed', 'a']);
  });

  test('overlay tells how far streams were pushed', async () => {
    await using unit = new Unit();
    unit.push('a', 'one\n');
    const [state] = unit.batcher.overlay([stateOf('a')]);
    assert.deepEqual([state?.position, state?.mark], [4, markOf(Buffer.from('one\n'))]);
  });

  test('what is staged of a replaced stream goes on as its replacement', async () => {
    await using unit = new Unit();
    unit.push('a', 'one\n');
    const state = unit.batcher.replaceStream('a', stateOf('a2'));
    assert.equal(state.position, 4);
    unit.push('a2', 'two\n', { from: 4 });
    assert.throws(() => unit.push('a2', 'x\n', { from: 4 }), /without holes/);
    await unit.batcher.flush();
    assert.equal(unit.appended('a2'), 'one\ntwo\n');
    assert.equal(unit.target.batches[0]?.segments.length, 1);
  });

  test('a hole, an unknown stream and a push after the end are refused', async () => {
    await using unit = new Unit();
    unit.push('a', 'one\n');
    assert.throws(() => unit.push('a', 'x\n', { from: 5 }), /without holes/);
    assert.throws(() => unit.push('unknown', 'x\n'), /opened before/);
    unit.batcher.endStream('a');
    assert.throws(() => unit.push('a', 'x\n'), /was ended/);
  });
});

test('a buffer that cannot store fails everything after, once', async () => {
  await using unit = new Unit();
  unit.target.error = new Error('disk broke');
  unit.push('a', 'one\n');
  await assert.rejects(unit.batcher.flush(), /cannot be stored/);
  assert.throws(() => unit.push('a', 'two\n'), /cannot be stored/);
  await assert.rejects(unit.batcher.ready(new AbortController().signal), /cannot be stored/);
  assert.equal(unit.failures.length, 1);
});

test('what is not stored when it is disposed is dropped, and nobody waits for it', async () => {
  const unit = new Unit();
  unit.target.room = false;
  unit.push('a', 'one\n');
  const flushed = assert.rejects(unit.batcher.flush());
  await sleep(1);
  await unit.batcher[Symbol.asyncDispose]();
  await flushed;
  assert.equal(unit.target.batches.length, 0);
  assert.equal(unit.clock.sleeping, 0);
});

test('every stream arrives whole and in order, whatever is pushed when', async () => {
  const push = fc.record({
    stream: fc.constantFrom('a', 'b', 'other-1', 'other-2'),
    lines: fc.integer({ min: 1, max: 300 }),
    waitMs: fc.constantFrom(0, 0, 0, 50, 300),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(push, { maxLength: 40 }), async (pushes) => {
      await using unit = new Unit({ batchBytesMax: 4096, batchRecordsMax: 500, batchSegmentsMax: 3, stagedBytesMax: 65_536 });
      const expected = new Map<Id, string>();
      for (const [index, { stream, lines, waitMs }] of pushes.entries()) {
        const text = `${index} ${stream}\n`.repeat(lines);
        const ok = unit.push(stream, text);
        expected.set(stream, (expected.get(stream) ?? '') + text);
        unit.clock.advance(waitMs);
        if (!ok) await unit.batcher.ready(AbortSignal.timeout(120_000));
      }
      await unit.batcher.flush();
      for (const [stream, text] of expected) assert.equal(unit.appended(stream), text);
      assert.equal(unit.batcher.stagedBytes, 0);
    }),
    { numRuns: 40 },
  );
});
