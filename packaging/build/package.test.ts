import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { bareRootObstacle, makeBareRoot } from './bare-root.ts';
import { bundleProduct } from './bundle-product.ts';
import { inspectExecutable } from './executable.ts';
import { nodeBinary, ownTarget, type Target } from './node-binary.ts';
import { packageProducts, type PackagedProduct } from './package-products.ts';
import type { Product } from './products.ts';

/**
 * The machinery, shown on a product of one program and one thread that uses what ours use: a CommonJS library, commander, a worker
 * from an asset, SQLite in it, flags of Node, signals and exit codes. The two real products are shown in test/e2e.
 */
const repository = join(import.meta.dirname, '../..');
const run = promisify(execFile);

const mainSource = `
import { Command } from 'commander';
import { parse } from 'yaml';
import { startWorker } from '@tributary/shared/async/worker-entry.ts';
import { productVersion } from '@tributary/shared/build-info.ts';
import { fallocate } from '@tributary/shared/ffi/file-space.ts';
import { counterWorker } from './workers.ts';

const program = new Command('little').version(productVersion());
program.command('say <words...>').option('--json').action((words: string[], options: object) => {
  console.log(JSON.stringify({ words, options, flags: process.execArgv, library: typeof parse }));
});
program.command('count').action(async () => {
  const worker = startWorker(counterWorker, { workerData: 41 });
  worker.on('message', (value) => console.log('counted', value));
});
program.command('allocate').action(() => {
  try {
    fallocate(-1, 0, { offset: 0, length: 1 });
  } catch (error) {
    console.log(error.message);
  }
});
program.command('modules').option('--network').action(async (options: { network?: boolean }) => {
  if (options.network) (await import('./network.ts')).connect();
  const loaded = (name: string): boolean => process.moduleLoadList.includes('NativeModule ' + name);
  console.log(JSON.stringify({ http2: loaded('http2'), fetch: loaded('internal/deps/undici/undici') }));
});
program.command('fail').action(() => { process.exitCode = 3; });
program.command('throw').action(() => { throw new Error('on purpose'); });
program.command('wait').action(() => {
  const timer = setInterval(() => {}, 1000);
  process.on('SIGTERM', () => { clearInterval(timer); console.log('stopped'); });
  console.log('waiting');
});
await program.parseAsync();
`;

const workerSource = `
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '@tributary/shared/assert.ts';

const database = new DatabaseSync(':memory:');
assert(typeof workerData === 'number', 'a number is counted');
parentPort?.postMessage(database.prepare('SELECT ? + 1 AS n').get(workerData)?.['n']);
`;

const networkSource = `
import { STATUS_CODES } from 'node:http';
import { constants } from 'node:http2';
export function connect(): void {
  if (STATUS_CODES[200] !== 'OK' || constants.HTTP2_HEADER_STATUS !== ':status') throw new Error('they are not what they are');
}
`;

const workersSource = `
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';
export const counterWorker: WorkerEntry = { asset: 'little-counter.js', url: new URL('./counter.ts', import.meta.url) };
`;

/** Beside the agent, so that its packages are found; removed at the end. */
const sourceFolder = mkdtempSync(join(repository, 'agent/node_modules/.little-'));
const cacheFolder = join(repository, '.tools');
const outFolder = mkdtempSync(join(tmpdir(), 'package-'));

function littleProduct(): Product {
  return {
    name: 'little',
    version: '1.2.3',
    main: join(sourceFolder, 'main.ts'),
    workers: [{ asset: 'little-counter.js', url: pathToFileURL(join(sourceFolder, 'counter.ts')) }],
    nodeFlags: ['--max-semi-space-size=4'],
  };
}

async function packageLittle(target: Target = ownTarget()): Promise<PackagedProduct> {
  const options = { products: [littleProduct()], target, outFolder, cacheFolder };
  const [packaged] = await packageProducts(options);
  assert.ok(packaged !== undefined);
  return packaged;
}

