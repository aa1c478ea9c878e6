/** Logs as Docker writes them, rotated and compressed as it does, while the agent is killed: all lines are in the archive once. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { loadConfig } from '@tributary/agent/config/load-config.ts';
import { readYamlTree } from '@tributary/shared/options/yaml-tree.ts';
import { archivedStreams } from '../harness/archived-records.ts';
import { docsSnippet } from '../harness/docs-snippet.ts';
import { isObject, listAt, parseJson, textAt } from '../harness/json.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));

const page = 'docs/operating/containers.md';

function documentedInputs(): readonly Record<string, unknown>[] {
  const text = docsSnippet(page, 'docker', {});
  return listAt(readYamlTree(page, text, { env: {}, folder: '/' }).data, 'inputs').map((input) => ({
    ...(isObject(input) ? input : {}),
  }));
}

function jsonLine(log: string): string {
  return `{"log":${JSON.stringify(log)},"stream":"stdout","time":"2026-11-21T10:00:00.123456789Z"}\n`;
}

test('what the pages tell to write is accepted', async () => {
  const hubs = "hubs: ['wss://hub.example.org:7701']\n";
  const kubernetes = `${hubs}${docsSnippet(page, 'kubernetes', {})}`;
  const journal = `${hubs}${docsSnippet('docs/operating/journald.md', 'journald', {})}`;
  for (const text of [docsSnippet(page, 'docker', {}), kubernetes, journal]) {
    const { inputs } = await loadConfig({ file: 'agent.yaml', text, env: { NODE_NAME: 'node-1' } });
    assert.equal(inputs.length, 1);
  }
});

test('no line of a container is lost or doubled by rotation and kills', { skip, timeout: 600_000 }, async () => {
  await using stack = await Stack.make({
    // What the page on containers tells to write, on this folder.
    inputs: (logs) => documentedInputs().map((input) => ({ ...input, root: logs })),
    agent: { events: { enabled: false } },
  });
  const id = randomBytes(32).toString('hex');
  const folder = `${stack.logs}/containers/${id}`;
  const log = `${folder}/${id}-json.log`;
  await mkdir(folder, { recursive: true });
  const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web', 'tributary.type': 'web' };
  const config = { ID: id, Name: '/shop-web-1', Config: { Image: 'shop/web:1', Labels: labels } };
  await writeFile(`${folder}/config.v2.json`, JSON.stringify(config));
  const records: string[] = [];
  const write = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      const parts = [`record ${records.length} `, ...(index % 10 === 0 ? ['x'.repeat(16_384)] : []), 'end\n'];
      const record = parts.map(jsonLine).join('');
      records.push(record);
      await appendFile(log, jsonLine('GET /health 200\n') + record);
    }
  };
  for (let round = 0; round < 4; round += 1) {
    await write(30);
    await stack.agent.start();
    await write(30);
    await until('something of it is archived', async () => (await archivedStreams(stack, 'default/web', 1)).length > 0);
    await rotate(log);
    await write(30);
    await stack.agent.program.kill();
    await rotate(log);
  }
  await write(10);
  await stack.agent.start();
  const streams = await archivedStreams(stack, 'default/web', records.length);
  const raw = Buffer.concat(streams.map((stream) => stream.raw)).toString();
  assert.deepEqual(raw.split('\n').toSorted(), records.join('').split('\n').toSorted());
  for (const stream of streams) {
    const told = parseJson(stream.labels);
    assert.equal(textAt(told, 'container.name'), 'shop-web-1');
    assert.equal(textAt(told, 'service.name'), 'web');
    assert.equal(textAt(told, 'orchestrator.namespace'), 'shop');
  }
});

/** `max-file` and `compress`: what was rotated last time is compressed by now. */
async function rotate(log: string): Promise<void> {
  for (let number = 8; number >= 2; number -= 1) {
    await rename(`${log}.${number}.gz`, `${log}.${number + 1}.gz`).catch(() => undefined);
  }
  const last = await readFile(`${log}.1`).catch(() => undefined);
  if (last !== undefined) {
    await writeFile(`${log}.2.gz`, gzipSync(last));
    await rm(`${log}.1`);
  }
  await rename(log, `${log}.1`);
  await writeFile(log, '');
}
