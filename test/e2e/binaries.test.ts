import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeBareRoot } from '../../packaging/build/bare-root.ts';
import { at } from '../harness/json.ts';
import { Program, runProgram } from '../harness/program.ts';
import { builtPrograms } from '../harness/programs.ts';
import { readArchive } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { getOverUnixSocket } from '../harness/unix-status.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('chroot')) ?? (await requireTool('zstd')) ?? (await requireTool('python3'));

test('the executables do the main job where there is no Node and no repository', { skip, timeout: 300_000 }, async () => {
  const built = builtPrograms();
  await using scratch = await Scratch.make();
  const root = makeBareRoot({ folder: scratch.file('root'), programs: [built.agent[0], built.hub[0]] });
  const inRoot = (path: string): string => `${root.folder}${path}`;
  assert.ok(!existsSync(inRoot('/usr/bin/node')) && !existsSync(inRoot('/package.json')));
  mkdirSync(inRoot('/logs'));
  const lines = Array.from({ length: 20_000 }, (_, line) => `line ${line} of a log that is shipped by executables\n`);
  writeFileSync(inRoot('/logs/app.log'), lines.join(''));
  const hubConfig = { data_dir: '/var/lib/hub', run_dir: '/run/hub', listeners: { agents: { address: '127.0.0.1:0' } } };
  writeFileSync(inRoot('/etc/hub.yaml'), JSON.stringify(hubConfig));

  const command = (name: string, ...args: string[]) => {
    const { command: first, args: rest } = root.command(name, args);
    return { name, command: [first] as const, args: rest };
  };
  await using hub = new Program(command('tributary-hub', 'run', '--config', '/etc/hub.yaml'));
  const address = await until(
    'the hub listens',
    async () => {
      if (!hub.running) throw new Error(hub.tail());
      const status = await getOverUnixSocket(inRoot('/run/hub/hub.sock'), '/status');
      const found = at(status, 'listeners', 0, 'address') ?? at(status, 'listeners', 'agents', 'address');
      return typeof found === 'string' ? found : undefined;
    },
    { detail: () => hub.tail() },
  );
  const agentConfig = { data_dir: '/var/lib/agent', run_dir: '/run/agent', hubs: [`ws://${address}`] };
  writeFileSync(inRoot('/etc/agent.yaml'), JSON.stringify(agentConfig));
  const shipped = await runProgram(
    command('tributary-agent', 'ship', '--config', '/etc/agent.yaml', '--until', 'archived', '/logs/app.log'),
  );
  assert.equal(shipped.code, 0, shipped.stderr);
  const found = await runProgram(
    command('tributary-hub', 'archive', 'search', '--config', '/etc/hub.yaml', '--count', 'shipped by'),
  );
  assert.equal(found.code, 0, found.stderr);
  assert.match(found.stdout, /^20000\b/m);
  assert.equal((await hub.stop()).code, 0);
  const [stream] = await readArchive(inRoot('/var/lib/hub/archive'));
  assert.equal(stream?.raw.toString(), lines.join(''));
});
