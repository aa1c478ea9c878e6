/**
 * An agent with a new buffer that no hub answers: what cannot be read again is taken all the same, and is there once when the hub
 * comes, also when the agent was killed in between. Files wait for the hub's word.
 */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { at, listAt, numberAt, textAt } from '../harness/json.ts';
import { type ArchivedStream, readArchive, readPlatformDocuments } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));

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

async function sendDatagram(port: number, text: string): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.send(text, port, '127.0.0.1', resolve));
  socket.close();
}

/** Resolves when it is durable at the agent, and with it what was read before. */
async function sendConfirmed(port: number, text: string): Promise<void> {
  const sender = connect({ host: '127.0.0.1', port });
  sender.end(`${text}\n`);
  const [answer] = await once(sender, 'data');
  assert.equal(String(answer), 'OK 1\n');
}

function lines(streams: readonly ArchivedStream[], channel: string): string[] {
  return streams
    .filter((stream) => stream.channel === channel)
    .flatMap(({ raw, pieces }) => {
      let offset = 0;
      return pieces.map(({ bytes }) => {
        offset += bytes;
        return raw.toString('latin1', offset - bytes, offset).trimEnd();
      });
    })
    .toSorted();
}

test('sockets, commands and metrics do not wait for the first hub', { skip, timeout: 600_000 }, async () => {
  const port = await freePort();
  await using stack = await Stack.make({
    inputs: (logs) => [
      { kind: 'file', paths: [`${logs}/*.log`], type: 'app' },
      { kind: 'syslog', type: 'syslog', confirm: true, listen: [`udp://127.0.0.1:${port}`, `tcp://127.0.0.1:${port}`] },
      { kind: 'exec', type: 'exec', command: ['sh', '-c', 'echo $$; exec sleep 1000'] },
      { kind: 'metrics', sets: ['uptime'], interval: '1s', intervals: { uptime: '1s' } },
    ],
  });
  const { agent, hub } = stack;
  await hub.program.stop();
  appendFileSync(stack.log('a.log'), 'in a file\n');
  const pids: string[] = [];
  const startAgent = async (): Promise<void> => {
    await agent.start();
    const isRunning = (): boolean => ['"tcp:', '"process '].every((text) => agent.program.stderr.includes(text));
    await until('it listens and the command runs', isRunning, { detail: () => agent.program.tail() });
    pids.push(/"process (\d+)"/.exec(agent.program.stderr)?.[1] ?? '');
  };
  const sendAll = async (text: string): Promise<void> => {
    await sendDatagram(port, `<14>udp ${text}`);
    const paths = ['exec:', 'udp:', 'metrics'];
    await until('the datagram, the command and the metrics are read', async () => {
      const sources = listAt(await agent.status(), 'sources').filter((source) => numberAt(source, 'position') > 0);
      return paths.every((path) => sources.some((source) => textAt(source, 'path').startsWith(path)));
    });
    await sendConfirmed(port, `<14>tcp ${text}`);
  };

  await startAgent();
  await sendAll('first');
  const status = await agent.status();
  assert.equal(at(status, 'state'), 'waiting-for-site');
  assert.deepEqual(
    listAt(status, 'inputs').map((input) => at(input, 'name')),
    ['syslog-2', 'exec-3', 'metrics-4'],
  );
  await agent.program.kill();
  process.kill(Number(pids[0]));
  await startAgent();
  await sendAll('second');
  await hub.start();

  let streams: readonly ArchivedStream[] = [];
  await until(
    'the file is archived, and what came before',
    async () => {
      streams = await readArchive(hub.archive);
      return (
        lines(streams, 'default/app').length > 0 &&
        lines(streams, 'default/syslog').length >= 4 &&
        lines(streams, 'default/exec').length >= 2
      );
    },
    { deadlineMs: 120_000, everyMs: 300, detail: () => stack.tail() },
  );
  assert.deepEqual(lines(streams, 'default/app'), ['in a file']);
  assert.deepEqual(lines(streams, 'default/syslog'), ['<14>tcp first', '<14>tcp second', '<14>udp first', '<14>udp second']);
  assert.deepEqual(lines(streams, 'default/exec'), pids.toSorted());
  const areTold = async (): Promise<boolean> => {
    const documents = await readPlatformDocuments(hub.archive);
    const starts = documents.filter((document) => at(document, 'event', 'action') === 'agent-started').length;
    assert.ok(starts <= 2);
    return starts === 2 && documents.some((document) => at(document, 'event', 'dataset') === 'system.uptime');
  };
  await until('both starts and what was measured are archived', areTold, { everyMs: 300, detail: () => stack.tail() });
  await agent.program.stop();
});
