/**
 * The Redis of a ledger's site: one server behind a proxy for each hub; or what Sentinels watch over, or a Redis Cluster of three masters, where
 * each process is behind a proxy for all.
 */
import { join } from 'node:path';
import { keySlot } from '../../../hub/queue/redis/masters/key-slot.ts';
import { partitionKeys } from '../../../hub/queue/redis/masters/masters.ts';
import type { Random } from '../random.ts';
import { hasSlot, RedisCluster } from '../redis/redis-cluster.ts';
import { RedisNetwork } from '../redis/redis-network.ts';
import { RedisProxy } from '../redis/redis-proxy.ts';
import { RedisSentinels } from '../redis/redis-sentinels.ts';
import { RedisServer } from '../redis/redis-server.ts';

const partitions = 16;
/** On a busy machine a second passes without anything being wrong. */
const downAfterMs = 2000;
/** Of all keys of the site. */
const prefix = 'ledger';

export interface LedgerRedis extends AsyncDisposable {
  readonly kind: 'one' | 'sentinel' | 'cluster';
  /** `queue.redis` of the hub of that number. */
  options(hub: number): Readonly<Record<string, unknown>>;
  /** Any of them may be killed or stopped. */
  readonly servers: readonly RedisServer[];
  /** The Sentinels, where there are any; they may be killed or stopped as well. */
  readonly sentinels: readonly RedisServer[];
  /** In front of the one server, one for each hub; none where there is a network. */
  readonly proxies: readonly RedisProxy[];
  /** Between the processes and everybody: any of them may be cut off. */
  readonly network?: RedisNetwork;
  /** Moves a slot that the site uses to another master, where there are several. */
  readonly move?: (random: Random) => Promise<void>;
  /** What is not as it must be at the end, in sentences. */
  problems(): Promise<readonly string[]>;
}

export async function redisOf(kind: LedgerRedis['kind'], folder: string, hubs: number): Promise<LedgerRedis> {
  if (kind === 'cluster') return await inCluster(folder);
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
    sentinels: [],
    proxies,
    options: (hub) => ({ url: proxies[hub]?.url, partitions }),
    problems: () => Promise.resolve([]),
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  };
}

async function underSentinels(folder: string): Promise<LedgerRedis> {
  await using made = new AsyncDisposableStack();
  const network = made.use(new RedisNetwork());
  const site = made.use(await RedisSentinels.start({ folder: join(folder, 'redis'), replicas: 1, network, downAfterMs }));
  const owned = made.move();
  return {
    kind: 'sentinel',
    servers: site.servers,
    sentinels: site.sentinels,
    proxies: [],
    network,
    options: () => ({ sentinels: site.addresses, min_replicas: 1, partitions }),
    problems: () => Promise.resolve([]),
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  };
}

/** A replica behind each master, and an ack that waits for it. */
async function inCluster(folder: string): Promise<LedgerRedis> {
  await using made = new AsyncDisposableStack();
  const network = made.use(new RedisNetwork());
  const site = made.use(await RedisCluster.start({ folder: join(folder, 'redis'), isReplicated: true, network }));
  const owned = made.move();
  return {
    kind: 'cluster',
    servers: site.nodes,
    sentinels: [],
    proxies: [],
    network,
    options: () => ({ cluster: site.addresses, min_replicas: 1, prefix, partitions }),
    move: async (random) => await moveSlot(site, random),
    problems: async () => await emptyMasters(site),
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  };
}

async function moveSlot(site: RedisCluster, random: Random): Promise<void> {
  const slot = keySlot(partitionKeys(prefix, random.below(partitions)));
  const masters = await site.settledMasters();
  const source = masters.find((master) => hasSlot(master, slot));
  if (source === undefined) throw new Error(`no master has slot ${slot}`);
  const target = random.pick(masters.filter((master) => master !== source));
  await site.migrate(slot, source.server, target.server);
}

/** A site whose keys were all on one master would prove nothing of the others. */
async function emptyMasters(site: RedisCluster): Promise<readonly string[]> {
  const masters = await site.settledMasters();
  const sizes = await Promise.all(masters.map(({ server }) => server.command('DBSIZE')));
  return sizes.includes('0') ? [`not all masters hold data: ${sizes.join(', ')} keys`] : [];
}
