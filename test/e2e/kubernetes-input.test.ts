/**
 * Logs of real containers, in the folders and the format of the kubelet: conmon writes them, and a stand-in of the API tells of their pod.
 * The agent is killed between them. Every line is in the archive once, and the file's own bytes are.
 */
import assert from 'node:assert/strict';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { FakeApiServer } from '@tributary/agent/inputs/kubernetes/testing/fake-api-server.ts';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { archivedStreams } from '../harness/archived-records.ts';
import { parseJson, textAt } from '../harness/json.ts';
import { Podman } from '../harness/podman.ts';
import { isContiguous } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const skip =
  (await requireTool('podman')) ??
  (await requireTool('runc')) ??
  (await requireTool('containers')) ??
  (await requireTool('zstd')) ??
  (await requireTool('python3'));

/** Lines of both streams, one that is longer than conmon's buffer, and no newline at the end. */
const script = [
  'i=0; while [ $i -lt 300 ]; do echo "line $i"; echo "problem $i" >&2; i=$((i+1)); done',
  'printf "%050000d\\n" 7',
  'printf "no newline"',
].join('; ');
const uid = 'f2c9b2c4-9f5a-4b0e-9d3c-2a1b0c9d8e7f';

test('logs of real containers arrive whole, with what is known of their pod', { skip, timeout: 600_000 }, async () => {
  await using podman = await Podman.make();
  await using api = await FakeApiServer.start();
  api.pods = [{ namespace: 'shop', name: 'web-0', uid, owner: { kind: 'StatefulSet', name: 'web' }, labels: { app: 'web' } }];
  await writeFile(`${podman.folder}/token`, api.token);
  const metadata = { url: api.url, token_file: `${podman.folder}/token` };
  await using stack = await Stack.make({
    inputs: (logs) => [{ kind: 'kubernetes', type: 'container', root: logs, idle_flush: '500ms', metadata }],
    agent: { events: { enabled: false } },
  });
  const folder = `${stack.logs}/shop_web-0_${uid}/web`;
  await mkdir(folder, { recursive: true });
  await stack.agent.start();
  await podman.run({ log: `${folder}/0.log`, script });
  await archivedStreams(stack, 'default/container', 100);
  await stack.agent.program.kill();
  await podman.run({ log: `${folder}/1.log`, script });
  await rename(`${folder}/0.log`, `${folder}/0.log.20261121-100000`);
  await stack.agent.start();
  const files = [`${folder}/0.log.20261121-100000`, `${folder}/1.log`];
  const contents = await Promise.all(files.map(async (file) => await readFile(file)));
  for (const content of contents) assert.match(content.toString(), /std(?:out|err) P /, 'conmon split a line');
  // How many records that is depends on how conmon's two streams come to lie between the parts of the long line.
  const bytes = contents.reduce((sum, content) => sum + content.length, 0);
  await until('all of it is archived', async () => (await archivedRawBytes(stack.hub.archive)) >= bytes, {
    detail: () => stack.tail(),
  });
  const streams = await archivedStreams(stack, 'default/container', 1);
  for (const content of contents) {
    const stream = streams.find(({ raw }) => raw.equals(content));
    assert.ok(stream !== undefined && isContiguous(stream), 'a stream holds the file byte for byte');
    const told = parseJson(stream.labels);
    assert.equal(textAt(told, 'kubernetes.statefulset.name'), 'web');
    assert.equal(textAt(told, 'kubernetes.labels.app'), 'web');
  }
});
