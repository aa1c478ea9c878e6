/** Real programs that log by syslog, as docs/operating/syslog.md says: what they send is in the hub's archive, byte for byte. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer, get } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { docsSnippet } from '../harness/docs-snippet.ts';
import { Program } from '../harness/program.ts';
import { readArchive } from '../harness/read-archive.ts';
import { requireTool } from '../harness/require.ts';
import { startRsyslog } from '../harness/rsyslog.ts';
import { Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

const run = promisify(execFile);
const page = 'docs/operating/syslog.md';
const skip =
  process.platform !== 'linux'
    ? 'unix datagram sockets are there on Linux only'
    : ((await requireTool('zstd')) ?? (await requireTool('python3')));

const noLogger = await requireTool('logger');
const noHaproxy = await requireTool('haproxy');
const noRsyslog = (await requireTool('rsyslog')) ?? noLogger;
const noSyslogNg = (await requireTool('syslog-ng')) ?? noLogger;

interface ArchivedRecord {
  readonly text: string;
  readonly source: string;
  readonly labels: string;
}

/** A hub and an agent that listens at every kind of address. */
class SyslogStack implements AsyncDisposable {
  readonly stack: Stack;
  readonly port: number;

  private constructor(stack: Stack, port: number) {
    this.stack = stack;
    this.port = port;
  }

  static async start(): Promise<SyslogStack> {
    const port = await freePort();
    const stack = await Stack.make({
      agent: { batch: { flush_interval: '20ms' }, events: { enabled: false } },
      inputs: (folder) => [
        {
          kind: 'syslog',
          listen: [`udp://127.0.0.1:${port}`, `tcp://127.0.0.1:${port}`, `unix:${folder}/s`, `unix-dgram:${folder}/d`],
          socket_mode: '0666',
        },
      ],
    });
    const started = new SyslogStack(stack, port);
    await started.startAgent();
    return started;
  }

  get datagramPath(): string {
    return this.stack.log('d');
  }

  get streamPath(): string {
    return this.stack.log('s');
  }

  async startAgent(): Promise<void> {
    await this.stack.agent.start();
    const addresses = ['udp://', 'tcp://', 'unix:', 'unix-dgram:'];
    await until('it listens everywhere', () => addresses.every((text) => this.stack.agent.program.stderr.includes(`"${text}`)), {
      detail: () => this.stack.tail(),
    });
  }

  async records(): Promise<readonly ArchivedRecord[]> {
    const streams = await readArchive(this.stack.hub.archive);
    return streams.flatMap(({ raw, pieces, source, labels }) => {
      let at = 0;
      return pieces.map(({ bytes }) => {
        const text = raw.toString('utf8', at, at + bytes);
        at += bytes;
        return { text, source, labels };
      });
    });
  }

