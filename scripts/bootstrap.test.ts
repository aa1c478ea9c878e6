/**
 * The bootstrap as a newcomer meets it: in a copy of the tracked files, as processes.
 *
 * To spare the downloads the copy gets the tools of this checkout by hard links, when it has them, and pnpm takes the packages
 * from its store; the copy's own stamp is not taken over, so the first run in it does install. What fails on purpose runs in a copy
 * of only the bootstrap, without tools, with an npm that is a script of the test.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { requireTool } from '../test/harness/require.ts';
import { inRepository, repositoryRoot } from './repository.ts';

const run = promisify(execFile);
const deadlineMs = 60_000;
const skip = (await requireTool('git')) ?? (await requireTool('npm')) ?? false;
const noNetwork = {
  npm_config_registry: 'http://127.0.0.1:9/',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  HTTP_PROXY: 'http://127.0.0.1:9',
};

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tributary bootstrap '));
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('in a copy of the repository, on a path with spaces', { skip }, () => {
  let clone = '';
  before(async () => {
    clone = join(folder, 'the clone');
    await copyTrackedFiles(clone);
    await linkTools(clone);
  });

  test('the first run installs, and leaves the tree clean', async () => {
    const result = await bootstrap(clone, ['exec', 'node', '-p', 'process.version + process.argv[1]', 'a b'], {});
    assert.equal(result.stdout, 'v26.10.0a b\n', result.stderr);
    assert.match(result.stderr, /installing the packages of the workspace by pnpm: done in/);
    assert.equal((await run('git', ['status', '--porcelain'], { cwd: clone })).stdout, '');
    assert.equal(existsSync(join(clone, '.tools', 'lock')), false);
  });

  test('the second run needs neither network nor npm nor pnpm', async () => {
    const fake = await fakeNpm({ exitCode: 1 });
    const result = await bootstrap(clone, ['exec', 'node', '-p', '1'], { env: { ...noNetwork, PATH: fake.path } });
    assert.deepEqual(result, { code: 0, stdout: '1\n', stderr: '' });
    assert.equal(await fake.calls(), '');
  });

  test('a removed folder of packages is noticed, a changed script is not', async () => {
    await rm(join(clone, 'agent', 'node_modules'), { recursive: true });
    const mended = await bootstrap(clone, ['exec', 'node', '-p', '1'], {});
    assert.match(mended.stderr, /installing the packages/);
    assert.ok(existsSync(join(clone, 'agent', 'node_modules')));

    const manifest = join(clone, 'package.json');
    const content = await readFile(manifest, 'utf8');
    await writeFile(manifest, content.replace('"scripts": {', '"scripts": {\n    "more": "true",'));
    assert.equal((await bootstrap(clone, ['exec', 'node', '-p', '1'], {})).stderr, '');
    await writeFile(manifest, content);
  });

  test('a lockfile that does not fit the manifests is an error that says what to do', async () => {
    const manifest = join(clone, 'shared', 'package.json');
    const content = await readFile(manifest, 'utf8');
    await writeFile(manifest, content.replace('{', '{ "devDependencies": { "ws": "catalog:" },'));
    const refused = await bootstrap(clone, ['exec', 'node', '-p', '1'], {});
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /pnpm-lock\.yaml does not fit the package\.json files\.\n {2}What to do: after changing/);
    await writeFile(manifest, content);
  });

  test('two at once: both end well, and a lock of a dead process is in nobody’s way', async () => {
    const dead = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(dead, 'close');
    await rm(join(clone, '.tools', 'installed.json'), { force: true });
    await writeFile(join(clone, '.tools', 'lock'), JSON.stringify({ pid: dead.pid, started: '1', host: hostname() }));
    const results = await Promise.all([1, 2].map(() => bootstrap(clone, ['exec', 'node', '-p', '1'], {})));
    for (const { code, stdout, stderr } of results) assert.deepEqual([code, stdout], [0, '1\n'], stderr);
    assert.deepEqual(
      (await readdir(join(clone, '.tools'))).filter((name) => /lock|partial/.test(name)),
      [],
    );
  });

  test('npm from another folder: paths are relative to where the person stands', async () => {
    const elsewhere = join(folder, 'some where');
    await mkdir(elsewhere);
    const args = ['run', '--silent', '--prefix', clone, 'exec', '--', 'node', '-p', 'process.cwd()'];
    assert.equal((await run('npm', args, { cwd: elsewhere, env: cleanEnv() })).stdout, `${elsewhere}\n`);
  });

  test('npm start --once without -- says what to type', async () => {
    const failure = await run('npm', ['start', '--once', 'a b.log'], { cwd: clone, env: cleanEnv() }).catch(
      (error: unknown) => error,
    );
    assert.ok(failure instanceof Error && 'code' in failure && 'stderr' in failure);
    assert.equal(failure.code, 2);
    assert.match(String(failure.stderr), /npm kept --once for itself.*\n {2}What to do: type {2}npm start -- --once 'a b\.log'/);
  });

  test('exit codes and deaths by a signal pass through', async () => {
    assert.equal((await bootstrap(clone, ['exec', 'node', '-e', 'process.exit(7)'], {})).code, 7);
    assert.equal((await bootstrap(clone, ['exec', 'node', '-e', 'process.kill(process.pid, "SIGKILL")'], {})).code, 137);
    assert.equal((await bootstrap(clone, ['exec', 'no-such-program'], {})).code, 127);
  });

  test('Ctrl-C twice: the command decides when it ends, and its exit code passes', async () => {
    const program = `process.on('SIGINT', () => { if (!globalThis.heard) setTimeout(() => process.exit(5), 300); globalThis.heard = true; });
      setInterval(() => {}, 1000); console.log('ready');`;
    const child = spawn(process.execPath, [join(clone, 'scripts', 'bootstrap.mjs'), 'exec', 'node', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
      env: cleanEnv(),
    });
    assert.ok(child.pid !== undefined);
    await once(child.stdout, 'data');
    // The terminal signals the whole group.
    process.kill(-child.pid, 'SIGINT');
    process.kill(-child.pid, 'SIGINT');
    assert.deepEqual(await once(child, 'close'), [5, null]);
  });
});

describe('before anything is installed', { skip }, () => {
  let bare = '';
  before(async () => {
    bare = join(folder, 'bare');
    await mkdir(join(bare, 'scripts'), { recursive: true });
    await cp(inRepository('scripts/bootstrap.mjs'), join(bare, 'scripts', 'bootstrap.mjs'));
    await cp(inRepository('scripts/bootstrap'), join(bare, 'scripts', 'bootstrap'), { recursive: true });
    for (const name of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']) await cp(inRepository(name), join(bare, name));
  });

  test('an old Node and an unknown system are told apart from our bugs', async () => {
    const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.0' } })`;
    const onOldNode = await bootstrap(bare, ['start'], { preload: old });
    assert.equal(onOldNode.code, 1);
    assert.match(onOldNode.stderr, /needs Node 20 or newer .* this is Node 18\.20\.0\.\n {2}What to do: install a newer Node/);

    const foreign = `Object.defineProperty(process, 'platform', { value: 'sunos' })`;
    const onForeign = await bootstrap(bare, ['start'], { preload: foreign });
    assert.equal(onForeign.code, 1);
    assert.match(
      onForeign.stderr,
      /no ready Node 26\.10\.0 and pnpm 12\.21\.0 for this system \(sunos-.*\n {2}What to do: use one of linux-x64/,
    );
  });

  test('an unknown command and a missing npm are one sentence', async () => {
    const unknown = await bootstrap(bare, ['strat'], {});
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /^tributary: there is no command "strat"\.\n {2}What to do: the commands are start,/);
    const empty = join(folder, 'empty');
    await mkdir(empty);
    const missing = await bootstrap(bare, ['start'], { env: { PATH: empty } });
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /npm is not on the path\./);
  });

  test('what npm says of network, disk and checksum becomes what to do', async () => {
    const cases = [
      {
        stderr: 'npm error code ENOTFOUND',
        exitCode: 1,
        expected: /registry cannot be reached\.\n {2}What to do: the first run needs the/,
      },
      {
        stderr: 'npm warn tar TAR_ENTRY_ERROR ENOSPC: no space left',
        exitCode: 0,
        expected: /the disk is full\.\n {2}What to do: free/,
      },
      { stderr: 'npm error code EINTEGRITY', exitCode: 1, expected: /not the one its checksum names/ },
      { stderr: 'npm error code ETARGET', exitCode: 1, expected: /registry does not have/ },
      {
        stderr: 'something new',
        exitCode: 3,
        expected: /\| something new\n.*ended with exit code 3[^]*failed\.\n {2}What to do: read the lines/,
      },
      { stderr: '', exitCode: 0, expected: /ended well, but .*node does not run/ },
    ];
    for (const { stderr, exitCode, expected } of cases) {
      const fake = await fakeNpm({ stderr, exitCode });
      const result = await bootstrap(bare, ['start'], { env: { PATH: fake.path } });
      assert.equal(result.code, 1);
      assert.match(result.stderr, expected);
      assert.match(await fake.calls(), /^ci --ignore-scripts /);
      assert.deepEqual(await readdir(join(bare, '.tools')), []);
    }
  });

  test('Ctrl-C while something is brought: nothing half-made stays', async () => {
    const fake = await fakeNpm({ exitCode: 0, sleepSeconds: 60 });
    const child = spawn(process.execPath, [join(bare, 'scripts', 'bootstrap.mjs'), 'start'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...cleanEnv(), PATH: fake.path },
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    await fake.called();
    child.kill('SIGINT');
    child.kill('SIGINT');
    assert.deepEqual(await once(child, 'close'), [130, null]);
    assert.match(stderr, /stopped before all was installed; the next run goes on from there\./);
    assert.deepEqual(await readdir(join(bare, '.tools')), []);
  });
});

interface BootstrapOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** A module's text that runs before the bootstrap. */
  readonly preload?: string;
}

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function bootstrap(root: string, args: readonly string[], { env = {}, preload }: BootstrapOptions): Promise<Outcome> {
  const imports = preload === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
  const options = { env: { ...cleanEnv(), ...env }, timeout: deadlineMs };
  try {
    const result = await run(process.execPath, [...imports, join(root, 'scripts', 'bootstrap.mjs'), ...args], options);
    return { code: 0, ...result };
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && 'stdout' in error && 'stderr' in error);
    return { code: Number(error.code), stdout: String(error.stdout), stderr: String(error.stderr) };
  }
}

