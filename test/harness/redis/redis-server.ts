/**
 * One real redis-server, or Sentinel, on a free port of the loopback, with its files in a folder of its own. Killed, paused and started
 * again by its own pid. Durable as the hub demands it unless a setting says otherwise.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { redisProgram } from '../require.ts';
import { until } from '../until.ts';

export type RedisSettings = Readonly<Record<string, string | number>>;

export interface RedisServerOptions {
  /** Not there yet, or that of an earlier server whose data are to be there again. */
  readonly folder: string;
  readonly settings?: RedisSettings;
  /** Lines of a Sentinel's configuration: then it is one. */
  readonly sentinel?: readonly string[];
  readonly port?: number;
}

const durable: RedisSettings = {
  save: '""',
  appendonly: 'yes',
  appendfsync: 'always',
  'maxmemory-policy': 'noeviction',
  'repl-diskless-sync-delay': 0,
  'enable-debug-command': 'yes',
};
const triesMax = 5;

export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #options: RedisServerOptions;
  readonly #configPath: string;
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(options: RedisServerOptions, port: number) {
    this.#options = options;
    this.port = port;
    this.#configPath = join(options.folder, 'redis.conf');
  }

  static async start(options: RedisServerOptions): Promise<RedisServer> {
    for (let tries = 1; ; tries += 1) {
      const server = new RedisServer(options, options.port ?? (await freePort()));
      await server.#writeConfig();
      try {
        await server.#run();
        return server;
      } catch (error) {
        // Between the search for a port and its use somebody else may have taken it.
        if (tries === triesMax || options.port !== undefined || !server.#output.includes('Address already in use')) throw error;
      }
    }
  }

  get host(): string {
    return '127.0.0.1';
  }

  get address(): string {
    return `${this.host}:${this.port}`;
  }

  get url(): string {
    return `redis://${this.address}`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`the Redis at ${this.address} does not run`);
    return pid;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** What it wrote, for messages of failed tests. */
  get output(): string {
    return this.#output.slice(-4000);
  }

  /** What redis-cli prints. Rejects when that is an error. */
  async command(...args: readonly (string | number)[]): Promise<string> {
    const { stdout } = await promisify(execFile)('redis-cli', ['-e', '-p', String(this.port), ...args.map(String)], {
      timeout: 10_000,
      maxBuffer: 1 << 26,
    });
    return stdout.trimEnd();
  }

  /** Several commands by one redis-cli, one a line. */
  async commands(lines: readonly string[]): Promise<string> {
    const running = promisify(execFile)('redis-cli', ['-e', '-p', String(this.port)], { timeout: 10_000 });
    running.child.stdin?.end(`${lines.join('\n')}\n`);
    return (await running).stdout.trimEnd();
  }

  /** A field of INFO; empty when it is not there. */
  async info(field: string): Promise<string> {
    const text = await this.command('INFO', 'everything');
    return new RegExp(String.raw`^${field}:(.*?)\r?$`, 'm').exec(text)?.[1] ?? '';
  }

  /**
   * Whether so many replicas have all, and the master knows it: only then does it count them for WAIT. A replica says that its link is up a
   * moment before.
   */
  async isFollowedBy(replicas: number): Promise<boolean> {
    const said = await this.commands(['SET followed 1', 'DEL followed', `WAIT ${replicas} 1000`]);
    return Number(said.split('\n').at(-1)) >= replicas;
  }

  /** The same of a node of a cluster, where not every key can be written. */
  async hasReplicas(replicas: number): Promise<boolean> {
    return Number(await this.command('WAIT', replicas, 50)) >= replicas;
  }

  /** `kill -9`; resolves once it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Lets it write what it has to. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** SIGSTOP: it takes connections and answers nothing. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** With the same port and files, after it was killed or stopped. */
  async restart(): Promise<void> {
    if (this.#child !== undefined) await this.stop();
    await this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #writeConfig(): Promise<void> {
    const { folder, settings, sentinel } = this.#options;
    await mkdir(folder, { recursive: true });
    const common = [`port ${this.port}`, 'bind 127.0.0.1', 'protected-mode no', `dir ${folder}`];
    const own = sentinel ?? Object.entries({ ...durable, ...settings }).map(([name, value]) => `${name} ${String(value)}`);
    await writeFile(this.#configPath, `${[...common, ...own].join('\n')}\n`);
  }

  async #run(): Promise<void> {
    const isSentinel = this.#options.sentinel !== undefined;
    const child = spawn(redisProgram, [this.#configPath], {
      argv0: isSentinel ? 'redis-sentinel' : 'redis-server',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#output = '';
    let failure: Error | undefined;
    child.once('error', (error) => (failure = error));
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#output = `${this.#output}${text}`.slice(-65_536)));
    }
    const ready = isSentinel ? 'Sentinel ID is' : 'Ready to accept connections';
    await until(`the Redis at ${this.address} is ready`, () => {
      if (failure !== undefined) throw failure;
      if (this.#child === undefined) throw new Error(`the Redis at ${this.address} ended:\n${this.output}`);
      return this.#output.includes(ready);
    });
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    process.kill(child.pid, signal);
    // One that is stopped hears of no other signal than SIGKILL.
    process.kill(child.pid, 'SIGCONT');
    await gone;
    this.#child = undefined;
  }
}

/** One server whose folder lies in another one. */
export async function startRedis(folder: string, settings: RedisSettings = {}): Promise<RedisServer> {
  return await RedisServer.start({ folder: join(folder, 'redis'), settings });
}
