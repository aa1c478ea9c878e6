/**
 * An encrypted archive in a bucket, of the programs that people run: killed at each step of an upload in parts, without its server for a while,
 * and without its index at last. Every line is there once.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { freePort } from '../harness/free-port.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, listAt, numberAt, parseJson, textAt } from '../harness/json.ts';
import { testPrograms as programs } from '../harness/programs.ts';
import { requireTool } from '../harness/require.ts';
import { S3Server } from '../harness/s3/s3-server.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const skip = await requireTool('s3');
const deadline = { deadlineMs: 120_000, everyMs: 50 };
const points = ['hub.archive.parts-uploaded', 'hub.archive.before-commit'];
const mixed = Array.from({ length: 13_000 }, (_, index) => `${index} ${randomBytes(450).toString('base64')}`);
const later = Array.from({ length: 100 }, (_, index) => `later ${index}`);

test('an archive in a bucket holds each line once, whatever is killed, away or lost', { skip, timeout: 600_000 }, async () => {
  await using scratch = await Scratch.make();
  await using server = await S3Server.start({ folder: scratch.file('s3'), buckets: ['logs'] });
  const { endpoint, region, accessKey, secretKey } = server;
  const key = scratch.file('archive.key');
  await writeFile(key, randomBytes(32).toString('hex'));
  const port = await freePort();
  const push = [{ address: `127.0.0.1:${port}`, plaintext: true, tenant: 'shop', type: 'app' }];
  const s3 = {
    bucket: 'logs',
    prefix: 'site',
    endpoint,
    region,
    access_key: accessKey,
    secret_key: secretKey,
    part_bytes: '5MiB',
  };
  const outputs = [{ kind: 'archive', roll_interval: '1500ms', s3, encryption: { key_file: key } }];
  await using hub = new HubHost({ programs, scratch, config: { outputs, listeners: { push } } });
  const send = async (lines: readonly string[]): Promise<void> => {
    const body = lines.map((line) => `${line}\n`).join('');
    const sent = await fetch(`http://127.0.0.1:${port}/api/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body,
    });
    assert.equal(sent.status, 200, await sent.text());
  };
  const command = async (...args: readonly string[]): ReturnType<HubHost['run']> =>
    await hub.run('archive', ...args, '--config', hub.configPath);
  const lines = async (): Promise<string[]> => {
    const { stdout, code, stderr } = await command('search', '--tenant', 'shop', '--type', 'app', '--no-summary');
    assert.equal(code, 0, stderr);
    return stdout.split('\n').slice(0, -1);
  };

  const count = async (): Promise<number> =>
    Number((await command('search', '--tenant', 'shop', '--type', 'app', '--no-summary', '--count')).stdout);

  await hub.start({ crashPoint: points[0] });
  await send(mixed);
  for (const [index, point] of points.entries()) {
    await until(`${point} is reached`, () => !hub.running, { ...deadline, detail: () => hub.program.tail() });
    await hub.start({ crashPoint: points[index + 1] });
  }
  await until('all is archived', async () => (await count()) >= mixed.length, deadline);
  assert.ok(isDeepStrictEqual(await lines(), mixed), 'each line is there once, in its place');

  await server.kill();
  await send(later);
  const status = async (): Promise<unknown> => parseJson((await hub.run('status', '--json', '--config', hub.configPath)).stdout);
  const output = async (): Promise<unknown> => listAt(await status(), 'outputs')[0];
  await until('it is told', async () => textAt(await output(), 'state') === 'waiting', deadline);
  const isTold = async (): Promise<boolean> =>
    /ECONNREFUSED.*: nothing answers at that address/.test(textAt(await output(), 'trouble'));
  await until('and why', isTold, deadline);
  const kinds = async (): Promise<string[]> => listAt(await status(), 'findings').map((finding) => textAt(finding, 'kind'));
  await until('a finding says so', async () => (await kinds()).includes('archive-waits'), deadline);
  await server.restart();
  await until('it is archived', async () => (await count()) === mixed.length + later.length, deadline);
  await until('the output is well again', async () => textAt(await output(), 'state') === 'running', deadline);

  await using elsewhere = await Scratch.make();
  await using other = new HubHost({ programs, scratch: elsewhere, config: { outputs, listeners: {} } });
  await other.start();
  const refusal = async (): Promise<string> => {
    const told = parseJson((await other.run('status', '--json', '--config', other.configPath)).stdout);
    return listAt(told, 'findings')
      .map((finding) => textAt(finding, 'reason'))
      .join();
  };
  await until('another site is refused', async () => /is that of another site/.test(await refusal()), deadline);
  await other.program.kill();

  const verified = await command('verify', '--json');
  assert.deepEqual([verified.code, at(parseJson(verified.stdout), 'problems')], [0, []], verified.stderr);
  await hub.program.kill();
  for (const file of ['hub.db', 'hub.db-wal', 'hub.db-shm']) await rm(join(hub.dataDir, file), { force: true });
  await hub.start();
  assert.deepEqual(await lines(), []);
  const reindexed = await command('reindex', '--json');
  assert.equal(reindexed.code, 0, reindexed.stderr);
  assert.ok(numberAt(parseJson(reindexed.stdout), 'added') > 1);
  assert.ok(isDeepStrictEqual(await lines(), [...mixed, ...later]), 'and is found again');
});
