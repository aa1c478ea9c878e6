/**
 * While nobody takes what the agent has and its buffer is full: who sends over TCP waits and loses nothing, what comes by datagrams is
 * dropped, and every one of them is counted, at the agent as dropped and at the hub as a gap.
 */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { isObject, numberAt } from '../harness/json.ts';
import { readArchive } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));

function at(status: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce((value: unknown, key) => (isObject(value) ? value[key] : undefined), status);
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

/** Text that does not compress, so that the buffer fills soon. */
function noise(index: number): string {
  let state = index + 1;
  let text = '';
  while (text.length < 900) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    text += String.fromCodePoint(33 + ((state >>> 16) % 90));
  }
  return text;
}

test('a full buffer: TCP waits, datagrams are counted', { skip, timeout: 600_000 }, async () => {
  const port = await freePort();
  await using stack = await Stack.make({
    agent: { events: { enabled: false }, buffer: { max_bytes: '4MiB', replay_window: '0s' } },
    inputs: () => [
      { kind: 'syslog', type: 'udp', listen: [`udp://127.0.0.1:${port}`] },
      { kind: 'syslog', type: 'tcp', listen: [`tcp://127.0.0.1:${port}`] },
    ],
  });
  const { agent, hub } = stack;
  await agent.start();
  await until('it listens', () => agent.program.stderr.includes(`"tcp://127.0.0.1:${port}"`), { detail: () => stack.tail() });
  await hub.program.stop();

  const socket = createSocket('udp4');
  let datagrams = 0;
  const droppedRecords = async (): Promise<number> => {
    const lost = at(await agent.status(), 'counters', 'lost');
    return numberAt(at(lost, 'buffer-full'), 'records') + numberAt(at(lost, 'socket-full'), 'records');
  };
  await until(
    'datagrams are dropped',
    async () => {
      for (let count = 0; count < 100; count += 1, datagrams += 1) {
        const sent = Promise.withResolvers<void>();
        socket.send(`<14>udp ${datagrams} ${noise(datagrams)}`, port, '127.0.0.1', () => sent.resolve());
        await sent.promise;
      }
      return (await droppedRecords()) > 500;
    },
    { deadlineMs: 120_000, everyMs: 1, detail: () => stack.tail() },
  );
  socket.close();

  const lines = 20_000;
  const sender = connect({ host: '127.0.0.1', port });
  await once(sender, 'connect');
  for (let line = 0; line < lines; line += 1) {
    if (!sender.write(`<14>tcp ${line} ${noise(line)}\n`)) await turn();
  }
  sender.end();
  assert.ok(sender.writableLength > 1_000_000, 'the sender waits');

  await hub.start();
  const archived = async (): Promise<{ udp: number; tcp: number }> => {
    const streams = await readArchive(hub.archive);
    const rowsOf = (channel: string): number =>
      streams.filter((stream) => stream.channel.endsWith(channel)).reduce((sum, { rows }) => sum + rows, 0);
    return { udp: rowsOf('udp'), tcp: rowsOf('tcp') };
  };
  await until('all lines of TCP are archived', async () => (await archived()).tcp === lines, {
    deadlineMs: 120_000,
    everyMs: 300,
    detail: () => stack.tail(),
  });
  await until('the books of the datagrams balance', async () => (await archived()).udp + (await droppedRecords()) === datagrams, {
    deadlineMs: 120_000,
    everyMs: 300,
    detail: () => stack.tail(),
  });
});
