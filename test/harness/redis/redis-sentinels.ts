/** A master with replicas and three Sentinels that watch it. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { until } from '../until.ts';
import { placeIn, type RedisNetwork } from './redis-network.ts';
import { RedisServer, type RedisSettings } from './redis-server.ts';

export interface RedisSentinelsOptions {
  readonly folder: string;
  /** Two unless given: with `min-replicas-to-write 1` one of them may be gone and writes still go on. */
  readonly replicas?: number;
  readonly settings?: RedisSettings;
  readonly downAfterMs?: number;
  /** Unless given nothing is between them. */
  readonly network?: RedisNetwork;
}

export const masterName = 'tributary';
const quorum = 2;

export class RedisSentinels implements AsyncDisposable {
  /** The one that began as the master is the first. */
  readonly servers: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];

  private constructor(servers: readonly RedisServer[], sentinels: readonly RedisServer[]) {
    this.servers = servers;
    this.sentinels = sentinels;
  }

  static async start(options: RedisSentinelsOptions): Promise<RedisSentinels> {
    const { folder, replicas = 2, settings = {}, network } = options;
    const started: RedisServer[] = [];
    try {
      const own: RedisSettings = { 'min-replicas-to-write': 1, 'min-replicas-max-lag': 10, 'repl-timeout': 10, ...settings };
      const master = await RedisServer.start({ folder: join(folder, 'redis-0'), settings: own, ...(await placeIn(network)) });
      started.push(master);
      const replicaSettings = { ...own, replicaof: `${master.host} ${master.port}` };
      for (let number = 1; number <= replicas; number += 1) {
        const at = { folder: join(folder, `redis-${number}`), ...(await placeIn(network)) };
        started.push(await RedisServer.start({ ...at, settings: replicaSettings }));
      }
      const sentinels = await startSentinels(options, master, started);
      const site = new RedisSentinels(started.slice(0, replicas + 1), sentinels);
      await site.#settled(replicas);
      return site;
    } catch (error) {
      for (const server of started) await server.kill();
      throw error;
    }
  }

  /** `host:port` of each Sentinel. */
  get addresses(): readonly string[] {
    return this.sentinels.map(({ address }) => address);
  }

  /** The one that the Sentinels name now. */
  async master(): Promise<RedisServer> {
    const sentinel = this.sentinels.find(({ running }) => running);
    const [, port] = ((await sentinel?.command('SENTINEL', 'get-master-addr-by-name', masterName)) ?? '').split('\n');
    const found = this.servers.find((server) => server.port === Number(port));
    if (found === undefined) throw new Error(`the Sentinels name a master that is none of ours: port ${port}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.sentinels, ...this.servers].map((server) => server.kill()));
  }

  async #settled(replicas: number): Promise<void> {
    const [master] = this.servers;
    await until('the replicas follow', async () => (await master?.isFollowedBy(replicas)) === true);
    for (const sentinel of this.sentinels) {
      await until('the Sentinels know all', async () => {
        const known = await sentinel.command('SENTINEL', 'masters');
        return /num-slaves\n(\d+)/.exec(known)?.[1] === String(replicas) && /num-other-sentinels\n2/.test(known);
      });
    }
  }
}

/** They know each other from the start: finding one another takes them seconds. */
async function startSentinels(
  { folder, downAfterMs = 1000, network }: RedisSentinelsOptions,
  master: RedisServer,
  started: RedisServer[],
): Promise<readonly RedisServer[]> {
  const members = [];
  for (let number = 0; number < 3; number += 1) {
    const port = await freePort();
    const at = await placeIn(network);
    members.push({ id: randomBytes(20).toString('hex'), port, at, announced: at.place?.door.port ?? port });
  }
  const sentinels: RedisServer[] = [];
  for (const [number, { id, port, at }] of members.entries()) {
    const others = members.filter((member) => member.port !== port);
    const sentinel = await RedisServer.start({
      folder: join(folder, `sentinel-${number}`),
      port,
      ...at,
      sentinel: [
        `sentinel myid ${id}`,
        `sentinel monitor ${masterName} ${master.host} ${master.port} ${quorum}`,
        `sentinel down-after-milliseconds ${masterName} ${downAfterMs}`,
        `sentinel failover-timeout ${masterName} 4000`,
        ...others.map((other) => `sentinel known-sentinel ${masterName} 127.0.0.1 ${other.announced} ${other.id}`),
      ],
    });
    started.push(sentinel);
    sentinels.push(sentinel);
  }
  return sentinels;
}
