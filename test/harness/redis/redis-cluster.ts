/** A Redis Cluster of three masters, each with a replica if wanted, put together by hand: redis-cli takes its time for it. */
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { until } from '../until.ts';
import { placeIn, type RedisNetwork } from './redis-network.ts';
import { RedisServer, type RedisSettings } from './redis-server.ts';

export interface RedisClusterOptions {
  readonly folder: string;
  readonly isReplicated?: boolean;
  readonly settings?: RedisSettings;
  readonly nodeTimeoutMs?: number;
  /** Unless given nothing is between the nodes. */
  readonly network?: RedisNetwork;
}

export interface SlotOwner {
  readonly server: RedisServer;
  /** `0-5460`, or one slot alone. */
  readonly ranges: readonly string[];
}

const slots = 16_384;
const mastersCount = 3;

export class RedisCluster implements AsyncDisposable {
  /** Those that began as masters. */
  readonly masters: readonly RedisServer[];
  /** In the order of their masters. */
  readonly replicas: readonly RedisServer[];

  private constructor(masters: readonly RedisServer[], replicas: readonly RedisServer[]) {
    this.masters = masters;
    this.replicas = replicas;
  }

  static async start(options: RedisClusterOptions): Promise<RedisCluster> {
    const { folder, isReplicated = false } = options;
    const count = isReplicated ? mastersCount * 2 : mastersCount;
    const results = await Promise.allSettled(
      Array.from({ length: count }, (_, number) => startNode(join(folder, `node-${number}`), options)),
    );
    const nodes = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
    try {
      for (const result of results) if (result.status === 'rejected') throw result.reason;
      const cluster = new RedisCluster(nodes.slice(0, mastersCount), nodes.slice(mastersCount));
      await cluster.#assemble();
      return cluster;
    } catch (error) {
      for (const node of nodes) await node.kill();
      throw error;
    }
  }

  get nodes(): readonly RedisServer[] {
    return [...this.masters, ...this.replicas];
  }

  get addresses(): readonly string[] {
    return this.nodes.map(({ address }) => address);
  }

