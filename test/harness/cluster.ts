/**
 * A site of several hubs over one Redis, with one archive folder, and agents that were not started yet. Every hub and every agent is a
 * process of its own, with folders of its own.
 */
import { AgentHost } from './agent-host.ts';
import { FaultyProxy } from './faulty-proxy.ts';
import { HubHost } from './hub-host.ts';
import { at, listAt, textAt } from './json.ts';
import { testPrograms, type Programs } from './programs.ts';
import { Scratch } from './scratch.ts';

/** A hub waits for a Redis that changes its master: on a busy machine Sentinels may do nothing for half a minute at a time. */
const startMsMax = 240_000;

type Config = Readonly<Record<string, unknown>>;

export interface ClusterOptions {
  readonly programs?: Programs;
  readonly hubs: number;
  readonly agents: number;
  /** `queue.redis`: how the store is reached by the hub of that number. */
  readonly redis: (hub: number) => Config;
  /** Options of the hub of that number that differ from those of a test. */
  readonly hub?: Config | ((hub: number) => Config);
  readonly agent?: Config | ((agent: number) => Config);
  /** What each agent reads in its folder; `*.log` unless given. */
  readonly inputs?: (logs: string) => readonly Config[];
  /** Agents reach each hub through a proxy of its own, which may cut and hold what passes. */
  readonly proxied?: boolean;
  readonly scratch?: Scratch;
}

export interface ClusterAgent {
  readonly host: AgentHost;
  /** Folder whose files it reads. */
  readonly logs: string;
}

export class HubCluster implements AsyncDisposable {
  readonly scratch: Scratch;
  readonly archive: string;
  readonly hubs: readonly HubHost[];
  readonly agents: readonly ClusterAgent[];
  /** Before the hubs, in their order; none unless asked for. */
  readonly proxies: readonly FaultyProxy[];

  private constructor(parts: Pick<HubCluster, 'scratch' | 'archive' | 'hubs' | 'agents' | 'proxies'>) {
    this.scratch = parts.scratch;
    this.archive = parts.archive;
    this.hubs = parts.hubs;
    this.agents = parts.agents;
    this.proxies = parts.proxies;
  }

  /** The hubs run when it resolves. */
  static async start(options: ClusterOptions): Promise<HubCluster> {
    const { programs = testPrograms, proxied = false } = options;
    const scratch = options.scratch ?? (await Scratch.make());
    const archive = await scratch.folder('archive');
    const numbers = Array.from({ length: options.hubs }, (_, number) => number);
    const hubs: HubHost[] = [];
    const proxies = proxied ? await Promise.all(numbers.map((number) => proxyBefore(() => hubs[number]))) : [];
    for (const number of numbers) {
      const address = proxies[number]?.url.replace('ws://', '');
      const config = hubConfig(options, { archive, number, address });
      hubs.push(new HubHost({ programs, scratch, name: `hub${number}`, config, startMsMax }));
    }
    const { agent: agentConfig = {} } = options;
    const agents: ClusterAgent[] = [];
    for (let number = 0; number < options.agents; number += 1) {
      const logs = await scratch.folder(`logs${number}`);
      const host = new AgentHost({
        programs,
        scratch,
        name: `agent${number}`,
        hubs: () => hubs.flatMap((hub, index) => (hub.listens ? [proxies[index]?.url ?? hub.url] : [])),
        inputs: options.inputs?.(logs) ?? [{ kind: 'file', paths: [`${logs}/*.log`], type: 'app' }],
        config: { hub_policy: 'balanced', ...(typeof agentConfig === 'function' ? agentConfig(number) : agentConfig) },
      });
      agents.push({ host, logs });
    }
    const cluster = new HubCluster({ scratch, archive, hubs, agents, proxies });
    try {
      await Promise.all(hubs.map((hub) => hub.start()));
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Members that a hub knows of, by their state. */
  async members(hub: HubHost): Promise<readonly string[]> {
    return listAt(at(await hub.status(), 'cluster', 'members')).map((member) => textAt(member, 'state'));
  }

  async partitionsOf(hub: HubHost): Promise<readonly unknown[]> {
    return listAt(at(await hub.status(), 'cluster', 'partitions', 'own'));
  }

  tail(): string {
    const programs = [...this.hubs, ...this.agents.map(({ host }) => host)].filter(({ running }) => running);
    return programs.map(({ program }) => program.tail(25)).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const parts = [...this.agents.map(({ host }) => host), ...this.proxies, ...this.hubs];
    await Promise.all(parts.map((part) => part[Symbol.asyncDispose]()));
    await this.scratch[Symbol.asyncDispose]();
  }
}

function hubConfig(
  { redis, hub = {} }: ClusterOptions,
  place: { readonly archive: string; readonly number: number; readonly address: string | undefined },
): Config {
  const { queue = {}, cluster = {}, ...others } = typeof hub === 'function' ? hub(place.number) : hub;
  return {
    outputs: [{ kind: 'archive', folder: place.archive, roll_interval: '1s' }],
    ...others,
    queue: { ...Object(queue), redis: redis(place.number) },
    cluster: { ...(place.address === undefined ? {} : { address: place.address }), ...Object(cluster) },
  };
}

async function proxyBefore(hub: () => HubHost | undefined): Promise<FaultyProxy> {
  return await FaultyProxy.start({
    target: () => {
      const { port = 0 } = hub() ?? {};
      return port === 0 ? undefined : { host: '127.0.0.1', port };
    },
    plan: () => ({ toHub: {}, toAgent: {} }),
  });
}
