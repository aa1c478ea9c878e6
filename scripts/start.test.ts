/** `npm start` as a person uses it: real processes from the sources, data in a temporary folder. */
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { until } from '../test/harness/until.ts';
import { inRepository } from './repository.ts';

const run = promisify(execFile);
const options = { timeout: 300_000 };
const deadlineMs = 120_000;

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tributary start '));
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('--once ships files, prints their figures, and adds nothing the second time', options, async () => {
  mkdirSync(join(folder, 'logs'));
  writeFileSync(join(folder, 'logs', 'one.log'), numbered(0, 5000));
  writeFileSync(join(folder, 'logs', 'two [2].log'), 'crlf\r\nno end');
  const args = ['--data', 'once', '--once', 'logs/one.log', 'logs/two*.log'];
  const first = await start(args);
  assert.equal(first.code, 0, first.stderr);
  const figures = first.stdout.trimEnd().split('\n');
  assert.match(figures[0] ?? '', /\/logs\/one\.log {2}lines 5000 {2}bytes 48890 {2}seconds \d+\.\d\d$/);
  assert.match(figures[1] ?? '', /\/logs\/two \[2\]\.log {2}lines 2 {2}bytes 12 {2}seconds \d+\.\d\d$/);
  assert.equal(figures.length, 2);
  assert.doesNotMatch(first.stderr, /archived 0 lines/);
  assert.equal(await count('once', 'line '), 5000);
  assert.equal(await count('once', 'crlf'), 1);

  const again = await start(args);
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(again.stdout.match(/lines \d+ {2}bytes \d+/g), ['lines 0  bytes 0', 'lines 0  bytes 0']);
  assert.equal(await count('once', ''), 5002);
});

