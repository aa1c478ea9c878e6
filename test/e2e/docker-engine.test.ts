/** The real Docker writes, rotates and compresses logs while the agent is killed: all lines are in the archive once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { archivedStreams } from '../harness/archived-records.ts';
import { DockerEngine } from '../harness/docker-engine.ts';
import { parseJson, textAt } from '../harness/json.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const skip =
  (await requireTool('runc')) ?? (await requireTool('docker')) ?? (await requireTool('zstd')) ?? (await requireTool('python3'));

const linesPerContainer = 10_000;
const kills = 3;
/** Every hundredth line is longer than what Docker writes at once. */
const script = (name: string): string =>
  `i=0; while [ $i -lt ${linesPerContainer} ]; do echo "${name} $i."; case $i in *00) printf "%020000d\\n" $i;; esac; i=$((i+1)); done`;

test('real containers lose and double no line', { skip, timeout: 600_000 }, async () => {
  await using docker = await DockerEngine.start();
  await using stack = await Stack.make({
    inputs: () => [{ kind: 'docker', type: 'container', root: docker.root, include: { names: ['shop-*'] } }],
    agent: { events: { enabled: false } },
  });
  const logging = ['--log-opt=max-size=200k', '--log-opt=max-file=50', '--log-opt=compress=true'];
  const options = ['--label=com.docker.compose.project=shop', '--label=com.docker.compose.service=web', ...logging];
  const names = ['shop-web-1', 'shop-web-2'];
  await stack.agent.start();
  const running = Promise.all(names.map(async (name) => await docker.run({ name, options, script: script(name) })));
  for (let kill = 1; kill <= kills; kill += 1) {
    await until('more is archived', async () => (await archivedStreams(stack, 'default/container', kill * 1000)).length > 0);
    await stack.agent.program.kill();
    await stack.agent.start();
  }
  await running;
  const longLines = linesPerContainer / 100 - 1;
  const streams = await archivedStreams(stack, 'default/container', names.length * (linesPerContainer + longLines));
  const logs = streams.flatMap(({ raw }) => raw.toString().trimEnd().split('\n')).map((line) => textAt(parseJson(line), 'log'));
  const short = logs.filter((log) => log.endsWith('.\n'));
  const expected = names.flatMap((name) => Array.from({ length: linesPerContainer }, (_, index) => `${name} ${index}.\n`));
  assert.deepEqual(short.toSorted(), expected.toSorted());
  assert.ok(streams.length > 2 * names.length, 'Docker rotated');
  const labels = parseJson(streams[0]?.labels ?? '{}');
  assert.equal(textAt(labels, 'service.name'), 'web');
  assert.match(textAt(labels, 'container.name'), /^shop-web-\d$/);
});
