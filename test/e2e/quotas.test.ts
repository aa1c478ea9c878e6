/** A tenant with a quota and a real agent: what is dropped is counted to the byte, what is throttled is late and whole. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { dayMs } from '@tributary/hub/quotas/limits.ts';
import { dayOf, newSums } from '@tributary/hub/quotas/quota-sums.ts';
import { openRegistry } from '@tributary/hub/registry/open-registry.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { at, listAt, numberAt, textAt } from '../harness/json.ts';
import { readArchive, readHubDocuments } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));

const files = 12;

function lines(count: number): string {
  return Array.from({ length: count }, (_, index) => `line ${index} ${'x'.repeat(80)}\n`).join('');
}

/** The site's figures of the one channel that is not its own. */
async function channelOf(stack: Stack): Promise<unknown> {
  const channels = listAt(await stack.hub.status(), 'queue', 'channels');
  return channels.find((channel) => at(channel, 'channel') === 'acme/app');
}

async function rawOf(stack: Stack): Promise<Buffer> {
  const streams = (await readArchive(stack.hub.archive)).filter(({ channel }) => channel === 'acme/app');
  return Buffer.concat(streams.map(({ raw }) => raw));
}

test('drop leaves out what comes beyond the quota, counts it, and the agent goes on', { skip, timeout: 600_000 }, async () => {
  const quotas = [{ tenant: 'acme', type: 'app', bytes_per_day: '64KiB', action: 'drop' }];
  await using stack = await Stack.make({ hub: { quotas }, agent: { tenant: 'acme' } });
  const first = lines(300);
  const second = lines(1000);
  writeFileSync(stack.log('a.log'), first);
  await stack.agent.start();
  await until('the first is stored', async () => numberOf(await channelOf(stack), 'positions') === first.length);
  writeFileSync(stack.log('a.log'), first + second);
  const all = first.length + second.length;
  await until('the rest is answered', async () => numberOf(await channelOf(stack), 'positions') === all, {
    detail: () => stack.tail(),
  });
  const lost = numberOf(await channelOf(stack), 'lost');
  const [quota] = listAt(await stack.hub.status(), 'quotas');
  assert.equal(numberAt(quota, 'droppedBytes'), lost, 'what was dropped is what the books call lost');
  assert.equal(numberAt(quota, 'bytes') + lost, all);
  assert.equal(lost, second.length, 'a batch that does not fit is left out as a whole');
  assert.equal(numberAt(quota, 'droppedRecords'), 1000);
  await until('what was stored is archived', async () => (await rawOf(stack)).length === first.length);
  assert.equal((await rawOf(stack)).toString(), first);
  const finding = listAt(await stack.hub.status(), 'findings').find((one) => at(one, 'kind') === 'quota-exceeded');
  assert.equal(textAt(finding, 'level'), 'red');
  const { stdout } = await stack.hub.run('status', '--config', stack.hub.configPath);
  assert.match(stdout, /^acme\/app: quota .* 1000 records dropped$/m);
  assert.match(stdout, /^RED {10}acme\/app has used up its 65536 bytes of today .*is left out; raise the quota/m);
  await until('it is told', async () => {
    const actions = (await readHubDocuments(stack.hub.archive)).map((document) => textAt(document, 'event', 'action'));
    return actions.includes('quota-used-up') && actions.includes('finding-raised');
  });
  await stack.hub.program.stop();
  await stack.hub.start();
  const [again] = listAt(await stack.hub.status(), 'quotas');
  assert.equal(numberAt(again, 'droppedBytes'), lost, 'sums survive a stop');
});

test('throttle loses nothing: what does not pass waits with the agent', { skip, timeout: 600_000 }, async () => {
  const bytesPerSecond = 64 * 1024;
  const limit = (bytesPerSecond * dayMs) / 1000;
  const quotas = [{ tenant: 'acme', bytes_per_day: limit, action: 'throttle' }];
  const agent = { tenant: 'acme', batch: { max_bytes: '16KiB' } };
  await using stack = await Stack.make({ hub: { quotas }, agent });
  await stack.hub.program.stop();
  await useUp(stack.hub.dataDir, limit);
  await stack.hub.start();
  const content = lines(200);
  // A batch each.
  for (let file = 0; file < files; file += 1) writeFileSync(stack.log(`${file}.log`), content);
  const all = files * content.length;
  const begun = performance.now();
  await stack.agent.start();
  const arrived = async (): Promise<boolean> => numberOf(await channelOf(stack), 'positions') === all;
  await until('all of it is stored', arrived, { deadlineMs: 120_000, detail: () => stack.tail() });
  const seconds = (performance.now() - begun) / 1000;
  const [quota] = listAt(await stack.hub.status(), 'quotas');
  // Unless it became midnight meanwhile.
  if (numberAt(quota, 'bytes') > limit) {
    assert.ok(seconds > ((all - content.length) / bytesPerSecond) * 0.9, `${all} bytes within ${seconds} s`);
    assert.ok(numberAt(quota, 'throttled') > 0);
  }
  assert.equal(numberOf(await channelOf(stack), 'lost'), 0);
  await until('it is archived', async () => (await rawOf(stack)).length === all);
  assert.equal((await rawOf(stack)).toString(), content.repeat(files));
});

/** As if so much had come today. */
async function useUp(dataDir: string, bytes: number): Promise<void> {
  const log = createLogger({ level: 'error', sink: () => undefined });
  await using registry = await openRegistry({ folder: dataDir, log, thread: false, create: false });
  const sums = { ...newSums(dayOf(Date.now())), bytes };
  await registry.setMeta({ 'quota acme/* throttle': JSON.stringify(sums) });
}

function numberOf(value: unknown, name: string): number {
  const found = at(value, name);
  return typeof found === 'number' ? found : -1;
}
