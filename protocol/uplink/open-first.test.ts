import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WebSocket } from 'ws';
import { openFirst } from './open-first.ts';
import { openSocket } from './open-socket.ts';
import { TestSite } from './testing/test-site.ts';

const never = new AbortController().signal;

test('one that hangs is not waited for, and is given up as soon as another answers', async () => {
  await using site = await TestSite.start();
  let givenUp = 0;
  const hanging = (signal: AbortSignal): Promise<WebSocket> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        givenUp += 1;
        reject(new Error('given up'));
      });
    });
  const open = (hub: string, signal: AbortSignal): Promise<WebSocket> =>
    hub === site.url
      ? openSocket(hub, { proxy: undefined, secureContext: undefined, timeoutMs: 60_000 }, signal)
      : hanging(signal);
  const onFailed = (): void => assert.fail('none was given up before another answered');
  const found = await openFirst(['ws://hanging', site.url], { open, signal: never, onFailed });
  assert.deepEqual([found?.hub, givenUp], [site.url, 1]);
  found?.socket.terminate();
});