test('a mistake is one sentence and a code', options, async () => {
  mkdirSync(join(folder, 'a folder'));
  const cases: [args: string[], code: number, expected: RegExp][] = [
    [['--once', 'missing.log'], 2, /^npm start: missing\.log: there is no such file \(looked for \/.*missing\.log\)\.\n$/],
    [['missing.log'], 2, /there is no such file/],
    [['--once', 'a folder'], 2, /is a folder; name files, or a glob such as 'a folder\/\*\.log'/],
    [['--once', 'none-*.log'], 2, /no file fits none-\*\.log/],
    [['--once', '/dev/null'], 2, /not a regular file/],
    [['--once'], 2, /--once needs the files/],
    [['--unknown'], 2, /'--unknown'.*\n\nnpm start/s],
    [['--rate', 'fast'], 2, /--rate takes a number/],
    [['--data', '/dev/null/x', '--once', 'a folder/../logs/one.log'], 1, /\/dev\/null\/x cannot be written: .*--data DIR/],
  ];
  for (const [args, code, expected] of cases) {
    const result = await start(args);
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`);
    assert.match(result.stderr, expected);
  }
  const help = await start(['--help']);
  assert.deepEqual([help.code, help.stdout.split('\n')[0]], [0, 'npm start [-- [FILE…] [--data DIR] [--rate N]]']);
  const nothing = await search(['--data', 'never', 'x']);
  assert.deepEqual([nothing.code, /nothing was started/.test(nothing.stderr)], [2, true]);
});

test('without a file a log writer writes; a Ctrl-C that arrives three times stops all with nothing lost', options, async () => {
  const started = spawnStart(['--data', 'own', '--rate', '2000']);
  await untilFound('own', (lines) => lines > 0, started);
  const [, page = ''] = /^page {6}(http:\/\/127\.0\.0\.1:\d+\/) {2}sign in as admin with \S+$/m.exec(started.text()) ?? [];
  const answer = await fetch(page, { headers: { accept: 'text/html' } });
  assert.match(await answer.text(), /<title>Tributary<\/title>/, started.text());
  const second = await start(['--data', 'own']);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /npm start already runs on .*own/);
  for (let press = 0; press < 3; press += 1) started.child.kill('SIGINT');
  assert.equal(await started.ended, 0, started.text());
  const [, written = ''] = /^written {3}([\d,]+) lines/m.exec(started.text()) ?? [];
  const lines = Number(written.replaceAll(',', ''));
  assert.ok(lines > 500, started.text());
  assert.match(started.text(), new RegExp(`^archived {2}${written} lines in this run, ${written} in all$`, 'm'));
  assert.match(started.text(), /^stopped {3}everything that was read is in the archive$/m);
  assert.equal(await count('own', ''), lines);
  const log = /follows {3}(.+\/access\.log) /.exec(started.text())?.[1] ?? '';
  assert.ok(log !== '' && !existsSync(log), 'the temporary log is removed');
});

test('a start that was killed leaves nothing running after the next one, loses and doubles nothing', options, async () => {
  const log = join(folder, 'app.log');
  writeFileSync(log, numbered(0, 1000));
  // A path too long for a unix socket in it.
  const data = join('killed', 'long'.repeat(30));
  const first = spawnStart(['--data', data, 'app.log']);
  await untilFound(data, (lines) => lines === 1000, first);
  const left = leftRunning(data);
  assert.equal(left.length, 2);
  first.child.kill('SIGKILL');
  await first.ended;
  appendFileSync(log, numbered(1000, 500));

  // What the killed start left running may bring these lines itself. So lines are no sign that the next start has come up, and
  // those that come after it are what it brings.
  const next = spawnStart(['--data', data, 'app.log']);
  await untilAllRuns(next);
  appendFileSync(log, numbered(1500, 500));
  await untilFound(data, (lines) => lines === 2000, next);
  assert.match(next.text(), /stopped the hub that an earlier start had left running\nstopped the agent/);
  for (const pid of left) assert.throws(() => process.kill(pid, 0), /ESRCH/);
  next.child.kill('SIGTERM');
  assert.equal(await next.ended, 0, next.text());
  assert.equal(await count(data, ''), 2000);
  for (const line of ['line 1234', 'line 1999']) assert.equal(await count(data, line), 1);
});

test('a product that ends by itself ends the start, with the end of its log', options, async () => {
  const started = spawnStart(['--data', 'broken']);
  await untilAllRuns(started);
  const [, agent] = leftRunning('broken');
  assert.ok(agent !== undefined);
  process.kill(agent, 'SIGKILL');
  assert.equal(await started.ended, 1);
  assert.match(started.text(), /npm start: the agent ended by itself\. The end of .*agent\.log:\n/);
});

function numbered(from: number, lines: number): string {
  return Array.from({ length: lines }, (_, index) => `line ${from + index}\n`).join('');
}

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function start(args: readonly string[]): Promise<Outcome> {
  return await runScript('start', args);
}

async function search(args: readonly string[]): Promise<Outcome> {
  return await runScript('search', args);
}

async function count(data: string, pattern: string): Promise<number> {
  const { code, stdout, stderr } = await search(['--data', data, '--tenant', 'default', '--count', pattern]);
  assert.equal(code, 0, stderr);
  return Number(stdout);
}

async function runScript(name: string, args: readonly string[]): Promise<Outcome> {
  try {
    const result = await run(process.execPath, [inRepository('scripts', `${name}.ts`), ...args], {
      env: env(),
      timeout: deadlineMs,
    });
    return { code: 0, ...result };
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && 'stdout' in error && 'stderr' in error);
    return { code: Number(error.code), stdout: String(error.stdout), stderr: String(error.stderr) };
  }
}

interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<number>;
  readonly text: () => string;
}

function spawnStart(args: readonly string[]): Started {
  const child = spawn(process.execPath, [inRepository('scripts', 'start.ts'), ...args], { env: env() });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => Number(code));
  return { child, ended, text: () => text };
}

async function untilAllRuns(started: Started): Promise<void> {
  await until('all runs', () => started.text().includes('stop      Ctrl-C'), { deadlineMs, detail: started.text });
}

/** Searching is possible beside the running hub, once it has made its store. Each search is a program that starts. */
async function untilFound(data: string, isEnough: (lines: number) => boolean, started: Started): Promise<void> {
  await untilAllRuns(started);
  const check = async (): Promise<boolean> => {
    const { code, stdout } = await search(['--data', data, '--tenant', 'default', '--count', '']);
    return code === 0 && isEnough(Number(stdout));
  };
  await until('the lines are found', check, { deadlineMs, everyMs: 1000, detail: started.text });
}

/** Hub and agent, in this order. */
function leftRunning(data: string): number[] {
  const known: unknown = JSON.parse(readFileSync(join(folder, data, 'processes.json'), 'utf8'));
  assert.ok(Array.isArray(known));
  return known.map((entry: unknown) => {
    assert.ok(typeof entry === 'object' && entry !== null && 'pid' in entry && typeof entry.pid === 'number');
    return entry.pid;
  });
}

/** Paths are relative to where the person stands; what goes into the temporary folder is removed with ours. */
function env(): NodeJS.ProcessEnv {
  return { ...process.env, INIT_CWD: folder, TMPDIR: folder };
}
