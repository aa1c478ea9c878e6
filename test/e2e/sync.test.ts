/**
 * Invariant 1, seen from outside: before the hub sends an ack, the sync of what it acks has ended.
 *
 * Matching: a proxy between agent and hub keeps the body of every batch. Slices of a body are looked for in what the hub wrote to
 * the write-ahead log of its database; the first ack that covers the batch is found in what the hub wrote to the agent's socket.
 * Before that ack began to be sent, an fdatasync or fsync of the log must have ended that began after the slices were written.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { decode } from '@tributary/protocol/codec.ts';
import type { Batch } from '@tributary/protocol/messages.ts';
import { AgentHost } from '../harness/agent-host.ts';
import { FaultyProxy } from '../harness/faulty-proxy.ts';
import { FrameReader } from '../harness/frame-reader.ts';
import { HubHost } from '../harness/hub-host.ts';
import { testPrograms } from '../harness/programs.ts';
import { Random } from '../harness/random.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { parseStrace, straceCommand, type SystemCall } from '../harness/strace.ts';

const skip = await requireTool('strace');
const calls = ['write', 'writev', 'sendto', 'sendmsg', 'pwrite64', 'pwritev', 'fdatasync', 'fsync'];
const sliceBytes = 24;
const nearWrites = 8;
/** Each is looked for in everything that was written: not closer than it takes to notice one page. */
const sliceEveryBytes = 1500;
/**
 * A page cuts a slice in two now and then, which is found later or never: the pipeline writes the same body once more. One page of
 * 16 KiB that was not synced would be ten slices.
 */
const cutSlicesMax = 4;

test('each ack is sent after the sync of what it acks', { skip, timeout: 600_000 }, async () => {
  await using scratch = await Scratch.make();
  await using hub = new HubHost({ programs: testPrograms, scratch });
  const recording = scratch.file('strace.txt');
  await hub.start({ wrap: straceCommand(recording, calls) });
  const batches: SentBatch[] = [];
  await using proxy = await FaultyProxy.start({
    target: () => ({ host: '127.0.0.1', port: hub.port }),
    // Slow enough for many acks.
    plan: () => ({ toHub: { bytesPerSecondMax: 3_000_000 }, toAgent: {} }),
    onMessage: (from, message, connection) => {
      if (from !== 'agent' || message.kind !== 'batch') return;
      batches.push({ ...message, body: Buffer.from(message.body), connection });
    },
  });
  await using agent = new AgentHost({ programs: testPrograms, scratch, hubs: () => [proxy.url] });
  await agent.writeConfig();
  const log = scratch.file('app.log');
  writeFileSync(log, incompressible(12_000_000));
  const shipped = await agent.run('ship', '--config', agent.configPath, '--until', 'acked', log);
  assert.equal(shipped.code, 0, shipped.stderr);
  await hub.program.stop();

  const recorded = parseStrace(readFileSync(recording, 'utf8'));
  const acks = acksSent(recorded);
  assert.ok(batches.length >= 8 && acks.length >= 4, `${batches.length} batches, ${acks.length} acks`);
  let checked = 0;
  for (const batch of batches) {
    const ack = acks.find((one) => covers(one, batch));
    // Sent over a connection that ended first; the next one is told the positions, which the agent takes as an ack.
    if (ack === undefined) continue;
    checked += 1;
    const { slices, synced } = syncedSlices(batch.body, ack, recorded);
    const found = `${synced} of ${slices} slices were synced when the ack was sent, at line ${ack.line}`;
    assert.ok(slices > 10 * cutSlicesMax && synced >= slices - cutSlicesMax, `batch ${batch.sequence}: ${found}`);
  }
  assert.ok(checked >= 8, `${checked} batches were acked over the connection they were sent over`);
});

/** Lines of lower-case digits: a third of them remains when they are compressed, so every batch has a body of its own. */
function incompressible(bytes: number): string {
  const random = new Random(1);
  let text = '';
  while (text.length < bytes) text += `${random.next().toString(36)}${random.next().toString(36)}${random.next().toString(36)}\n`;
  return text;
}

interface SentBatch extends Batch {
  /** Connections are numbered from zero. */
  readonly connection: number;
}

interface SentAck {
  readonly connection: number;
  readonly channel: number;
  readonly sequence: number;
  /** Where in the recording the call began that sent it. */
  readonly line: number;
}

function covers(ack: SentAck, batch: SentBatch): boolean {
  return ack.connection === batch.connection && ack.channel === batch.channel && ack.sequence >= batch.sequence;
}

function acksSent(recorded: readonly SystemCall[]): readonly SentAck[] {
  const acks: SentAck[] = [];
  const readers = new Map<string, FrameReader>();
  let line = 0;
  for (const call of recorded.toSorted((a, b) => a.begin - b.begin)) {
    if (!call.target.startsWith('TCP') || call.result <= 0) continue;
    line = call.begin;
    const connection = readers.size;
    const reader = readers.getOrInsertComputed(call.target, () => new FrameReader((bytes) => note(bytes, connection)));
    reader.push(call.data.subarray(0, call.result));
  }
  return acks;

  function note(bytes: Buffer, connection: number): void {
    const message = decode(bytes);
    if (message.kind === 'ack') acks.push({ connection, channel: message.channel, sequence: message.sequence, line });
  }
}

/** How many slices of a body there are, and how many of them had been written and then synced when the ack was sent. */
function syncedSlices(body: Uint8Array, ack: SentAck, recorded: readonly SystemCall[]): { slices: number; synced: number } {
  const writes = recorded.filter(({ name, target }) => name.startsWith('pwrite') && target.endsWith('.db-wal'));
  const sync = recorded.findLast(({ name, target, result, end }) => {
    return /^f(data)?sync$/.test(name) && target.endsWith('.db-wal') && result === 0 && end < ack.line;
  });
  const isSynced = ({ end }: SystemCall): boolean => end < (sync?.begin ?? 0);
  let slices = 0;
  let synced = 0;
  // The next slice is mostly in the same write or one soon after it; all of them are searched only for the others.
  let last = 0;
  for (let at = 0; at + sliceBytes <= body.length; at += sliceEveryBytes) {
    const slice = body.subarray(at, at + sliceBytes);
    slices += 1;
    const isIn = (call: SystemCall): boolean => isSynced(call) && call.data.includes(slice);
    const near = writes.slice(last, last + nearWrites).findIndex(isIn);
    const found = near >= 0 ? last + near : writes.findIndex(isIn);
    if (found < 0) continue;
    synced += 1;
    last = found;
  }
  return { slices, synced };
}
