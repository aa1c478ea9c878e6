import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { archivedRawBytes } from '../harness/archive-objects.ts';
import { AgentHost } from '../harness/agent-host.ts';
import { HubHost } from '../harness/hub-host.ts';
import { runProgram } from '../harness/program.ts';
import { testPrograms } from '../harness/programs.ts';
import { Scratch } from '../harness/scratch.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const programs = testPrograms;

test('an unknown key ends both programs at once, with its place and what was meant', async () => {
  await using scratch = await Scratch.make();
  await using agent = new AgentHost({ programs, scratch, hubs: () => ['ws://127.0.0.1:1'], config: { tennant: 'x' } });
  await using hub = new HubHost({ programs, scratch, config: { listners: {} } });
  await agent.writeConfig();
  await hub.writeConfig();
  for (const [host, wrong, meant] of [
    [agent, 'tennant', 'tenant'],
    [hub, 'listners', 'listeners'],
  ] as const) {
    for (const command of ['check', 'run']) {
      const result = await host.run(command, '--config', host.configPath);
      assert.equal(result.code, 2, `${command}: ${result.stderr}`);
      assert.match(result.stderr, new RegExp(`${host.configPath}:\\d+:\\d+`));
      assert.ok(result.stderr.includes(wrong) && result.stderr.includes(meant), result.stderr);
    }
  }
});

test('a hub address that is none is a config error', async () => {
  await using scratch = await Scratch.make();
  await using agent = new AgentHost({ programs, scratch, hubs: () => ['not an address'] });
  await agent.writeConfig();
  const result = await agent.run('check', '--config', agent.configPath);
  assert.equal(result.code, 2);
  assert.match(result.stderr, /hubs\[0\]: must be an address such as wss:/);
  writeFileSync(agent.configPath, 'hubs: [ws://hub.example.com:1]\nproxy: none\n');
  const proxied = await agent.run('check', '--config', agent.configPath);
  assert.equal(proxied.code, 2);
  assert.match(proxied.stderr, /proxy: must be an address such as/);
});

test('a config file that is not there is named', async () => {
  await using scratch = await Scratch.make();
  const missing = scratch.file('nowhere.yaml');
  for (const [command, ...first] of [programs.agent, programs.hub]) {
    const result = await runProgram({ name: 'program', command: [command, ...first], args: ['run', '--config', missing] });
    assert.equal(result.code, 2);
    assert.ok(result.stderr.includes(missing), result.stderr);
  }
});

test('shipping a file that is not there names it and fails', async () => {
  await using stack = await Stack.make();
  const shipped = await stack.ship('--until', 'acked', stack.log('nowhere.log'));
  assert.notEqual(shipped.code, 0);
  assert.ok(shipped.stderr.includes(stack.log('nowhere.log')), shipped.stderr);
});

test('what cannot be read is told, and the other files go on', async () => {
  await using stack = await Stack.make();
  symlinkSync(stack.log('loop.log'), stack.log('loop.log'));
  mkdirSync(stack.log('folder.log'));
  writeFileSync(stack.log('good.log'), 'a line\n');
  await stack.agent.start();
  await until('the good file is archived', async () => (await archivedRawBytes(stack.hub.archive)) === 7, {
    detail: () => stack.tail(),
  });
  writeFileSync(stack.log('later.log'), 'another line\n');
  await until('a later file too', async () => (await archivedRawBytes(stack.hub.archive)) === 20, { detail: () => stack.tail() });
  assert.equal((await stack.agent.program.stop()).code, 0);
});

test('a folder that comes later is watched', async () => {
  await using stack = await Stack.make({
    inputs: (logs) => [{ kind: 'file', paths: [`${logs}/later/deep/*.log`], type: 'app' }],
  });
  await stack.agent.start();
  await until('the agent is up', async () => await stack.agent.status(), { detail: () => stack.tail() });
  mkdirSync(stack.log('later/deep'), { recursive: true });
  writeFileSync(stack.log('later/deep/app.log'), 'a line\n');
  await until('its file is archived', async () => (await archivedRawBytes(stack.hub.archive)) === 7, {
    detail: () => stack.tail(),
  });
});
