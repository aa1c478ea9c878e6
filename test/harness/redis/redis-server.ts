/**
 * One real redis-server, or Sentinel, on a free port of the loopback, with its files in a folder of its own. Killed, paused and started
 * again by its own pid. Durable as the hub demands it unless a setting says otherwise.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { promisify } from 'node:util';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RedisPlace } from './redis-network.ts';
import { redisProgram } from '../require.ts';
import { onFreePort, ServerProcess } from '../server-process.ts';

export type RedisSettings = Readonly<Record<string, string | number>>;

export interface RedisServerOptions {
  /** Not there yet, or that of an earlier server whose data are to be there again. */
  readonly folder: string;
  readonly settings?: RedisSettings;
  /** Lines of a Sentinel's configuration: then it is one. */
  readonly sentinel?: readonly string[];
  readonly port?: number;
  /** Where others find it, and where it comes from to others. */
  readonly place?: RedisPlace;
}

const durable: RedisSettings = {
  save: '""',
  appendonly: 'yes',
  appendfsync: 'always',
  'maxmemory-policy': 'noeviction',
  'repl-diskless-sync-delay': 0,
  'enable-debug-command': 'yes',
};

export class RedisServer extends ServerProcess {
  readonly #ownPort: number;
  readonly #options: RedisServerOptions;
  readonly #configPath: string;

  private constructor(options: RedisServerOptions, port: number) {
    super();
    this.#options = options;
    this.#ownPort = port;
    this.#configPath = join(options.folder, 'redis.conf');
  }

  static start(options: RedisServerOptions): Promise<RedisServer> {
    return onFreePort(options.port, 'Address already in use', async (port) => {
      const server = new RedisServer(options, port);
      await server.#writeConfig();
      await server.run();
      options.place?.door.retarget({ host: server.host, port });
      return server;
    });
  }

  get host(): string {
    return '127.0.0.1';
  }

  /** Where others find it: its own, or that of its proxy. */
  get port(): number {
    return this.place?.door.port ?? this.#ownPort;
  }

  get place(): RedisPlace | undefined {
    return this.#options.place;
  }

  get address(): string {
    return `${this.host}:${this.port}`;
  }

  get url(): string {
    return `redis://${this.address}`;
  }

  /** What redis-cli prints, which asks it past any proxy. Rejects when that is an error. */
  async command(...args: readonly (string | number)[]): Promise<string> {
    const { stdout } = await promisify(execFile)('redis-cli', ['-e', '-p', String(this.#ownPort), ...args.map(String)], {
      timeout: 120_000,
      maxBuffer: 1 << 26,
    });
    return stdout.trimEnd();
  }

  /** Several commands by one redis-cli, one a line. */
  async commands(lines: readonly string[]): Promise<string> {
    const running = promisify(execFile)('redis-cli', ['-e', '-p', String(this.#ownPort)], { timeout: 120_000 });
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

  async #writeConfig(): Promise<void> {
    const { folder, settings, sentinel, place } = this.#options;
    await mkdir(folder, { recursive: true });
    const common = [`port ${this.#ownPort}`, 'bind 127.0.0.1', 'protected-mode no', `dir ${folder}`];
    if (place !== undefined) {
      const announce =
        sentinel === undefined
          ? ['replica-announce-ip', 'replica-announce-port']
          : ['sentinel announce-ip', 'sentinel announce-port'];
      common.push(`bind-source-addr ${place.source}`, `${announce[0]} ${this.host}`, `${announce[1]} ${place.door.port}`);
    }
    const own = sentinel ?? Object.entries({ ...durable, ...settings }).map(([name, value]) => `${name} ${String(value)}`);
    await writeFile(this.#configPath, `${[...common, ...own].join('\n')}\n`);
  }

  protected override get title(): string {
    return `the Redis at ${this.address}`;
  }

  protected override get logName(): string {
    return `redis-${this.port}`;
  }

  protected override launch(): ChildProcess {
    const argv0 = this.#options.sentinel === undefined ? 'redis-server' : 'redis-sentinel';
    return spawn(redisProgram, [this.#configPath], { argv0, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  protected override isReady(output: string): boolean {
    return output.includes(this.#options.sentinel === undefined ? 'Ready to accept connections' : 'Sentinel ID is');
  }
}

/** One server whose folder lies in another one. */
export async function startRedis(folder: string, settings: RedisSettings = {}, name = 'redis'): Promise<RedisServer> {
  return await RedisServer.start({ folder: join(folder, name), settings });
}