/** The tests may themselves run under npm, whose variables would be taken for those of the command under test. */
function cleanEnv(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/^npm_|^INIT_CWD$|^NODE_/.test(name));
  return Object.fromEntries(entries);
}

async function copyTrackedFiles(to: string): Promise<void> {
  const { stdout } = await run('git', ['ls-files', '-z'], { cwd: repositoryRoot, maxBuffer: 10_000_000 });
  const files = stdout.split('\0').filter((file) => file !== '' && existsSync(inRepository(file)));
  for (const file of files) {
    await mkdir(dirname(join(to, file)), { recursive: true });
    await cp(inRepository(file), join(to, file));
  }
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', '-c', 'commit.gpgsign=false'];
  await run('git', ['init', '-q'], { cwd: to });
  await run('git', ['add', '-A'], { cwd: to });
  await run('git', [...identity, 'commit', '-q', '--no-verify', '-m', 'Copy'], { cwd: to });
}

async function linkTools(to: string): Promise<void> {
  const tools = inRepository('.tools');
  if (!existsSync(tools)) return;
  await mkdir(join(to, '.tools'));
  for (const name of (await readdir(tools)).filter((entry) => /^[0-9a-f]{16}$/.test(entry))) {
    const [from, place] = [join(tools, name), join(to, '.tools', name)];
    // Hard links do not reach over file systems.
    await run('cp', ['-al', from, place]).catch(() => run('cp', ['-a', from, place]));
  }
}

