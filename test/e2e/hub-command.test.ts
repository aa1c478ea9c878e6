/** What the hub's command line does beside receiving: signals, its output, and starts that cannot succeed. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { HubHost } from '../harness/hub-host.ts';
import { runProgram } from '../harness/program.ts';
import { sourcePrograms as programs } from '../harness/programs.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const options = { timeout: 60_000 };
const configDefault = '/etc/tributary/hub.yaml';

test('SIGHUP does not end a hub, and it says that nothing is read again', options, async () => {
  await using scratch = await Scratch.make();
  await using hub = new HubHost({ programs, scratch });
  const program = await hub.start();
  program.signal('SIGHUP');
  await until('the hub tells', () => program.logs.some(({ level, message }) => level === 'info' && /SIGHUP/.test(message)), {
    detail: () => program.tail(),
  });
  assert.ok((await hub.status()) !== undefined);
  assert.equal((await program.stop()).code, 0);
});

const skip = existsSync(configDefault) ? `this machine has a ${configDefault}` : false;

test('without a configuration file the defaults are good', { ...options, skip }, async () => {
  const result = await runProgram({ name: 'hub', command: programs.hub, args: ['check'] });
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stdout, /^there is no \/etc\/tributary\/hub\.yaml: the defaults are used\nsite default, agents at 127/);
});

test('output that nobody reads ends quietly, output that cannot be written is a failure', options, async () => {
  await using scratch = await Scratch.make();
  await using hub = new HubHost({ programs, scratch });
  await hub.start();
  await hub.program.stop();
  const check = ['check', '--config', hub.configPath];
  const search = ['archive', 'search', '--count', '--data-dir', hub.dataDir];
  for (const args of [check, search, ['--help'], ['--version']]) {
    const full = await runInShell('"$@" >/dev/full', args);
    assert.deepEqual(
      [full.code, full.stderr],
      [1, 'cannot write to the standard output: ENOSPC: no space left on device, write'],
    );
    // The program starts later than its reader has gone.
    const gone = await runInShell('{ sleep 0.1; "$@"; echo "code $?" >&2; } | true', args);
    assert.equal(gone.stderr, 'code 0');
  }
});

async function runInShell(script: string, args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const quiet = args[0] === 'archive' ? ['--no-summary'] : [];
  return await runProgram({ name: 'shell', command: ['sh', '-c', script, 'sh'], args: [...programs.hub, ...args, ...quiet] });
}
