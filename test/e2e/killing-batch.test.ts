/**
 * A batch that takes the whole hub along each time it is worked on. After the first time the hub tries what was in work one by one; what it
 * dies of five times, alone and later each time, it sets aside with the reason the next time, and the others go on.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../harness/free-port.ts';
import { HubHost } from '../harness/hub-host.ts';
import { at, listAt } from '../harness/json.ts';
import { testPrograms as programs } from '../harness/programs.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const crashPoint = 'hub.pipeline.body=poison';

test('a batch that kills its hub each time is set aside', { timeout: 600_000 }, async () => {
  await using owned = new AsyncDisposableStack();
  const scratch = owned.use(await Scratch.make());
  const port = await freePort();
  const push = [{ address: `127.0.0.1:${port}`, plaintext: true, tenant: 'default', type: 'app' }];
  const hub = owned.use(
    new HubHost({ programs, scratch, config: { listeners: { push }, outputs: [{ kind: 'archive', roll_interval: '200ms' }] } }),
  );
  const send = async (text: string): Promise<number> => {
    const { status } = await fetch(`http://127.0.0.1:${port}/api/v1/logs`, { method: 'POST', body: text });
    return status;
  };
  const archived = async (): Promise<unknown> => at(listAt(await hub.status(), 'books')[0], 'archived');
  await hub.start({ crashPoint });
  assert.equal(await send('before\n'), 200);
  await until('the first line is archived', async () => (await archived()) === 1, { everyMs: 50 });
  // It may die before it has answered: what it has stored, it has.
  await send('poison\n').catch(() => undefined);
  await hub.program.exited;
  let deaths = 1;
  for (; deaths <= 6; deaths += 1) {
    await hub.start({ crashPoint }).catch(() => undefined);
    const isOver = await until(
      'it ends, or has set the batch aside',
      async () => {
        if (!hub.running) return 'ended' as const;
        const status = await hub.status().catch(() => undefined);
        return at(status, 'queue', 'deadLetters') === 1 ? ('set aside' as const) : undefined;
      },
      { everyMs: 50, detail: () => hub.program.tail() },
    );
    if (isOver === 'set aside') break;
  }
  assert.equal(deaths, 6, 'once beside others, five times alone');
  assert.match(hub.program.tail(), /5 times its hub ended while it was worked on, alone/);
  assert.equal(await send('after\n'), 200);
  await until('the others go on', async () => (await archived()) === 2, { everyMs: 50, detail: () => hub.program.tail() });
});
