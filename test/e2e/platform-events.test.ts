/**
 * What an agent tells of itself and its machine, as it arrives: real processes, documents read from the archive with tools that are not
 * ours.
 */
import assert from 'node:assert/strict';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setNames } from '@tributary/agent/inputs/metrics/set-names.ts';
import { at, numberAt, textAt } from '../harness/json.ts';
import { Random } from '../harness/random.ts';
import { readPlatformDocuments } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';
import { parseStrace, straceCommand } from '../harness/strace.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));
const skipTrace = skip ?? (await requireTool('strace'));
const metrics = { kind: 'metrics', interval: '1s', intervals: { filesystem: '1s', uptime: '1s' }, processes_top: 5 };

async function documentsOf(stack: Stack): Promise<readonly unknown[]> {
  return await readPlatformDocuments(stack.hub.archive);
}

function actionsIn(documents: readonly unknown[]): readonly string[] {
  return documents.filter((one) => at(one, 'event', 'kind') === 'event').map((one) => textAt(one, 'event', 'action'));
}

function datasetsIn(documents: readonly unknown[]): ReadonlySet<string> {
  return new Set(documents.map((one) => textAt(one, 'event', 'dataset')));
}

async function arrived(stack: Stack, what: string, isThere: (documents: readonly unknown[]) => boolean): Promise<void> {
  const look = async (): Promise<boolean> => isThere(await documentsOf(stack));
  await until(what, look, { deadlineMs: 120_000, everyMs: 200, detail: () => stack.tail() });
}

test('the life of an agent and its files is in the archive', { skip, timeout: 600_000 }, async () => {
  await using stack = await Stack.make({ agent: { labels: { rack: '7' } } });
  writeFileSync(stack.log('a.log'), 'one\ntwo\n');
  await stack.agent.start();
  await arrived(stack, 'the file is opened', (documents) => actionsIn(documents).includes('file-opened'));
  renameSync(stack.log('a.log'), stack.log('a.log.1'));
  appendFileSync(stack.log('a.log'), 'three\n');
  await arrived(stack, 'it is rotated', (documents) => actionsIn(documents).includes('file-rotated'));
  writeFileSync(stack.agent.configPath, 'hubs: nothing');
  await arrived(stack, 'a bad file is refused', (documents) => actionsIn(documents).includes('config-refused'));
  await stack.agent.writeConfig([{ kind: 'file', paths: [stack.log('b.log')], type: 'app' }]);
  await arrived(stack, 'a good one is taken', (documents) => actionsIn(documents).includes('config-changed'));
  await stack.hub.program.stop();
  await stack.hub.start();
  await arrived(stack, 'the hub is lost and found', (documents) => actionsIn(documents).includes('hub-lost'));
  const agentId = textAt(await stack.agent.status(), 'agentId');
  await stack.agent.program.stop();
  await arrived(stack, 'the agent stopped', (documents) => actionsIn(documents).includes('agent-stopped'));
  const documents = await documentsOf(stack);
  const actions = actionsIn(documents);
  assert.equal(actions.filter((action) => action === 'agent-started').length, 1);
  assert.equal(actions.filter((action) => action === 'hub-found').length, 2);
  for (const document of documents) {
    assert.equal(at(document, 'labels', 'rack'), '7');
    assert.equal(at(document, 'agent', 'type'), 'tributary');
    assert.equal(at(document, 'agent', 'id'), agentId);
    assert.ok(!Number.isNaN(Date.parse(textAt(document, '@timestamp'))));
  }
  const opened = documents.find((one) => at(one, 'event', 'action') === 'file-opened');
  assert.equal(at(opened, 'log', 'file', 'path'), stack.log('a.log'));
  assert.deepEqual(at(opened, 'event', 'category'), ['file']);
});

test('a full buffer is told while it is full, in room of its own', { skip, timeout: 600_000 }, async () => {
  await using stack = await Stack.make({ agent: { buffer: { max_bytes: '4MiB' } } });
  await stack.agent.start();
  await arrived(stack, 'the agent is known', (documents) => actionsIn(documents).includes('agent-started'));
  await stack.hub.program.stop();
  const random = new Random(3);
  const lines = Array.from({ length: 1_200_000 }, () => `${random.next().toString(36)} ${random.next().toString(36)}\n`);
  writeFileSync(stack.log('app.log'), lines.join(''));
  const isFull = async (): Promise<boolean> => at(await stack.agent.status(), 'buffer', 'state') === 'full';
  await until('the buffer is full', isFull, { deadlineMs: 120_000, detail: () => stack.tail() });
  await until('it is told', () => stack.agent.program.logs.some(({ fields }) => fields['event'] === 'buffer-full'));
  const backMs = Date.now();
  await stack.hub.start();
  await arrived(stack, 'it has room again', (documents) => actionsIn(documents).includes('buffer-has-room'));
  const full = (await documentsOf(stack)).find((one) => at(one, 'event', 'action') === 'buffer-full');
  assert.ok(full !== undefined, 'nothing that was told is lost');
  assert.ok(Date.parse(textAt(full, '@timestamp')) <= backMs);
  assert.ok(numberAt(full, 'tributary', 'unacked_bytes') > 0);
});

test('events that are switched off are not sent', { skip, timeout: 600_000 }, async () => {
  await using stack = await Stack.make({ agent: { events: { enabled: false } }, inputs: () => [{ ...metrics, sets: ['load'] }] });
  await stack.agent.start();
  await arrived(stack, 'metrics are there', (documents) => documents.length > 0);
  assert.deepEqual(actionsIn(await documentsOf(stack)), []);
});

test(
  'the agent that is told a time zone that is not there says so, and tells times in UTC',
  { skip, timeout: 600_000 },
  async () => {
    await using stack = await Stack.make();
    await stack.agent.start({ wrap: ['env', 'TZ=Nowhere/Nothing'] });
    await arrived(stack, 'it is told', (documents) => actionsIn(documents).includes('time-zone-unknown'));
    for (const document of await documentsOf(stack)) {
      const ageMs = Date.now() - Date.parse(textAt(document, '@timestamp'));
      assert.ok(ageMs > -5000 && ageMs < 600_000, textAt(document, '@timestamp'));
    }
  },
);

test(
  'every metric set arrives, and in the steady state no process is started for it',
  { skip: skipTrace, timeout: 600_000 },
  async () => {
    await using stack = await Stack.make({ inputs: () => [metrics] });
    const recording = stack.scratch.file('strace.txt');
    await stack.agent.start({ wrap: straceCommand(recording, ['clone', 'clone3', 'fork', 'vfork', 'execve', 'execveat']) });
    const wanted = setNames.map((name) => `system.${name}`);
    await arrived(stack, 'every set is there', (documents) => wanted.every((dataset) => datasetsIn(documents).has(dataset)));
    const before = (await documentsOf(stack)).length;
    await arrived(stack, 'and again', (documents) => documents.length > before + 3 * wanted.length);
    await stack.agent.program.stop();
    const calls = parseStrace(await readFile(recording, 'utf8'));
    assert.ok(
      calls.some(({ name }) => name === 'execve'),
      'the recording has the start of the agent itself',
    );
    assert.deepEqual(calls.filter(({ name }) => /^(v?fork|execve(at)?)$/.test(name)).slice(1), [], 'no program is started');
    const text = await readFile(recording, 'utf8');
    const clones = text.split('\n').filter((line) => /\bclone3?\(/.test(line));
    assert.ok(clones.length > 0, 'threads are seen');
    for (const clone of clones) assert.match(clone, /CLONE_THREAD/, 'threads only');
  },
);