  /** Waits until so many records match. */
  async expect(pattern: RegExp, count = 1, { mayResend = false } = {}): Promise<readonly ArchivedRecord[]> {
    let matching: readonly ArchivedRecord[] = [];
    await until(
      `${count} records match ${String(pattern)}`,
      async () => {
        matching = (await this.records()).filter(({ text }) => pattern.test(text));
        return new Set(matching.map(({ text }) => text)).size >= count || matching.length === count;
      },
      { deadlineMs: 120_000, everyMs: 100, detail: () => `${matching.length} did\n${this.stack.tail()}` },
    );
    if (!mayResend) assert.equal(matching.length, count);
    return matching;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack[Symbol.asyncDispose]();
  }
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

suite('syslog of real programs', { skip, timeout: 600_000 }, () => {
  let syslog: SyslogStack;
  before(async () => {
    syslog = await SyslogStack.start();
  });
  after(async () => {
    await syslog[Symbol.asyncDispose]();
  });

  const address = (): Record<string, string> => ({ '127.0.0.1:5514': `127.0.0.1:${syslog.port}` });
  const portOption = (written: string, actual: (port: number) => string): Record<string, string> => ({
    [written]: actual(syslog.port),
  });

  test('logger, every way', { skip: noLogger }, async () => {
    const snippet = docsSnippet(page, 'logger', {
      '--port 5514': `--port ${syslog.port}`,
      '/run/tributary/syslog.sock': syslog.datagramPath,
    });
    await run('sh', ['-e', '-c', snippet]);
    const udp = await syslog.expect(/ hello by UDP$/);
    assert.match(udp[0]?.text ?? '', /^<13>1 \d{4}-\d\d-\d\dT[^ ]+ \S+ \S+ - - \[timeQuality [^\]]*\] hello by UDP$/);
    assert.equal(udp[0]?.labels, '{"source.address":"127.0.0.1"}');
    await syslog.expect(/^<13>[A-Z][a-z]{2} [ \d]\d [\d:]{8} \S+ \S+: hello in the old format$/);
    await syslog.expect(/^<13>1 .* hello by TCP$/);
    await syslog.expect(/^<13>1 .* hello with its length$/);
    const unix = await syslog.expect(/^<13>.* hello by a unix socket$/);
    assert.deepEqual([unix[0]?.source, unix[0]?.labels], [`unix-dgram:${syslog.datagramPath}`, '']);
  });

  for (const [way, replacements] of [
    ['haproxy-udp', address],
    ['haproxy-unix', () => ({ '/run/tributary/syslog.sock': syslog.datagramPath })],
  ] as const) {
    test(`HAProxy: ${way}`, { skip: noHaproxy }, async () => {
      const { scratch } = syslog.stack;
      const port = await freePort();
      const backend = createServer((_, response) => response.end('hello\n'));
      backend.listen(0, '127.0.0.1');
      await once(backend, 'listening');
      const served = backend.address();
      assert.ok(served !== null && typeof served === 'object');
      const config = `${docsSnippet(page, way, replacements())}
    timeout client 5s
    timeout server 5s
    timeout connect 5s
frontend ${way}
    bind 127.0.0.1:${port}
    default_backend app
backend app
    server one 127.0.0.1:${served.port}
`;
      await writeFile(scratch.file(`${way}.cfg`), config);
      await using haproxy = new Program({
        name: 'haproxy',
        command: ['haproxy'],
        args: ['-db', '-f', scratch.file(`${way}.cfg`)],
      });
      const long = `/${'long'.repeat(200)}`;
      for (const path of ['/first', '/second?x=1', long]) {
        await until('haproxy answers', async () => (await statusOf(port, path)) === 200, { detail: () => haproxy.tail() });
      }
      const records = await syslog.expect(
        new RegExp(`^<134>1 .* haproxy \\d+ - - .*${way} app/one .*"GET /(first|second\\?x=1|long)`),
        3,
      );
      assert.ok(
        records.some(({ text }) => text.includes(`"GET ${long} HTTP/1.1"`)),
        'a long line is whole',
      );
      backend.close();
    });
  }

  for (const way of ['rsyslog-udp', 'rsyslog-tcp']) {
    test(way, { skip: noRsyslog }, async () => {
      const { scratch } = syslog.stack;
      const socket = scratch.file(`${way}.sock`);
      const action = docsSnippet(
        page,
        way,
        portOption('port="5514"', (port) => `port="${port}"`),
      );
      const input = `module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="${socket}")\n`;
      await using rsyslog = await startRsyslog(scratch, way, input + action);
      await until('rsyslog takes messages', () => logged(socket, [`${way} first`]), { detail: () => rsyslog.tail() });
      await logged(
        socket,
        Array.from({ length: 20 }, (_, index) => `${way} message ${index} äöü`),
      );
      const [first] = await syslog.expect(new RegExp(` ${way} first\\n?$`));
      assert.match(first?.text ?? '', /^<13>1 \d{4}-/);
      await syslog.expect(new RegExp(` ${way} message \\d+ äöü\\n?$`), 20);
    });
  }

  test('rsyslog loses nothing when the agent is restarted', { skip: noRsyslog }, async () => {
    const { scratch } = syslog.stack;
    const socket = scratch.file('restart.sock');
    const action = docsSnippet(
      page,
      'rsyslog-tcp',
      portOption('port="5514"', (port) => `port="${port}"`),
    );
    const input = `module(load="imuxsock" SysSock.Use="off" SysSock.RateLimit.Interval="0")\ninput(type="imuxsock" Socket="${socket}" RateLimit.Interval="0")\n`;
    await using rsyslog = await startRsyslog(scratch, 'restart', input + action);
    await until('rsyslog takes messages', () => logged(socket, ['restart first']), { detail: () => rsyslog.tail() });
    const perRound = 300;
    for (let round = 0; round < 3; round += 1) {
      const logging = logged(
        socket,
        Array.from({ length: perRound }, (_, index) => `restart ${round * perRound + index} end`),
      );
      await syslog.stack.agent.program.stop();
      await logging;
      await syslog.startAgent();
    }
    // rsyslog sends again what it does not know to be taken.
    const records = await syslog.expect(/ restart \d+ end\n?$/, 3 * perRound, { mayResend: true });
    assert.equal(new Set(records.map(({ text }) => / restart (\d+) end\n?$/.exec(text)?.[1])).size, 3 * perRound);
  });

  for (const way of ['syslog-ng-tcp', 'syslog-ng-lines']) {
    test(way, { skip: noSyslogNg }, async () => {
      const { scratch } = syslog.stack;
      const socket = scratch.file(`${way}.sock`);
      const destination = docsSnippet(
        page,
        way,
        portOption('port(5514)', (port) => `port(${port})`),
      );
      const config = `@version: 3.38
source s_test { unix-dgram("${socket}"); };
${destination}
log { source(s_test); destination(d_tributary); };
`;
      const file = scratch.file(`${way}.conf`);
      await writeFile(file, config);
      const own = ['persist-file', 'pidfile', 'control'].map((name) => `--${name}=${scratch.file(`${way}.${name}`)}`);
      const args = ['--foreground', '--no-caps', `--cfgfile=${file}`, ...own];
      await using program = new Program({ name: 'syslog-ng', command: ['syslog-ng'], args });
      await until('syslog-ng takes messages', () => logged(socket, [`${way} first`]), { detail: () => program.tail() });
      await logged(
        socket,
        Array.from({ length: 20 }, (_, index) => `${way} message ${index}`),
      );
      const [first] = await syslog.expect(new RegExp(` ${way} first\\n?$`));
      assert.match(first?.text ?? '', way === 'syslog-ng-tcp' ? /^<13>1 \d{4}-/ : /^<13>[A-Z][a-z]{2} /);
      await syslog.expect(new RegExp(` ${way} message \\d+\\n?$`), 20);
    });
  }
});

/** Sends the messages to a unix datagram socket with the real logger; false while nobody listens there. */
async function logged(socket: string, messages: readonly string[]): Promise<boolean> {
  const logger = execFile('logger', ['--socket', socket, '--socket-errors=on']);
  const ended = Promise.withResolvers<boolean>();
  logger.once('exit', (code) => ended.resolve(code === 0));
  logger.stdin?.on('error', () => undefined);
  logger.stdin?.end(messages.map((message) => `${message}\n`).join(''));
  return await ended.promise;
}

async function statusOf(port: number, path: string): Promise<number | undefined> {
  const answered = Promise.withResolvers<number | undefined>();
  const request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
    response.resume();
    answered.resolve(response.statusCode);
  });
  request.on('error', () => answered.resolve(undefined));
  return await answered.promise;
}
