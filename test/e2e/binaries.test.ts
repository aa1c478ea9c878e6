import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync, zstdDecompressSync } from 'node:zlib';
import { type BareRoot, makeBareRoot } from '../../packaging/build/bare-root.ts';
import { JournalWriter } from '../harness/journal-writer.ts';
import { at, listAt, parseJson, textAt } from '../harness/json.ts';
import { Program, type ProgramOptions, runProgram } from '../harness/program.ts';
import { builtPrograms, type Command } from '../harness/programs.ts';
import { readArchive, readPlatformDocuments } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { Scratch } from '../harness/scratch.ts';
import { getOverUnixSocket } from '../harness/unix-status.ts';
import { until } from '../harness/until.ts';

const skip = (await requireTool('chroot')) ?? (await requireTool('zstd')) ?? (await requireTool('python3'));
const noLogger = await requireTool('logger');
const noJournal = await requireTool('systemd-journal-remote');

/** The executables where there is nothing but them: no Node, no packages and no repository. */
class BareMachine implements AsyncDisposable {
  readonly root: BareRoot;
  readonly #scratch: Scratch;
  #hub: Program | undefined;

  private constructor(scratch: Scratch, root: BareRoot) {
    this.#scratch = scratch;
    this.root = root;
  }

  static async make(programs: readonly string[] = []): Promise<BareMachine> {
    const built = builtPrograms();
    const scratch = await Scratch.make();
    const root = makeBareRoot({ folder: scratch.file('root'), programs: [built.agent[0], built.hub[0], ...programs] });
    const machine = new BareMachine(scratch, root);
    assert.ok(!existsSync(machine.path('/usr/bin/node')) && !existsSync(machine.path('/package.json')));
    return machine;
  }

