/**
 * Invariant 1, seen from outside: before the hub sends an ack, the sync of what it acks has ended.
 *
 * Matching: a proxy between agent and hub keeps the body of every batch. Slices of a body are looked for in what the hub wrote to
 * the write-ahead log of its database; a body is written where the last of its slices was. The first ack that covers the batch is
 * found in what the hub wrote to the agent's socket. Between the end of that write and the begin of that send, an fdatasync or
 * fsync of the same file must have begun and ended.
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
import { sourcePrograms } from '../harness/programs.ts';
import { Random } from '../harness/random.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { parseStrace, straceCommand, type SystemCall } from '../harness/strace.ts';

const skip = await requireTool('strace');
const calls = ['write', 'writev', 'sendto', 'sendmsg', 'pwrite64', 'pwritev', 'fdatasync', 'fsync'];
const sliceBytes = 24;
/** Pages cut some slices in two; these are not found. */
const sliceEveryBytes = 500;

test('each ack is sent after the sync of what it acks', { skip, timeout: 120_000 }, async () => {
  await using scratch = await Scratch.make();
  await using hub = new HubHost({ programs: sourcePrograms, scratch });
  const recording = scratch.file('strace.txt');
  await hub.start({ wrap: straceCommand(recording, calls) });
  const batches: Batch[] = [];
  await using proxy = await FaultyProxy.start({
    target: () => ({ host: '127.0.0.1', port: hub.port }),
    // Slow enough for many acks.
    plan: () => ({ toHub: { bytesPerSecondMax: 3_000_000 }, toAgent: {} }),
    onMessage: (from, message) => {
      if (from === 'agent' && message.kind === 'batch') batches.push({ ...message, body: Buffer.from(message.body) });
    },
  });
  await using agent = new AgentHost({ programs: sourcePrograms, scratch, hubs: () => [proxy.url] });
  await agent.writeConfig();
  const log = scratch.file('app.log');
  writeFileSync(log, incompressible(12_000_000));
  const shipped = await agent.run('ship', '--config', agent.configPath, '--until', 'acked', log);
  assert.equal(shipped.code, 0, shipped.stderr);
  await hub.program.stop();

  const recorded = parseStrace(readFileSync(recording, 'utf8'));
  const acks = acksSent(recorded);
  assert.ok(batches.length >= 8 && acks.length >= 4, `${batches.length} batches, ${acks.length} acks`);
  for (const batch of batches) {
    const ack = acks.find(({ channel, sequence }) => channel === batch.channel && sequence >= batch.sequence);
    assert.ok(ack !== undefined, `batch ${batch.sequence} was acked`);
    const write = lastWriteOf(batch.body, recorded);
    const synced = recorded.some(
      ({ name, target, begin, end, result }) =>
        /^f(data)?sync$/.test(name) && target === write.target && result === 0 && begin > write.end && end < ack.line,
    );
    assert.ok(synced, `batch ${batch.sequence}: written until line ${write.end}, acked at line ${ack.line}, and no sync between`);
  }
});

/** Lines of lower-case digits: a third of them remains when they are compressed, so every batch has a body of its own. */
function incompressible(bytes: number): string {
  const random = new Random(1);
  let text = '';
  while (text.length < bytes) text += `${random.next().toString(36)}${random.next().toString(36)}${random.next().toString(36)}\n`;
  return text;
}

function acksSent(recorded: readonly SystemCall[]): readonly { channel: number; sequence: number; line: number }[] {
  const acks: { channel: number; sequence: number; line: number }[] = [];
  const readers = new Map<string, FrameReader>();
  let line = 0;
  for (const call of recorded.toSorted((a, b) => a.begin - b.begin)) {
    if (!call.target.startsWith('TCP') || call.result <= 0) continue;
    line = call.begin;
    const reader = readers.getOrInsertComputed(call.target, () => new FrameReader(note));
    reader.push(call.data.subarray(0, call.result));
  }
  return acks;

  function note(bytes: Buffer): void {
    const message = decode(bytes);
    if (message.kind === 'ack') acks.push({ channel: message.channel, sequence: message.sequence, line });
  }
}

/**
 * The write that completed the first copy of a body. The pipeline writes the same body once more for the back topic; a slice that
 * a page cuts in two in one of the copies, or that repeats, is found in another number of writes than most and says nothing.
 */
function lastWriteOf(body: Uint8Array, recorded: readonly SystemCall[]): SystemCall {
  const writes = recorded.filter(({ name, target }) => name.startsWith('pwrite') && target.endsWith('.db-wal'));
  const slices: (readonly SystemCall[])[] = [];
  for (let at = 0; at + sliceBytes <= body.length; at += sliceEveryBytes) {
    const slice = body.subarray(at, at + sliceBytes);
    slices.push(writes.filter(({ data }) => data.includes(slice)));
  }
  const copies = mostCommon(slices.map((found) => found.length));
  const firsts = slices.filter((found) => found.length === copies).flatMap((found) => found.slice(0, 1));
  const [last] = firsts.toSorted((a, b) => b.end - a.end);
  const share = `${firsts.length} of ${slices.length} slices of a body are in the write-ahead log ${copies} times`;
  assert.ok(last !== undefined && firsts.length > slices.length * 0.9, share);
  return last;
}

function mostCommon(numbers: readonly number[]): number {
  const times = new Map<number, number>();
  for (const number of numbers) times.set(number, (times.get(number) ?? 0) + 1);
  const [most] = [...times].toSorted(([, a], [, b]) => b - a);
  return most?.[0] ?? 0;
}
