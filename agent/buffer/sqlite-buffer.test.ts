import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { eventually } from '../uplink/testing/uplink-under-test.ts';
import { openTestBuffer, type TestBuffer } from './testing/test-buffer.ts';

async function withBuffer(t: TestContext, run: (own: TestBuffer) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-buffer-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const buffer = await openTestBuffer({ folder });
  try {
    await run(buffer);
  } finally {
    await buffer.close();
  }
}

void test('a batch and its positions survive a restart together', async (t) => {
  await withBuffer(t, async (own) => {
    assert.equal(own.buffer.needsRecovery, true);
    await own.buffer.adopt([]);
    const stream = await own.openStream('/var/log/a');
    await own.append(stream, 'one\ntwo\n');
    await own.append(stream, 'three\n');
    await own.reopen();
    assert.equal(own.buffer.needsRecovery, false);
    const [state] = own.buffer.streams();
    assert.equal(state?.position, 14);
    const [channel] = own.buffer.outbox.channels();
    assert.equal(channel, 'default/app');
    const first = own.buffer.outbox.next('default/app', 0);
    assert.deepEqual([first?.segments[0]?.from, first?.segments[0]?.to], [0, 8]);
    assert.equal(zstdDecompressSync(own.body(first)).toString(), 'one\ntwo\n');
    const second = own.buffer.outbox.next('default/app', first?.id ?? 0);
    assert.equal(own.buffer.outbox.next('default/app', second?.id ?? 0), undefined);
    assert.equal(own.buffer.outbox.firstAfter(stream.streamId, 8), second);
  });
});

void test('what comes while the site is asked for its streams is kept as it is', async (t) => {
  await withBuffer(t, async (own) => {
    const stream = await own.openStream('/var/log/a');
    await own.append(stream, 'one\n');
    const before = own.append(stream, 'two\n');
    const adopted = Promise.all([own.buffer.adopt([]), own.buffer.adopt([])]);
    const late = await own.openStream('/var/log/b');
    const after = [own.append(stream, 'three\n'), own.append(late, 'four\n')];
    await Promise.all([before, adopted, ...after]);
    for (let start = 0; start < 2; start += 1) {
      assert.deepEqual(
        own.buffer.streams().map(({ identity, position }) => [identity.path, position]),
        [
          ['/var/log/a', 14],
          ['/var/log/b', 5],
        ],
      );
      assert.equal(own.buffer.status().unackedBatches, 4);
      assert.deepEqual([own.buffer.needsRecovery, own.failures.length], [false, 0]);
      await own.reopen();
    }
  });
});

void test('appends under way at once keep the order of the calls', async (t) => {
  await withBuffer(t, async (own) => {
    const stream = await own.openStream('/var/log/a');
    await Promise.all(Array.from({ length: 40 }, (_, index) => own.append(stream, `line ${index}\n`)));
    const texts: string[] = [];
    let batch = own.buffer.outbox.next('default/app', 0);
    for (; batch !== undefined; batch = own.buffer.outbox.next('default/app', batch.id)) {
      texts.push(zstdDecompressSync(own.body(batch)).toString());
    }
    assert.deepEqual(
      texts,
      Array.from({ length: 40 }, (_, index) => `line ${index}\n`),
    );
  });
});

void test('acked batches stay for the replay window and are then deleted', async (t) => {
  await withBuffer(t, async (own) => {
    const stream = await own.openStream('/var/log/a');
    await own.append(stream, 'one\n');
    await own.append(stream, 'two\n');
    const { outbox } = own.buffer;
    const [first, second] = [outbox.next('default/app', 0)?.id ?? 0, outbox.next('default/app', 1)?.id ?? 0];
    own.buffer.acked([first]);
    assert.equal(outbox.firstUnacked('default/app'), second);
    assert.equal(outbox.next('default/app', 0)?.id, first);
    await own.reopen();
    assert.equal(own.buffer.outbox.firstUnacked('default/app'), second);
    own.clock.advance(300_001);
    await own.reopen();
    assert.equal(own.buffer.outbox.next('default/app', 0)?.id, second);
    await own.reopen();
    assert.equal(own.buffer.status().batches, 1);
  });
});