  /** Those that are masters now with the slots of each, once all nodes run and agree on it and each replica has all. */
  async settledMasters(): Promise<readonly SlotOwner[]> {
    return await until(
      'the nodes of the cluster agree',
      async () => {
        const views = await Promise.all(this.nodes.map((node) => this.#viewOf(node)));
        const [first = []] = views;
        const isShared = views.every((view) => JSON.stringify(portsOf(view)) === JSON.stringify(portsOf(first)));
        const masters = new Set(first.map(({ server }) => server));
        const replicas = this.nodes.filter((node) => !masters.has(node));
        const links = await Promise.all(replicas.map((replica) => replica.info('master_link_status')));
        return isShared && masters.size === mastersCount && links.every((link) => link === 'up') ? first : undefined;
      },
      { deadlineMs: 120_000, everyMs: 200 },
    );
  }

  /** The master that a slot began with. */
  ownerOf(slot: number): RedisServer {
    const owner = this.masters[Math.floor((slot * mastersCount) / slots)];
    if (owner === undefined) throw new Error(`there is no slot ${slot}`);
    return owner;
  }

  /** From here on a key that the source does not have is asked for at the target. */
  async beginMigration(slot: number, source: RedisServer, target: RedisServer): Promise<void> {
    await target.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', await source.command('CLUSTER', 'MYID'));
    await source.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', await target.command('CLUSTER', 'MYID'));
  }

  /** Moves at most so many keys. */
  async moveKeys(slot: number, source: RedisServer, target: RedisServer, keysMax = 100_000): Promise<number> {
    const listed = await source.command('CLUSTER', 'GETKEYSINSLOT', slot, keysMax);
    const keys = listed === '' ? [] : listed.split('\n');
    if (keys.length > 0) await source.command('MIGRATE', target.host, target.port, '', 0, 5000, 'KEYS', ...keys);
    return keys.length;
  }

  async endMigration(slot: number, source: RedisServer, target: RedisServer): Promise<void> {
    const id = await target.command('CLUSTER', 'MYID');
    const masters = (await this.#viewOf(target)).map(({ server }) => server);
    for (const node of [target, source, ...masters]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', id);
  }

  async migrate(slot: number, source: RedisServer, target: RedisServer): Promise<void> {
    await this.beginMigration(slot, source, target);
    while ((await this.moveKeys(slot, source, target)) > 0);
    await this.endMigration(slot, source, target);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
  }

  /** The masters as one node sees them. */
  async #viewOf(node: RedisServer): Promise<SlotOwner[]> {
    const lines = (await node.command('CLUSTER', 'NODES')).split('\n').map((line) => line.split(' '));
    return lines.flatMap(([, address = '', flags = '', , , , , , ...ranges]) => {
      const port = Number(/:(\d+)@/.exec(address)?.[1]);
      const server = this.nodes.find((one) => one.port === port);
      const isMaster = flags.split(',').includes('master') && !flags.includes('fail');
      return isMaster && server !== undefined ? [{ server, ranges: ranges.filter((range) => !range.startsWith('[')) }] : [];
    });
  }

  async #assemble(): Promise<void> {
    const [first] = this.masters;
    for (const [number, master] of this.masters.entries()) {
      const from = Math.ceil((number * slots) / mastersCount);
      const to = Math.ceil(((number + 1) * slots) / mastersCount) - 1;
      await master.commands([`CLUSTER SET-CONFIG-EPOCH ${number + 1}`, `CLUSTER ADDSLOTSRANGE ${from} ${to}`]);
    }
    const others = this.nodes.filter((node) => node !== first);
    await first?.commands(
      await Promise.all(others.map(async (node) => `CLUSTER MEET ${node.host} ${node.port} ${await busPortOf(node)}`)),
    );
    const all = String(this.nodes.length);
    for (const node of this.nodes) {
      await until('the nodes know each other', async () => (await clusterInfo(node, 'cluster_known_nodes')) === all);
    }
    for (const [number, replica] of this.replicas.entries()) {
      const master = this.masters[number];
      await replica.command('CLUSTER', 'REPLICATE', (await master?.command('CLUSTER', 'MYID')) ?? '');
    }
    for (const node of this.nodes) {
      await until('the cluster is up', async () => (await clusterInfo(node, 'cluster_state')) === 'ok');
    }
    for (const master of this.masters.slice(0, this.replicas.length)) {
      await until('a replica has all', () => master.hasReplicas(1));
    }
  }
}

async function startNode(
  folder: string,
  { settings = {}, nodeTimeoutMs = 2000, network }: RedisClusterOptions,
): Promise<RedisServer> {
  const busPort = await freePort();
  const { place } = await placeIn(network);
  place?.busDoor.retarget({ host: '127.0.0.1', port: busPort });
  return await RedisServer.start({
    folder,
    ...(place === undefined ? {} : { place }),
    settings: {
      'cluster-enabled': 'yes',
      // The usual one, 10000 above, may be beyond what there is.
      'cluster-port': busPort,
      ...(place === undefined
        ? {}
        : {
            'cluster-announce-ip': '127.0.0.1',
            'cluster-announce-port': place.door.port,
            'cluster-announce-bus-port': place.busDoor.port,
          }),
      'cluster-node-timeout': nodeTimeoutMs,
      'cluster-require-full-coverage': 'no',
      ...settings,
    },
  });
}

export function hasSlot({ ranges }: SlotOwner, slot: number): boolean {
  return ranges.some((range) => {
    const [from = '', to = from] = range.split('-');
    return slot >= Number(from) && slot <= Number(to);
  });
}

function portsOf(view: readonly SlotOwner[]): readonly string[] {
  return view.map(({ server, ranges }) => `${server.port} ${ranges.join(' ')}`).toSorted();
}

async function clusterInfo(node: RedisServer, field: string): Promise<string> {
  const text = await node.command('CLUSTER', 'INFO');
  return new RegExp(String.raw`^${field}:(.*?)\r?$`, 'm').exec(text)?.[1] ?? '';
}

async function busPortOf(node: RedisServer): Promise<string> {
  if (node.place !== undefined) return String(node.place.busDoor.port);
  return (await node.command('CONFIG', 'GET', 'cluster-port')).split('\n').at(-1) ?? '';
}