suite('an executable', () => {
  let path = '';

  before(async () => {
    writeFileSync(join(sourceFolder, 'main.ts'), mainSource);
    writeFileSync(join(sourceFolder, 'counter.ts'), workerSource);
    writeFileSync(join(sourceFolder, 'network.ts'), networkSource);
    writeFileSync(join(sourceFolder, 'workers.ts'), workersSource);
    const packaged = await packageLittle();
    assert.equal(packaged.isNew, true);
    path = packaged.path;
  });

  after(() => {
    rmSync(sourceFolder, { recursive: true });
    rmSync(outFolder, { recursive: true });
  });

  const start = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
    run(path, args, { cwd: outFolder, env: { NODE_OPTIONS: '--no-such-flag' } });

  test('reads its arguments, not those of Node', async () => {
    const { stdout, stderr } = await start('say', '--json', 'a', 'b c');
    assert.deepEqual(JSON.parse(stdout), {
      words: ['a', 'b c'],
      options: { json: true },
      flags: ['--max-semi-space-size=4'],
      library: 'function',
    });
    assert.equal(stderr, '', 'no warning at the start');
  });

  test('knows its version', async () => {
    assert.equal((await start('--version')).stdout, '1.2.3\n');
  });

  test('starts its thread, which opens a database', async () => {
    assert.deepEqual(await start('count'), { stdout: 'counted 42\n', stderr: '' });
  });

  test("loads of Node's own modules what is used, when it is", async () => {
    assert.deepEqual(JSON.parse((await start('modules')).stdout), { http2: false, fetch: false });
    assert.deepEqual(JSON.parse((await start('modules', '--network')).stdout), { http2: true, fetch: false });
  });

  test('calls the C library, and says nothing about it', { skip: process.platform !== 'linux' }, async () => {
    assert.deepEqual(await start('allocate'), { stdout: 'EBADF: bad file descriptor, fallocate\n', stderr: '' });
  });

  test('ends with the exit code it set, or 1 on a crash', async () => {
    await assert.rejects(start('fail'), { code: 3 });
    await assert.rejects(start('throw'), { code: 1, stderr: /Error: on purpose/ });
  });

  test('hears signals', async () => {
    const child = spawn(path, ['wait'], { env: {}, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.setEncoding('utf8');
    const lines: string[] = [];
    child.stdout.on('data', (text: string) => {
      lines.push(text);
      if (text.includes('waiting')) child.kill('SIGTERM');
    });
    assert.deepEqual(await once(child, 'close'), [0, null]);
    assert.equal(lines.join(''), 'waiting\nstopped\n');
  });

  test('runs where there is nothing but its libraries', { skip: bareRootObstacle() }, async () => {
    const root = makeBareRoot({ folder: join(outFolder, 'root'), programs: [path] });
    const { command, args } = root.command('little', ['count']);
    assert.deepEqual(await run(command, args, { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } }), {
      stdout: 'counted 42\n',
      stderr: '',
    });
    assert.equal(root.inside(join(root.folder, 'tmp/x')), '/tmp/x');
  });

  test('carries its program, for this machine, and is smaller than Node', () => {
    assert.deepEqual(inspectExecutable(path), { machine: process.arch, isArmed: true, hasProgram: true });
    assert.deepEqual(inspectExecutable(process.execPath), { machine: process.arch, isArmed: false, hasProgram: false });
    assert.ok(statSync(path).size < statSync(process.execPath).size);
  });

  test('comes with the notices of what is in it, and leaves nothing else behind', () => {
    const notices = readFileSync(join(outFolder, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of ['commander', 'yaml', 'Node.js']) assert.match(notices, new RegExp(`^==== ${name}\n\n.*\\S`, 'm'));
    const built = readdirSync(outFolder).filter((name) => name !== 'root');
    assert.deepEqual(built.toSorted(), ['.little.fingerprint', '.lock', 'THIRD-PARTY-LICENSES.txt', 'little']);
  });

  test('is built again only when something in it changed', async () => {
    const { mtimeMs } = statSync(path);
    assert.equal((await packageLittle()).isNew, false);
    assert.equal(statSync(path).mtimeMs, mtimeMs);
    writeFileSync(join(sourceFolder, 'counter.ts'), workerSource.replace('+ 1', '+ 2'));
    assert.equal((await packageLittle()).isNew, true);
    assert.equal((await start('count')).stdout, 'counted 43\n');
  });

  test('is built for the other architecture too', async (context) => {
    const target = ownTarget() === 'linux-x64' ? 'linux-arm64' : 'linux-x64';
    try {
      await nodeBinary(target, cacheFolder);
    } catch (error) {
      context.skip(error instanceof Error ? error.message : String(error));
      return;
    }
    const packaged = await packageLittle(target);
    assert.equal(packaged.path, join(outFolder, target, 'little'));
    const machine = target.replace('linux-', '');
    assert.deepEqual(inspectExecutable(packaged.path), { machine, isArmed: true, hasProgram: true });
  });

  test('is refused when it would have to load a package while it runs', async () => {
    const main = join(sourceFolder, 'loads.ts');
    writeFileSync(main, 'try { require("no-such-package"); } catch {}\nexport {};\n');
    await assert.rejects(bundleProduct({ ...littleProduct(), main, workers: [] }), /no-such-package/);
  });
});
