/** `kill -9` between the answer of a receiver and the note of it: the receiver is told again, under the same id, and then no more. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WebhookServer } from './testing/webhook-server.ts';

const teller = fileURLToPath(new URL('./testing/crash-teller.ts', import.meta.url));

test('who is killed after a message was sent sends it again under its id', { timeout: 120_000 }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tributary-alerts-'));
  await using server = await WebhookServer.start();
  const { told, url } = server;
  assert.equal(await endOf([folder.path, url], 'hub.alerts.sent'), 'SIGKILL');
  assert.equal(await endOf([folder.path, url], 'hub.alerts.sent'), 'SIGKILL');
  assert.equal(await endOf([folder.path, url], ''), 0);
  assert.equal(await endOf([folder.path, url], ''), 0);
  assert.equal(told.length, 3);
  assert.deepEqual(told[1], told[0]);
  assert.deepEqual(told[2], told[0]);
  assert.partialDeepStrictEqual(told[0], { status: 'firing', alerts: [{ change: 'raised', node: 'output/main' }] });
});

/** The signal or code that it ended with. */
async function endOf(given: readonly string[], point: string): Promise<unknown> {
  const child = spawn(process.execPath, [teller, ...given], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...(point !== '' && { TRIBUTARY_CRASH_POINT: point }) },
  });
  const [code, signal] = await once(child, 'exit');
  return signal ?? code;
}
