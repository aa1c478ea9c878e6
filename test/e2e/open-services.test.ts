/** A Redis from Debian, bound to this machine's own address: open as many were found, then protected, then with a password. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { askRedis } from '@tributary/hub/services/ask-redis.ts';
import { openServices } from '@tributary/hub/services/open-services.ts';
import { HubHost } from '../harness/hub-host.ts';
import { listAt } from '../harness/json.ts';
import { testPrograms as programs } from '../harness/programs.ts';
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

test('the status of a hub that uses an open Redis begins with it', { skip }, async () => {
  await using redis = await startRedis('--protected-mode', 'no');
  await using scratch = await Scratch.make();
  await using hub = new HubHost({ programs, scratch, config: { services: [{ kind: 'redis', url: redis.url }] } });
  await hub.start();
  await until('it is found', async () => listAt(await hub.status(), 'findings').length > 0, { detail: () => hub.program.tail() });
  const { stdout } = await hub.run('status', '--config', hub.configPath);
  const [, second = ''] = stdout.split('\n');
  assert.match(second, /^RED {10}Redis at redis:\/\/[\d.:]+ answers anybody without credentials: .*; give it a password/);
});

/** What a Redis with these options says to us. */
async function answerOf(
  ...options: readonly string[]
): Promise<{ text: string; found: Awaited<ReturnType<typeof openServices>> }> {
  await using redis = await startRedis(...options);
  const answer = await askRedis({ url: new URL(redis.url), address: own ?? '' });
  return { text: answer?.text ?? '', found: await openServices([{ kind: 'redis', url: redis.url }]) };
}

/** Answers when this resolves, and is gone when it is disposed of. */
async function startRedis(...options: readonly string[]): Promise<AsyncDisposable & { readonly url: string }> {
  await using unlessUp = new AsyncDisposableStack();
  const scratch = unlessUp.use(await Scratch.make());
  const port = await freePort();
  const args = ['--port', String(port), '--bind', own ?? '', '--dir', scratch.path, '--save', '', ...options];
  const redis = spawn(redisProgram, args, { argv0: 'redis-server', stdio: 'ignore' });
  const ended = once(redis, 'close');
  unlessUp.defer(async () => {
    redis.kill('SIGKILL');
    await ended;
  });
  const url = `redis://${own}:${port}`;
  await until('redis answers', () => askRedis({ url: new URL(url), address: own ?? '' }));
  const up = unlessUp.move();
  return { url, [Symbol.asyncDispose]: () => up.disposeAsync() };
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
