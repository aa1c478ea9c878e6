/**
 * The queue on a disk that is really full, for disk-full.test.ts: `node disk-full-scenario.ts FOLDER`, where FOLDER is a small file
 * system of its own. Ends with an error when something is not as it must be.
 */
import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isDiskFull } from '@tributary/shared/sqlite/open-database.ts';
import { testBatch, testChannel, testEntry, testStream } from '../fixture.ts';
import { backTopic, frontTopic, type Lease } from '../queue.ts';
import { openSqliteFixture } from './sqlite-fixture.ts';

const [folder = ''] = process.argv.slice(2);
const reserveBytes = 4 * 1024 * 1024;
const body = new Uint8Array(200_000).fill(7);
const topic = frontTopic(testChannel);
const plenty = { entries: 1e6, bytes: 1e12 };

const limits = { reserveBytes, topicBytesMax: 1e9 };
let fixture = await openSqliteFixture(limits, folder);
const reserve = join(folder, 'reserve');
let position = 0;
await fixture.queue.openStream(testStream(1));
await fixture.queue.ensureGroup({ topic, group: 'g', policy: { kind: 'blocking' }, from: 'beginning' });

for (let round = 0; round < 3; round += 1) await fillAndRecover();
await passOnWhileFull();
await openOnFullDisk();
await fixture[Symbol.asyncDispose]();

/** Intake stops, what was answered is there, acks of readers still work, and the room they free is enough to go on. */
async function fillAndRecover(): Promise<void> {
  const { queue } = fixture;
  await fillUp();
  assert.equal(queue.creditOf(testChannel), 0);
  await checkHeld();
  const lease = await acquired();
  assert.ok((await queue.renew(lease, 60_000)) !== undefined);
  await assert.rejects(queue.openStream(testStream(1000)), { code: 'QUEUE_NO_SPACE' });
  assert.equal(await queue.commit({ lease, to: await lastSequence() }), 'done');
  await queue.release(lease);
  await recovered();
  assert.ok(existsSync(reserve), 'the reserve is taken back');
}

/** The whole way goes on within what the reserve gave: front to back, back out, and the room comes back by itself. */
async function passOnWhileFull(): Promise<void> {
  const { queue } = fixture;
  const back = backTopic(testChannel);
  await queue.ensureGroup({ topic: back, group: 'archive', policy: { kind: 'blocking' }, from: 'beginning' });
  await fillUp();
  const front = await acquired();
  const archive = await queue.acquire({ topic: back, group: 'archive', partition: 0 }, 'archive', 1e9);
  assert.ok(archive !== undefined);
  const last = await lastSequence();
  let to = front.cursor + 1;
  let archived = 0;
  let waits = 0;
  while (to <= last) {
    const entry = testEntry('', { format: 'block', body });
    const result = await queue.commit({ lease: front, to, publish: [{ topic: back, entry }] });
    if (result === 'done') to += 1;
    else {
      assert.equal(result, 'full');
      waits += 1;
      assert.ok(waits < 10_000, 'front entries pass while the back is emptied');
      const entries = await queue.read({ topic: back, partition: 0, afterSequence: archived }, plenty);
      archived = entries.at(-1)?.sequence ?? archived;
      if (entries.length > 0) assert.equal(await queue.commit({ lease: archive, to: archived }), 'done');
      fixture.tick();
    }
  }
  const rest = await queue.read({ topic: back, partition: 0, afterSequence: archived }, plenty);
  assert.equal(await queue.commit({ lease: archive, to: rest.at(-1)?.sequence ?? archived }), 'done');
  await queue.release(front);
  await recovered();
}

/** A hub that is started on a full disk opens its store with the room of the reserve, and goes on when there is more. */
async function openOnFullDisk(): Promise<void> {
  const filler = join(folder, 'filler');
  await fixture[Symbol.asyncDispose]();
  fillDisk(filler);
  fixture = await openSqliteFixture(limits, folder);
  assert.equal((await fixture.queue.status()).state, 'no-space');
  await checkHeld();
  const refused = await fixture.queue.append(testBatch([{ stream: 1, from: position, to: position + 10 }], { body }));
  assert.partialDeepStrictEqual(refused, { kind: 'refused', reason: 'busy' });
  await fixture[Symbol.asyncDispose]();
  fillDisk(filler);
  await assert.rejects(openSqliteFixture(limits, folder), { code: 'STORE_NO_SPACE', message: /make room/ });
  rmSync(filler);
  fixture = await openSqliteFixture(limits, folder);
  await recovered();
}

function fillDisk(filler: string): void {
  const handle = openSync(filler, 'a');
  const bytes = new Uint8Array(64 * 1024);
  try {
    for (;;) writeSync(handle, bytes);
  } catch (error) {
    assert.ok(isDiskFull(error));
  } finally {
    closeSync(handle);
  }
}

async function fillUp(): Promise<void> {
  for (;;) {
    const result = await fixture.queue.append(testBatch([{ stream: 1, from: position, to: position + 10 }], { body }));
    if (result.kind === 'refused') {
      assert.equal(result.reason, 'busy');
      break;
    }
    assert.equal(result.kind, 'stored');
    position += 10;
    assert.ok(position < 100_000, 'the disk is small');
  }
  assert.equal((await fixture.queue.status()).state, 'no-space');
  assert.ok(!existsSync(reserve), 'the reserve was given up');
}

/** Only time passes: nothing outside of the queue makes room. */
async function recovered(): Promise<void> {
  for (let tick = 0; (await fixture.queue.status()).state !== 'open'; tick += 1) {
    assert.ok(tick < 500, 'the queue gets out of a full disk by itself');
    fixture.tick();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const again = await fixture.queue.append(testBatch([{ stream: 1, from: position, to: position + 10 }], { body }));
  assert.deepEqual(again, { kind: 'stored' });
  position += 10;
}

async function checkHeld(): Promise<void> {
  assert.equal((await fixture.queue.openStream(testStream(1))).held, position, 'what was answered is there, and nothing else');
}

async function lastSequence(): Promise<number> {
  return (await fixture.queue.status()).topics.find((status) => status.topic === topic)?.lastSequence ?? 0;
}

async function acquired(): Promise<Lease> {
  const lease = await fixture.queue.acquire({ topic, group: 'g', partition: 0 }, 'reader', 1e9);
  assert.ok(lease !== undefined);
  return lease;
}
