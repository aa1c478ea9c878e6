/** What the hub's command line does beside receiving: signals, its output, and starts that cannot succeed. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { HubHost } from '../harness/hub-host.ts';
import { runProgram } from '../harness/program.ts';
import { testPrograms as programs } from '../harness/programs.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';

const options = { timeout: 600_000 };
const configDefault = '/etc/tributary/hub.yaml';

test('SIGHUP does not end a hub, and it says that its configuration was read again', options, async () => {
  await using scratch = await Scratch.make();
  await using hub = new HubHost({ programs, scratch });
  const program = await hub.start();
  program.signal('SIGHUP');
  await until(
    'the hub tells',
    () => program.logs.some(({ level, message }) => level === 'info' && /the configuration was read again/.test(message)),
    {
      detail: () => program.tail(),
    },
  );
  assert.ok((await hub.status()) !== undefined);
  assert.equal((await program.stop()).code, 0);
});

test('status --ready tells whether the listeners take data, also when the hub is silent', options, async () => {
  await using scratch = await Scratch.make();
  await using hub = new HubHost({ programs, scratch, config: { listeners: { http: { address: '127.0.0.1:0' } } } });
  const program = await hub.start();
  const ask = async (): Promise<string> => {
    const { code, stdout, stderr } = await hub.run('status', '--ready', '--config', hub.configPath);
    return `${code} ${stdout}${stderr}`;
  };
  const url = `http://127.0.0.1:${await hub.portOf('http')}/ready`;
  await until('it is ready', async () => (await ask()) === '0 ready\n');
  const answer = await fetch(url, { headers: { connection: 'close' } });
  assert.deepEqual([answer.status, await answer.json()], [200, { ready: true }]);
  program.signal('SIGSTOP');
  assert.equal(await ask(), '3 not ready: the hub did not answer within 0.6 s\n');
  program.signal('SIGCONT');
  assert.equal(await ask(), '0 ready\n');
  await program.stop();
  assert.match(await ask(), /^1 not ready: no tributary-hub answers at /);
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

test('a search that can find nothing because of a mistake is a mistake', options, async () => {
  await using scratch = await Scratch.make();
  await using hub = new HubHost({ programs, scratch });
  await hub.start();
  await hub.program.stop();
  const cases: readonly (readonly [args: readonly string[], expected: RegExp])[] = [
    [['--type', 'NO PE'], /--type: "NO PE" cannot be one; names are/],
    [['--tenant', 'x y'], /--tenant: "x y" cannot be one/],
    [['--host', ''], /--host: name a machine/],
    [['--since', '2h', '--until', '3h'], /--since 2h is not before --until 3h/],
    [['--since', '2026-11-21', '--until', '2026-11-21'], /nothing lies between/],
    [['--', '-1', '--count'], /too many arguments.*\n.*stands last, after --/],
    [['-error'], /unknown option.*\n.*stands last, after --/],
  ];
  for (const [args, expected] of cases) {
    const result = await hub.search(...args);
    assert.equal(result.code, 2, args.join(' '));
    assert.match(result.stderr, expected);
  }
  for (const args of [
    ['--count', '--', '-1'],
    ['--count', '--', '--count'],
    ['--count', '--since', '3h', '--until', '2h', '--', '-error'],
  ]) {
    const result = await hub.search(...args);
    assert.deepEqual([result.code, result.stdout], [0, '0\n'], result.stderr);
  }
  assert.match((await hub.search('--help')).stdout, /UTF-8.*max_line_bytes/s);
});

test('a folder that cannot be had ends the start with one sentence', options, async () => {
  await using scratch = await Scratch.make();
  const file = scratch.file('a file');
  writeFileSync(file, '');
  for (const [config, expected] of [
    [{ data_dir: '/proc/x' }, /data_dir \/proc\/x cannot be used \(no folder can be made in \/proc\)/],
    [{ data_dir: '/proc' }, /^tributary-hub: .*\/proc/],
    [{ data_dir: file }, /data_dir .*a file cannot be used \(.*a file is not a folder\)/],
    [{ run_dir: '/proc/x' }, /run_dir \/proc\/x cannot be used/],
  ] as const) {
    await using hub = new HubHost({ programs, scratch, config });
    await hub.writeConfig();
    const result = await hub.run('run', '--config', hub.configPath);
    assert.equal(result.code, 1);
    assert.match(result.stderr, expected);
    assert.equal(result.stderr.split('\n').length, 1, result.stderr);
  }
});

test('a search of a damaged index names its file', options, async () => {
  await using scratch = await Scratch.make();
  await using hub = new HubHost({ programs, scratch });
  await hub.start();
  await hub.program.stop();
  writeFileSync(`${hub.dataDir}/hub.db`, 'no database. '.repeat(10_000));
  const result = await hub.search('x');
  assert.equal(result.code, 1);
  assert.match(result.stderr, /hub\.db is damaged \(file is not a database\): restore/);
});

async function runInShell(script: string, args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const quiet = args[0] === 'archive' ? ['--no-summary'] : [];
  return await runProgram({ name: 'shell', command: ['sh', '-c', script, 'sh'], args: [...programs.hub, ...args, ...quiet] });
}
