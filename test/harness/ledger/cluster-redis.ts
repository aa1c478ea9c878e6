/** The Redis of a ledger's site: one server behind a proxy for each hub, or what Sentinels watch over. */
import { join } from 'node:path';
import { RedisProxy } from '../redis/redis-proxy.ts';
import { RedisSentinels } from '../redis/redis-sentinels.ts';
import { RedisServer } from '../redis/redis-server.ts';

const partitions = 16;

export interface LedgerRedis extends AsyncDisposable {
  readonly kind: 'one' | 'sentinel';
  /** `queue.redis` of the hub of that number. */
  options(hub: number): Readonly<Record<string, unknown>>;
  /** Any of them may be killed or stopped. */
  readonly servers: readonly RedisServer[];
  /** In front of the one server, one for each hub; none where Sentinels tell the addresses. */
  readonly proxies: readonly RedisProxy[];
}

export async function redisOf(kind: LedgerRedis['kind'], folder: string, hubs: number): Promise<LedgerRedis> {
  return kind === 'one' ? await oneServer(folder, hubs) : await underSentinels(folder);
}

async function oneServer(folder: string, hubs: number): Promise<LedgerRedis> {
  await using made = new AsyncDisposableStack();
  const server = made.use(await RedisServer.start({ folder: join(folder, 'redis') }));
  const proxies: RedisProxy[] = [];
  const port = Number(server.address.slice(server.address.lastIndexOf(':') + 1));
  for (let hub = 0; hub < hubs; hub += 1) proxies.push(made.use(await RedisProxy.start({ host: server.host, port })));
  const owned = made.move();
  return {
    kind: 'one',
    servers: [server],
    proxies,
    options: (hub) => ({ url: proxies[hub]?.url, partitions }),
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  };
}

async function underSentinels(folder: string): Promise<LedgerRedis> {
  const site = await RedisSentinels.start({ folder: join(folder, 'redis'), replicas: 1 });
  return {
    kind: 'sentinel',
    servers: site.servers,
    proxies: [],
    options: () => ({ sentinels: site.addresses, min_replicas: 1, partitions }),
    [Symbol.asyncDispose]: async () => await site[Symbol.asyncDispose](),
  };
}
