/** What `ship` does with files that are renamed, linked, written or cut between and during its runs. */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { suite, test } from 'node:test';
import { type ArchivedStream, isContiguous, readArchive } from '../harness/read-archive.ts';
import { AgentHost } from '../harness/agent-host.ts';
import { testPrograms } from '../harness/programs.ts';
import { Scratch } from '../harness/scratch.ts';
import { requireTool } from '../harness/require.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

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
  await using agent = new AgentHost({ programs: testPrograms, scratch, hubs: () => ['ws://127.0.0.1:1'] });
  await agent.writeConfig();
  const file = scratch.file('a.log');
  writeFileSync(file, 'one\n');
  for (const [flag, value, meant] of [
    ['--type', 'Bad-Type', 'did you mean bad_type?'],
    ['--type', '', '1 to 50'],
    ['--hub', 'nowhere', 'wss://'],
  ] as const) {
    const shipped = await agent.run('ship', '--config', agent.configPath, flag, value, file);
    assert.equal(shipped.code, 2);
    assert.ok(shipped.stderr.includes(flag) && shipped.stderr.includes(meant), shipped.stderr);
  }
  assert.equal(existsSync(agent.dataDir), false);
});

/** Writes a file in pieces of 700 bytes, most of which end within a line, until it is disposed of. */
function writeSteadily(path: string): Disposable {
  let written = '';
  let at = 0;
  const write = (): void => {
    while (written.length < at + 700) written += `line ${written.length} ${'x'.repeat(30)}\n`;
    appendFileSync(path, written.slice(at, at + 700));
    at += 700;
  };
  write();
  const timer = setInterval(write, 20);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      appendFileSync(path, written.slice(at));
    },
  };
}

suite('a file that is being written', { skip }, () => {
  test('is shipped up to where it was, in whole lines, and goes on the next time', async () => {
    await using stack = await Stack.make();
    const path = stack.log('busy.log');
    {
      using _ = writeSteadily(path);
      for (let run = 0; run < 3; run += 1) await ship(stack, path);
    }
    const written = readFileSync(path, 'utf8');
    await ship(stack, path);
    const streams = await archived(stack);
    assert.equal(streams.length, 1);
    assert.equal(streams[0]?.raw.toString(), written);
    assert.equal(streams[0]?.rows, written.split('\n').length - 1, 'no line is cut');
  });

  test('with a pause within a line: the line stays whole', async () => {
    await using stack = await Stack.make();
    const path = stack.log('slow.log');
    writeFileSync(path, 'one\ntw');
    const timer = setTimeout(() => appendFileSync(path, 'o\nthree'), 400);
    await ship(stack, path);
    clearTimeout(timer);
    const [stream] = await archived(stack);
    assert.equal(stream?.raw.toString().slice(0, 8), 'one\ntwo\n');
    await ship(stack, path);
    appendFileSync(path, ' and more\n');
    await ship(stack, path);
    const [whole] = await archived(stack);
    assert.equal(whole?.raw.toString(), 'one\ntwo\nthree and more\n');
    assert.equal(whole.rows, 4, 'what came after the end was taken for the end is a record of its own');
  });
});

suite('a file that was cut is a new stream, and what was shipped of it stays', { skip }, () => {
  test('truncated and written anew', async () => {
    await using stack = await Stack.make();
    const path = stack.log('a.log');
    writeFileSync(path, 'one\ntwo\nthree\n');
    await ship(stack, path);
    truncateSync(path);
    await ship(stack, path);
    appendFileSync(path, 'anew\n');
    await ship(stack, path);
    assert.match(await ship(stack, path), /lines 0 /);
    const texts = (await archived(stack)).map((stream) => stream.raw.toString());
    assert.deepEqual(texts.toSorted(), ['anew\n', 'one\ntwo\nthree\n']);
  });

  test('copied and truncated: the copy is another file', async () => {
    await using stack = await Stack.make();
    const path = stack.log('a.log');
    writeFileSync(path, 'one\ntwo\n');
    await ship(stack, path);
    copyFileSync(path, stack.log('a.log.1'));
    truncateSync(path);
    appendFileSync(path, 'three\nfour\nand five, longer than it was\n');
    await ship(stack, path);
    const texts = (await archived(stack)).map((stream) => stream.raw.toString());
    assert.deepEqual(texts.toSorted(), ['one\ntwo\n', 'three\nfour\nand five, longer than it was\n']);
  });
});

test('two agents never share a data folder: the second one says so and fails', async () => {
  await using stack = await Stack.make();
  writeFileSync(stack.log('a.log'), 'one\n');
  await stack.agent.start();
  await until('the agent is up', async () => await stack.agent.status(), { detail: () => stack.tail() });
  const second = await stack.agent.run('run', '--config', stack.agent.configPath);
  assert.equal(second.code, 1);
  assert.ok(second.stderr.includes(`another tributary-agent is using ${stack.agent.dataDir}`), second.stderr);
  const shipped = await stack.ship(stack.log('a.log'));
  assert.equal(shipped.code, 0, `ship has a folder of its own: ${shipped.stderr}`);
  assert.ok(stack.agent.running, 'the first one goes on');
});

test('a hub that has lost what was acked too long ago is no success', { skip }, async () => {
  await using stack = await Stack.make({ agent: { buffer: { replay_window: '0s' } } });
  writeFileSync(stack.log('a.log'), 'one\ntwo\n');
  await ship(stack, stack.log('a.log'));
  // A run of its own, so that what was acked is past its window and gone.
  await ship(stack, stack.log('a.log'));
  await stack.hub.program.stop();
  rmSync(stack.hub.dataDir, { recursive: true });
  await stack.hub.start();
  for (let run = 0; run < 2; run += 1) {
    const shipped = await stack.ship('--until', 'archived', stack.log('a.log'));
    assert.equal(shipped.code, 1, shipped.stdout);
    assert.match(shipped.stderr, /a\.log: 8 bytes of it .* another --data-dir/);
  }
});