  get hub(): Program {
    assert.ok(this.#hub !== undefined, 'the hub was started');
    return this.#hub;
  }

  /** Where a file of the bare machine is in this one. */
  path(inside: string): string {
    return `${this.root.folder}${inside}`;
  }

  write(inside: string, content: string | Uint8Array): void {
    mkdirSync(this.path(inside.replace(/\/[^/]*$/, '')), { recursive: true });
    writeFileSync(this.path(inside), content);
  }

  /** How a program of the bare machine is started; `stdin` is a file that it reads. */
  command(name: string, args: readonly string[], stdin?: string): ProgramOptions {
    const { command, args: rest } = this.root.command(name, args);
    if (stdin === undefined) return { name, command: [command], args: rest };
    const throughShell: Command = ['sh', '-c', 'exec "$@" < "$0"', this.path(stdin)];
    return { name, command: throughShell, args: [command, ...rest] };
  }

  /** Runs the agent's command to its end. */
  async agent(...args: readonly string[]): ReturnType<typeof runProgram> {
    const [name = '', ...rest] = args;
    return await runProgram(this.command('tributary-agent', [name, '--config', '/etc/agent.yaml', ...rest]));
  }

  /** Gives the address at which agents connect. */
  async startHub(): Promise<string> {
    const config = {
      data_dir: '/var/lib/hub',
      run_dir: '/run/hub',
      listeners: { agents: { address: '127.0.0.1:0' } },
      outputs: [{ kind: 'archive', roll_interval: '1s' }],
    };
    this.write('/etc/hub.yaml', JSON.stringify(config));
    const hub = new Program(this.command('tributary-hub', ['run', '--config', '/etc/hub.yaml']));
    this.#hub = hub;
    const address = await until(
      'the hub listens',
      async () => {
        if (!hub.running) throw new Error(hub.tail());
        const status = await getOverUnixSocket(this.path('/run/hub/hub.sock'), '/status');
        const found = at(status, 'listeners', 0, 'address') ?? at(status, 'listeners', 'agents', 'address');
        return typeof found === 'string' ? found : undefined;
      },
      { detail: () => hub.tail() },
    );
    return `ws://${address}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hub?.[Symbol.asyncDispose]();
    await this.#scratch[Symbol.asyncDispose]();
  }
}

test('the executables do the main job where there is no Node and no repository', { skip, timeout: 600_000 }, async () => {
  await using machine = await BareMachine.make();
  const lines = Array.from({ length: 20_000 }, (_, line) => `line ${line} of a log that is shipped by executables\n`);
  machine.write('/logs/app.log', lines.join(''));
  const hubs = [await machine.startHub()];
  machine.write('/etc/agent.yaml', JSON.stringify({ data_dir: '/var/lib/agent', run_dir: '/run/agent', hubs }));
  const shipped = await machine.agent('ship', '--until', 'archived', '/logs/app.log');
  assert.equal(shipped.code, 0, shipped.stderr);
  const search = ['archive', 'search', '--config', '/etc/hub.yaml', '--count', 'shipped by'];
  const found = await runProgram(machine.command('tributary-hub', search));
  assert.equal(found.code, 0, found.stderr);
  assert.match(found.stdout, /^20000\b/m);
  assert.equal((await machine.hub.stop()).code, 0);
  const [stream] = await readArchive(machine.path('/var/lib/hub/archive'));
  assert.equal(stream?.raw.toString(), lines.join(''));
  // Threads, scripts and their types, under the flags that only executables have.
  machine.write('/pipelines/app.yaml', 'steps:\n  - preset: nginx\n  - script: { file: a.ts }\n');
  machine.write('/pipelines/a.ts', 'export default (record: any): unknown => ({ ...record, message: typeof gc });');
  machine.write('/pipelines/app.test.yaml', `cases:\n  - { line: '${accessLine}', document: { message: undefined } }\n`);
  const tested = await runProgram(machine.command('tributary-hub', ['test', '/pipelines']));
  assert.equal(tested.code, 0, tested.stdout + tested.stderr);
});

const accessLine = '192.0.2.7 - - [22/Nov/2026:04:05:06 +0100] "GET /a HTTP/1.1" 200 2326 "-" "curl/8.5.0"';

const container = 'c'.repeat(64);
const pod = '/var/log/pods/shop_web-0_f2c9b2c4/web/0.log';
const trace = 'ERROR it failed\njava.lang.RuntimeException: outer\n\tat T.c(T.java:5)\n';
const rotated = Array.from({ length: 2000 }, (_, line) => `record ${line} of a log that the agent rotates itself\n`).join('');

/** Each kind of input, with what a machine has for it. */
const inputs = [
  { kind: 'file', type: 'app', paths: ['/logs/app.log*'], multiline: { preset: 'java' }, idle_flush: '200ms' },
  { kind: 'file', type: 'rotated', paths: ['/logs/rotated.log*'] },
  { kind: 'syslog', listen: ['udp://127.0.0.1:0', 'unix-dgram:/run/d'] },
  { kind: 'lines', type: 'lines', listen: ['tcp://127.0.0.1:0', 'unix:/run/s'] },
  { kind: 'exec', type: 'exec', command: ['/bin/echo', 'told by a command'], interval: '1d' },
  { kind: 'stdin', type: 'stdin' },
  { kind: 'docker', type: 'docker' },
  { kind: 'kubernetes', type: 'kubernetes', metadata: { from: 'none' } },
  { kind: 'metrics', sets: ['load', 'memory', 'uptime'], interval: '1s' },
];
const journal = { kind: 'journald', type: 'journal', directory: '/logs/journal' };
const rotation = [
  { name: 'copies', paths: ['/logs/rotated.log'], mode: 'copytruncate', schedule: '0 0 1 1 *', compress: 'zstd' },
];

/** What is in the archive of each type, once it is there. */
const expected: Readonly<Record<string, readonly string[]>> = {
  app: [`${trace}after\n`, 'from a compressed file\n'],
  rotated: [rotated],
  lines: ['over TCP\n', 'over a socket file\n'],
  exec: ['told by a command\n'],
  stdin: ['from standard input\n'],
  docker: ['{"log":"of a container\\n","stream":"stdout","time":"2026-11-21T10:00:00.1Z"}\n'],
  kubernetes: ['2026-11-21T10:00:00.1Z stdout F of a pod\n'],
  syslog: ['<13>1 2026-11-21T10:00:00Z host app - - - over UDP', ...(noLogger === undefined ? ['over a datagram socket'] : [])],
  ...(noJournal === undefined ? { journal: ['of the journal'] } : {}),
};

async function prepare(machine: BareMachine): Promise<void> {
  machine.write('/logs/app.log', trace);
  machine.write('/logs/app.log.1.gz', gzipSync('from a compressed file\n'));
  machine.write('/logs/rotated.log', rotated);
  machine.write('/logs/stdin', 'from standard input\n');
  const folder = `/var/lib/docker/containers/${container}`;
  machine.write(`${folder}/config.v2.json`, JSON.stringify({ ID: container, Name: '/web', Config: { Image: 'web:1' } }));
  machine.write(`${folder}/${container}-json.log`, expected['docker']?.join('') ?? '');
  machine.write(pod, expected['kubernetes']?.join('') ?? '');
  for (const name of ['loadavg', 'meminfo', 'uptime']) machine.write(`/proc/${name}`, readFileSync(`/proc/${name}`));
  if (noJournal !== undefined) return;
  mkdirSync(machine.path('/logs/journal'));
  await using writer = new JournalWriter(machine.path('/logs/journal/a.journal'));
  await writer.write({ MESSAGE: 'of the journal', PRIORITY: '6' });
}

/** Sends to each address that the agent listens at. */
async function send(machine: BareMachine, status: unknown): Promise<void> {
  const listening = listAt(status, 'inputs').flatMap((input) => listAt(input, 'listening').map(String));
  const portOf = (start: string): number => Number(new URL(listening.find((address) => address.startsWith(start)) ?? '').port);
  const udp = createSocket('udp4');
  await promisify((done: (error: Error | null) => void) => {
    udp.send(expected['syslog']?.[0] ?? '', portOf('udp:'), '127.0.0.1', done);
  })();
  udp.close();
  const path = machine.path('/run/d');
  if (noLogger === undefined) await promisify(execFile)('logger', ['-u', path, '-d', '--', 'over a datagram socket']);
  const [tcp = '', file = ''] = expected['lines'] ?? [];
  const sockets = [connect(portOf('tcp:'), '127.0.0.1').end(tcp), connect(machine.path('/run/s')).end(file)];
  await Promise.all(sockets.map(async (socket) => await once(socket.resume(), 'close')));
}

/** Waits until every text is in the archive, and gives what it has of each type. */
async function archived(machine: BareMachine, tail: () => string): Promise<ReadonlyMap<string, string>> {
  let missing: string[] = [];
  return await until(
    'all of it is archived',
    async () => {
      const found = new Map<string, string>();
      for (const { channel, raw } of await readArchive(machine.path('/var/lib/hub/archive'))) {
        const type = channel.replace(/^.*\//, '');
        found.set(type, `${found.get(type) ?? ''}${raw.toString()}`);
      }
      missing = Object.entries(expected).flatMap(([type, texts]) =>
        texts.filter((text) => found.get(type)?.includes(text) !== true),
      );
      return missing.length === 0 && found;
    },
    { deadlineMs: 120_000, everyMs: 250, detail: () => `missing: ${missing.join('; ').slice(0, 500)}\n${tail()}` },
  );
}

test('every input and every tool of the agent works in the executable', { skip, timeout: 600_000 }, async () => {
  await using machine = await BareMachine.make(['/bin/echo', ...(noJournal === undefined ? ['/usr/bin/journalctl'] : [])]);
  await prepare(machine);
  const hubs = [await machine.startHub()];
  const config = { data_dir: '/var/lib/agent', run_dir: '/run/agent', hubs, rotation, prometheus: { listen: '127.0.0.1:0' } };
  const all = noJournal === undefined ? [...inputs, journal] : inputs;
  machine.write('/etc/agent.yaml', JSON.stringify({ ...config, inputs: all }));
  await using agent = new Program(machine.command('tributary-agent', ['run', '--config', '/etc/agent.yaml'], '/logs/stdin'));
  const tail = (): string => `${agent.tail()}\n${machine.hub.tail()}`;
  const status = async (): Promise<unknown> => await getOverUnixSocket(machine.path('/run/agent/agent.sock'), '/status');
  await until('the agent is ready', async () => at(await status(), 'readiness', 'ready') === true, { detail: tail });
  await send(machine, await status());
  const tapped = machine.agent('tap', '--type', 'app', '--count', '1', '--json');
  let isTapped = false;
  const shown = tapped.finally(() => (isTapped = true));
  await until(
    'a record is shown',
    () => {
      appendFileSync(machine.path('/logs/app.log'), 'after\n');
      return isTapped;
    },
    { everyMs: 200, detail: tail },
  );
  const tap = await shown;
  assert.match(textAt(parseJson(tap.stdout), 'text'), /^(?:after|from a compressed file|ERROR it failed)/, tap.stderr);

  const found = await archived(machine, tail);
  assert.equal(found.get('rotated'), rotated);
  await until(
    'platform events tell of the machine',
    async () => {
      const documents = await readPlatformDocuments(machine.path('/var/lib/hub/archive'));
      const names = new Set(documents.map((document) => at(document, 'event', 'dataset')));
      return ['system.load', 'system.memory', 'system.uptime'].every((name) => names.has(name));
    },
    { everyMs: 250, deadlineMs: 120_000, detail: tail },
  );

  const metrics = agent.logs.find(({ message }) => message === 'metrics are served')?.fields['address'];
  assert.match(await (await fetch(`http://${String(metrics)}/metrics`)).text(), /^tributary_\w+ /m);
  await looks(machine);
  await rotates(machine);
  assert.equal((await agent.stop()).code, 0, tail());
  assert.deepEqual(
    agent.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{')),
    [],
    'nothing but its log, no warning of Node',
  );
});

/** The commands that look. */
async function looks(machine: BareMachine): Promise<void> {
  const ready = await machine.agent('status', '--ready');
  assert.deepEqual([ready.code, ready.stdout, ready.stderr], [0, 'ready\n', '']);
  const explained = await machine.agent('check', '--explain');
  assert.deepEqual([explained.code, explained.stderr], [0, '']);
  assert.match(explained.stdout, /reads \/logs\/app\.log: /);
  const buffer = await runProgram(machine.command('tributary-agent', ['buffer', 'check', '--config', '/etc/agent.yaml']));
  assert.deepEqual([buffer.code, buffer.stderr], [0, '']);
  assert.match(buffer.stdout, /^batches {2}\d+ wait/m);
  const exported = ['buffer', 'export', '--config', '/etc/agent.yaml', '--all', '--json'];
  const records = await runProgram(machine.command('tributary-agent', exported));
  assert.deepEqual([records.code, /^\d+ records$/.test(records.stderr)], [0, true], records.stderr);
  assert.match(records.stdout, /told by a command/);
}

/** Copies what every hub has of a file and takes it out, as the file system can; together they are the file still. */
async function rotates(machine: BareMachine): Promise<void> {
  const { code, stdout, stderr } = await machine.agent('rotate', 'copies');
  assert.deepEqual([code, stderr], [0, ''], stdout);
  const copies = await until('the copy is there', () => {
    const names = readdirSync(machine.path('/logs')).filter((name) => /^rotated\.log-.*\.zst$/.test(name));
    return names.length > 0 && names;
  });
  const copied = Buffer.concat(copies.map((name) => zstdDecompressSync(readFileSync(machine.path(`/logs/${name}`)))));
  const rest = readFileSync(machine.path('/logs/rotated.log'));
  const whole = `${copied.toString()}${rest.toString().replace(/^\0*/, '')}`;
  assert.ok(copied.length > 0 && whole === rotated);
}
