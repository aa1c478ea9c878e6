/** A Redis from Debian, bound to this machine's own address: open as many were found, then protected, then with a password. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { askRedis } from '@tributary/hub/services/ask-redis.ts';
import { openServices } from '@tributary/hub/services/open-services.ts';
import { redisProgram, requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const own = Object.values(networkInterfaces())
  .flatMap((addresses = []) => addresses)
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
const skip = own === undefined ? 'this machine has no address beside its loopback' : await requireTool('redis');

test('a real Redis is found when it answers strangers, and only then', { skip }, async () => {
  assert.match(
    (await answerOf('--protected-mode', 'no')).found[0]?.reason ?? '',
    /^Redis at .* answers anybody without credentials/,
  );
  const guarded = await answerOf('--protected-mode', 'no', '--requirepass', 'a-long-passw0rd');
  assert.match(guarded.text, /^-NOAUTH/);
  assert.deepEqual(guarded.found, []);
  const narrow = await answerOf('--protected-mode', 'no', '--user', 'default', 'on', 'nopass', '-@all', '+ping');
  assert.match(narrow.text, /^-NOPERM/);
  assert.deepEqual(narrow.found, [], 'one whose strangers may only see that it is there');
});

/** What a Redis with these options says to us. It is gone after that. */
async function answerOf(
  ...options: readonly string[]
): Promise<{ text: string; found: Awaited<ReturnType<typeof openServices>> }> {
  await using scratch = await Scratch.make();
  const port = await freePort();
  const args = ['--port', String(port), '--bind', own ?? '', '--dir', scratch.path, '--save', '', ...options];
  const redis = spawn(redisProgram, args, { argv0: 'redis-server', stdio: 'ignore' });
  const ended = once(redis, 'close');
  try {
    const url = `redis://${own}:${port}`;
    const answer = await until('redis answers', () => askRedis(new URL(url)));
    return { text: answer.text, found: await openServices([{ kind: 'redis', url }]) };
  } finally {
    redis.kill('SIGKILL');
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, own);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
