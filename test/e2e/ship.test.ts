/** What `ship` does with files that are renamed, linked, written or cut between and during its runs. */
import assert from 'node:assert/strict';
import { existsSync, linkSync, renameSync, writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { type ArchivedStream, isContiguous, readArchive } from '../harness/read-archive.ts';
import { AgentHost } from '../harness/agent-host.ts';
import { sourcePrograms } from '../harness/programs.ts';
import { Scratch } from '../harness/scratch.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';

const skip = (await requireTool('zstd')) ?? (await requireTool('python3'));

async function ship(stack: Stack, ...args: readonly string[]): Promise<string> {
  const shipped = await stack.ship('--until', 'archived', ...args);
  assert.equal(shipped.code, 0, shipped.stderr);
  return shipped.stdout;
}

async function archived(stack: Stack): Promise<readonly ArchivedStream[]> {
  const streams = await readArchive(stack.hub.archive);
  for (const stream of streams) assert.ok(isContiguous(stream), `${stream.source} is whole`);
  return streams;
}

suite('a file that has another name adds nothing', { skip }, () => {
  test('when it was renamed; what was added since goes on in its stream', async () => {
    await using stack = await Stack.make();
    writeFileSync(stack.log('a.log'), 'one\ntwo\n');
    await ship(stack, stack.log('a.log'));
    renameSync(stack.log('a.log'), stack.log('a.old'));
    assert.match(await ship(stack, stack.log('a.old')), /lines 0 /);
    writeFileSync(stack.log('a.old'), 'three\n', { flag: 'a' });
    writeFileSync(stack.log('a.log'), 'new\n');
    await ship(stack, stack.log('a.log'), stack.log('a.old'));
    const texts = (await archived(stack)).map((stream) => stream.raw.toString());
    assert.deepEqual(texts.toSorted(), ['new\n', 'one\ntwo\nthree\n']);
  });

  test('when it is a hard link; another type is another stream', async () => {
    await using stack = await Stack.make();
    writeFileSync(stack.log('a.log'), 'one\ntwo\n');
    linkSync(stack.log('a.log'), stack.log('b.log'));
    await ship(stack, stack.log('a.log'));
    assert.match(await ship(stack, stack.log('b.log')), /lines 0 /);
    assert.match(await ship(stack, '--type', 'other', stack.log('a.log')), /lines 2 /);
    assert.match(await ship(stack, '--type', 'other', stack.log('b.log')), /lines 0 /);
    assert.match(await ship(stack, stack.log('b.log')), /lines 0 /);
    assert.equal((await archived(stack)).length, 2);
  });
});

test('flags that break the rules of their options are a usage error, and nothing is written', async () => {
  await using scratch = await Scratch.make();
  await using agent = new AgentHost({ programs: sourcePrograms, scratch, hubs: () => ['ws://127.0.0.1:1'] });
  await agent.writeConfig();
  const file = scratch.file('a.log');
  writeFileSync(file, 'one\n');
  for (const [flag, value, meant] of [
    ['--type', 'Bad-Type', 'did you mean bad_type?'],
    ['--type', '', '1 to 50'],
    ['--hub', 'nowhere', 'ws://'],
  ] as const) {
    const shipped = await agent.run('ship', '--config', agent.configPath, flag, value, file);
    assert.equal(shipped.code, 2);
    assert.ok(shipped.stderr.includes(flag) && shipped.stderr.includes(meant), shipped.stderr);
  }
  assert.equal(existsSync(agent.dataDir), false);
});
