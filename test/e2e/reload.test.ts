import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { coverageOf } from '../harness/coverage.ts';
import { readArchive } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));

async function archived(stack: Stack, bytes: number): Promise<void> {
  await until(`${bytes} bytes are archived`, async () => (await archivedRawBytes(stack.hub.archive)) >= bytes, {
    detail: () => stack.tail(),
  });
}

test('SIGHUP brings a new input, a bad file is refused, and no position is lost', { skip }, async () => {
  await using stack = await Stack.make();
  const { agent } = stack;
  const first = { kind: 'file', paths: [`${stack.logs}/*.log`], type: 'app' };
  const second = { kind: 'file', paths: [`${stack.logs}/*.txt`], type: 'notes' };
  writeFileSync(stack.log('a.log'), 'one\n');
  writeFileSync(stack.log('b.txt'), 'uno\n');
  await agent.start();
  await archived(stack, 4);

  await agent.writeConfig([first, second]);
  agent.program.signal('SIGHUP');
  await archived(stack, 8);

  const good = readFileSync(agent.configPath);
  writeFileSync(agent.configPath, 'inputs: [{kind: nothing}]\nhubs: [');
  agent.program.signal('SIGHUP');
  await until(
    'the bad file is refused',
    () => agent.program.logs.some((line) => line.level === 'error' || line.level === 'warn'),
    {
      detail: () => agent.program.tail(),
    },
  );
  appendFileSync(stack.log('a.log'), 'two\n');
  appendFileSync(stack.log('b.txt'), 'due\n');
  await archived(stack, 16);

  writeFileSync(agent.configPath, good);
  await agent.writeConfig([first]);
  agent.program.signal('SIGHUP');
  appendFileSync(stack.log('a.log'), 'three\n');
  await archived(stack, 22);
  assert.equal((await agent.program.stop()).code, 0);

  const streams = await readArchive(stack.hub.archive);
  assert.equal(streams.length, 2, 'each file stayed one stream');
  for (const name of ['a.log', 'b.txt']) {
    const stream = streams.filter(({ source }) => source === stack.log(name));
    assert.deepEqual(coverageOf(readFileSync(stack.log(name)), stream), { missing: 0, doubled: 0, different: 0 });
  }
  assert.equal(streams.find(({ source }) => source === stack.log('b.txt'))?.channel, 'default/notes');
});
