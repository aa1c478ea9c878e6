/**
 * Two hubs of a site see every change, and a receiver is told of it once. The one that tells is killed between the answer of the receiver and the note of it: the other
 * one tells that again under the same id, and goes on.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listAt, textAt } from '../../test/harness/json.ts';
import { RedisSite } from '../../test/harness/redis/registry-site.ts';
import { requireTool } from '../../test/harness/require.ts';
import { until } from '../../test/harness/until.ts';
import { type AlertHubParts, runAlertHub } from './testing/alert-hub.ts';
import { WebhookServer } from './testing/webhook-server.ts';

const skip = await requireTool('redis');
const hubFile = fileURLToPath(new URL('./testing/alert-hub.ts', import.meta.url));

test('one change is told once by two hubs, and under one id when the one that tells is killed', { skip }, async () => {
  await using site = await RedisSite.start();
  await using server = await WebhookServer.start();
  const { told, url } = server;
  const standingFile = join(await site.scratch.folder('standing'), 'standing');
  const stand = (...names: readonly string[]): void => writeFileSync(standingFile, names.join('\n'));
  stand();
  const shared = site.shared();
  const parts = async (letter: string): Promise<AlertHubParts> => {
    return { letter, folder: await site.folder(), standingFile, url, shared };
  };
  const changes = (): string[] =>
    told.map((message) =>
      listAt(message, 'alerts')
        .map((item) => `${textAt(item, 'change')} ${textAt(item, 'name')}`)
        .join(),
    );
  const isTold = (count: number): Promise<unknown> =>
    until(`${count} are told`, () => told.length >= count, { detail: () => changes().join('\n') });

  const env = { ...process.env, TRIBUTARY_CRASH_POINT: 'hub.alerts.sent:2' };
  const child = spawn(process.execPath, [hubFile, JSON.stringify(await parts('a'))], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  const ended = once(child, 'exit');
  const stop = new AbortController();
  let isOther = false;
  let running = Promise.resolve();
  try {
    await once(child.stdout, 'data');
    running = runAlertHub(await parts('b'), stop.signal, () => (isOther = true));
    stand('archive');
    await isTold(1);
    assert.ok(!isOther);
    stand('archive', 'elastic');
    const [, signal] = await ended;
    assert.equal(signal, 'SIGKILL');
    await isTold(3);
    assert.ok(isOther);
    stand('elastic');
    await isTold(4);
  } finally {
    child.kill('SIGKILL');
    stop.abort();
    await running;
  }
  assert.deepEqual(changes(), ['raised archive', 'raised elastic', 'raised elastic', 'resolved archive']);
  assert.deepEqual(told[2], told[1]);
  assert.equal(new Set(told.map((message) => textAt(message, 'id'))).size, 3);
});