void test('at its limit there is no room until acks come, and the replay window does not count', async (t) => {
  await withBuffer(t, async (own) => {
    await own.reopen({ maxBytes: 4000 });
    const stream = await own.openStream('/var/log/a');
    while (own.buffer.hasRoom()) await own.append(stream, 'some line\n');
    assert.equal(own.buffer.status().state, 'full');
    const ready = own.buffer.ready('block', AbortSignal.timeout(120_000));
    own.buffer.acked([1, 2]);
    await ready;
    assert.equal(own.buffer.status().state, 'open');
  });
});

void test('a replaced stream gives its unacked segments to the new one, those under way included', async (t) => {
  await withBuffer(t, async (own) => {
    const stream = await own.openStream('/var/log/a');
    await own.append(stream, 'one\n');
    await own.append(stream, 'two\n');
    own.buffer.acked([1]);
    const underway = own.append(stream, 'three\n');
    const replaced = own.buffer.replaceStream(stream.streamId, { start: 4, position: 8, mark: 'x' });
    const late = own.append(stream, 'four\n');
    const replacement = await replaced;
    await Promise.all([underway, late]);
    await own.reopen();
    const { outbox } = own.buffer;
    assert.equal(outbox.firstAfter(stream.streamId, 0)?.id, 1);
    assert.equal(outbox.firstAfter(stream.streamId, 4), undefined);
    const ids = [4, 8, 14].map((position) => outbox.firstAfter(replacement.streamId, position)?.id);
    assert.deepEqual(ids, [2, 3, 4]);
    const [state] = own.buffer.streams();
    assert.deepEqual([state?.streamId, state?.start, state?.position], [replacement.streamId, 4, 19]);
    assert.equal(own.buffer.streams().length, 1);
  });
});

void test('ended streams are not offered again and are forgotten when nothing of them is retained', async (t) => {
  await withBuffer(t, async (own) => {
    const stream = await own.openStream('/var/log/a');
    own.buffer.updateIdentity(stream.streamId, { ...stream.identity, path: '/var/log/a.1' });
    own.buffer.endStream(stream.streamId);
    await own.reopen();
    assert.deepEqual(own.buffer.streams(), []);
    await own.openStream('/var/log/b');
    assert.equal(own.buffer.outbox.stream(stream.streamId), undefined, 'what was asked before is done');
  });
});

void test('the files of a buffer are the database and the reserve, nothing else after closing', async (t) => {
  await withBuffer(t, async (own) => {
    await own.close();
    assert.deepEqual(readdirSync(own.folder).toSorted(), ['buffer.db', 'reserve']);
  });
});

void test('a stream of which everything was dropped may end, and is forgotten once its site was told', async (t) => {
  await withBuffer(t, async (own) => {
    await own.buffer.adopt([]);
    const stream = await own.openStream('/var/log/a');
    own.drop(stream, 'one\n');
    const ended: number[] = [];
    own.buffer.endStream(stream.streamId, ({ position }) => ended.push(position));
    own.buffer.trim();
    await own.append(await own.openStream('/var/log/b'), 'what was asked before is done\n');
    await eventually('it has ended', () => ended.length > 0);
    assert.deepEqual(ended, [4]);
    assert.deepEqual(own.failures, []);
    assert.deepEqual(own.buffer.losses(), { dropped: { losses: 1, positions: 4 } });
    assert.deepEqual([...(own.buffer.outbox.undeclared?.() ?? [])], [stream.streamId]);
    own.buffer.recordLoss({ streamId: stream.streamId, from: 0, to: 4, cause: 'dropped' });
    own.buffer.closed(stream.streamId);
    await eventually('it is told', () => [...(own.buffer.outbox.undeclared?.() ?? [])].length === 0);
    own.buffer.trim();
    await eventually('it is forgotten', () => own.buffer.outbox.stream(stream.streamId) === undefined);
    assert.deepEqual(own.failures, []);
  });
});