interface FakeNpm {
  /** A PATH with this npm, and with what a shell script needs. */
  readonly path: string;
  calls(): Promise<string>;
  called(): Promise<void>;
}

/** An npm that notes its arguments, says something and ends. */
async function fakeNpm(behaviour: { exitCode: number; stderr?: string; sleepSeconds?: number }): Promise<FakeNpm> {
  const bin = await mkdtemp(join(folder, 'bin '));
  const log = join(bin, 'calls');
  const sleep = behaviour.sleepSeconds === undefined ? '' : `exec sleep ${behaviour.sleepSeconds}`;
  await writeFile(log, '');
  const script = `#!/bin/sh\necho "$@" >>"${log}"\necho "${behaviour.stderr ?? ''}" >&2\n${sleep}\nexit ${behaviour.exitCode}\n`;
  await writeFile(join(bin, 'npm'), script);
  await chmod(join(bin, 'npm'), 0o755);
  const calls = (): Promise<string> => readFile(log, 'utf8');
  const called = async (): Promise<void> => {
    const giveUpMs = performance.now() + deadlineMs;
    while ((await calls()) === '') {
      assert.ok(performance.now() < giveUpMs, 'npm was never called');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { path: [bin, '/usr/bin', '/bin'].join(delimiter), calls, called };
}
