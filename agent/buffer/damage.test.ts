import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { RecoveredStream } from '@tributary/protocol/messages.ts';
import type { StreamState } from '../inputs/input.ts';
import { openTestBuffer, type TestBuffer } from './testing/test-buffer.ts';

const batchCount = 40;
const lineBytes = 30_000;

/** A buffer of forty batches of thirty kilobytes that do not compress; the first ten are acked. */
async function filled(t: TestContext): Promise<{ own: TestBuffer; stream: StreamState }> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-damage-'));
  const own = await openTestBuffer({ folder, sourceMark: () => 'there' });
  t.after(async () => {
    // Its thread would keep the test process alive.
    await own.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await own.buffer.adopt([]);
  const stream = await own.openStream('/var/log/a');
  let seed = 1;
  for (let index = 0; index < batchCount; index += 1) {
    let text = '';
    while (text.length < lineBytes - 1) {
      seed = (seed * 48_271) % 2_147_483_647;
      text += seed.toString(36);
    }
    await own.append(stream, `${text.slice(0, lineBytes - 1)}\n`);
  }
  own.buffer.acked(Array.from({ length: 10 }, (_, index) => index + 1));
  await own.close();
  return { own, stream };
}

function overwrite(path: string, at: number, bytes: Uint8Array): void {
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

function siteHas(stream: StreamState, held: number): RecoveredStream {
  const { streamId, identity, attributes, start } = stream;
  return { streamId, origin: { siteId: '', agentId: '' }, identity, attributes, start, held, heldMark: 'h', closed: false };
}

function unacked(own: TestBuffer): number[] {
  const ids: number[] = [];
  const { outbox } = own.buffer;
  for (let batch = outbox.next('default/app', 0); batch !== undefined; batch = outbox.next('default/app', batch.id)) {
    own.body(batch);
    ids.push(batch.id);
  }
  return ids;
}

test('a garbage header: the file is set aside, the site tells where to go on', async (t) => {
  const { own, stream } = await filled(t);
  overwrite(join(own.folder, 'buffer.db'), 0, Buffer.alloc(4096, 'x'));
  await own.reopen();
  assert.equal(own.buffer.needsRecovery, true);
  assert.ok(readdirSync(own.folder).some((name) => name.startsWith('buffer.db.damaged-')));
  assert.ok(own.log.some(({ fields }) => fields['event'] === 'buffer-damaged'));
  await own.buffer.adopt([siteHas(stream, 10 * lineBytes)]);
  assert.deepEqual(unacked(own), []);
  assert.equal(own.buffer.streams()[0]?.position, 10 * lineBytes);
  assert.equal(own.buffer.needsRecovery, false);
});

test('a truncated file: what is whole is kept, and the source is read again from the first hole', async (t) => {
  const { own, stream } = await filled(t);
  const path = join(own.folder, 'buffer.db');
  truncateSync(path, Math.floor(statSync(path).size / 2 / 16_384) * 16_384);
  await own.reopen();
  assert.equal(own.buffer.needsRecovery, true);
  await own.buffer.adopt([siteHas(stream, 10 * lineBytes)]);
  const ids = unacked(own);
  assert.deepEqual(
    ids,
    ids.map((_, index) => 11 + index),
    'without a hole from what the site has',
  );
  assert.equal(own.buffer.streams()[0]?.position, (10 + ids.length) * lineBytes);
});

test('a body that is not what was written stops the buffer before anything is declared lost', async (t) => {
  const { own, stream } = await filled(t);
  const path = join(own.folder, 'buffer.db');
  const page = Math.floor(statSync(path).size / 16_384 / 2);
  for (let at = 16_384 * page; at < 16_384 * (page + 1); at += 512) overwrite(path, at, Buffer.from('damaged!'));
  await own.reopen();
  if (!own.buffer.needsRecovery) {
    assert.throws(() => unacked(own), { name: 'BufferDamagedError' });
    assert.equal(own.failures.length, 1);
    await own.reopen();
  }
  assert.equal(own.buffer.needsRecovery, true);
  await own.buffer.adopt([siteHas(stream, 10 * lineBytes)]);
  const ids = unacked(own);
  assert.equal(own.buffer.streams()[0]?.position, (10 + ids.length) * lineBytes);
  assert.ok(ids.length > 0 && ids.length < 30, `${ids.length} of thirty are whole and without a hole`);
});
