import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { rekeyBuffer } from './rekey.ts';
import { openTestBuffer, type TestBuffer } from './testing/test-buffer.ts';

const owner = { agentId: 'ef'.repeat(16), tenant: 'acme' };

async function withBuffer(work: (own: TestBuffer) => Promise<void>): Promise<void> {
  const own = await openTestBuffer({
    folder: mkdtempSync(join(tmpdir(), 'tributary-rekey-')),
    limits: { replayWindowMs: 300_000 },
  });
  try {
    await own.buffer.adopt([]);
    await work(own);
  } finally {
    await own.close();
    rmSync(own.folder, { recursive: true });
  }
}

async function rekey(own: TestBuffer): Promise<void> {
  await own.close();
  rekeyBuffer(own.folder, owner);
  await own.reopen();
}

test('a stream goes on under another id where no hub has more of it, for the tenant of its new owner', async () => {
  await withBuffer(async (own) => {
    const before = await own.openStream('/var/log/a');
    await own.append(before, 'acknowledged\n');
    await own.append(before, 'waits\n');
    own.buffer.acked([1]);
    await rekey(own);
    const [stream, ...others] = own.buffer.streams();
    assert(stream !== undefined);
    assert.notEqual(stream.streamId, before.streamId);
    assert.deepEqual([others.length, stream.start, stream.position, stream.attributes.tenant], [0, 13, 19, 'acme']);
    const batch = own.buffer.outbox.next('acme/app', 0);
    assert.deepEqual([batch?.segments.map(({ streamId, from, to }) => [streamId, from, to])], [[[stream.streamId, 13, 19]]]);
    assert.deepEqual([own.buffer.status().batches, own.buffer.outbox.next('default/app', 0)], [1, undefined]);
    const { streamId } = stream;
    await rekey(own);
    assert.deepEqual(
      own.buffer.streams().map((one) => one.streamId),
      [streamId],
      'it is done once',
    );
  });
});

test('a stream that nothing waits of begins at its end, and one that ended is known by its file', async () => {
  await withBuffer(async (own) => {
    const quiet = await own.openStream('/var/log/quiet', '3');
    await own.append(quiet, 'all of it\n');
    const ended = await own.openStream('/var/log/ended', '4');
    await own.append(ended, 'over\n');
    own.buffer.acked([1, 2]);
    own.buffer.endStream(ended.streamId);
    await rekey(own);
    const [stream] = own.buffer.streams();
    assert.deepEqual([stream?.start, stream?.position], [10, 10]);
    const [known] = own.buffer.progressOf({ device: '1', inode: '4' });
    assert.deepEqual([known?.stream.position, known?.stream.start, known?.ackedTo], [5, 5, 5]);
    assert.notEqual(known?.stream.streamId, ended.streamId);
  });
});

test('what no site was told to be lost is told under the new id', async () => {
  await withBuffer(async (own) => {
    const before = await own.openStream('/var/log/a');
    await own.append(before, 'acknowledged\n');
    own.buffer.acked([1]);
    own.drop(before, 'dropped\n');
    await own.append(before, 'waits\n');
    await rekey(own);
    const [stream] = own.buffer.streams();
    assert(stream !== undefined);
    assert.deepEqual([stream.start, own.buffer.lostOf(stream.streamId), own.buffer.lostOf(before.streamId)], [13, 8, 0]);
    assert.deepEqual(own.buffer.losses(), { dropped: { losses: 1, positions: 8 } });
  });
});
