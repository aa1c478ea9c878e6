/**
 * Several real nodes that are one cluster. Of two only the first can be master: the second may die and the first goes on, and without the first
 * the second has no master. Of three and more each can be.
 */
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { numberAt } from '../json.ts';
import { until } from '../until.ts';
import { ElasticsearchServer, type ElasticsearchServerOptions } from './elasticsearch-server.ts';
import type { ElasticsearchSettings } from './server-files.ts';

export interface ElasticsearchClusterOptions extends Omit<ElasticsearchServerOptions, 'node' | 'port'> {
  readonly nodes: number;
}

export class ElasticsearchCluster implements AsyncDisposable {
  readonly nodes: readonly ElasticsearchServer[];

  private constructor(nodes: readonly ElasticsearchServer[]) {
    this.nodes = nodes;
  }

  /** Each node has a folder in that of the cluster. */
  static async start({ nodes, folder, ...options }: ElasticsearchClusterOptions): Promise<ElasticsearchCluster> {
    const names = Array.from({ length: nodes }, (_, index) => `node-${index + 1}`);
    const ports = await Promise.all(names.map(async () => await freePort()));
    const masters = nodes < 3 ? names.slice(0, 1) : names;
    const starting = names.map(async (name, index) => {
      const cluster = clusterSettings({ ports, masters, isMaster: masters.includes(name) });
      const node = { name, transportPort: ports[index] ?? 0, cluster };
      return await ElasticsearchServer.start({ ...options, folder: join(folder, name), node });
    });
    const started = await Promise.allSettled(starting);
    const cluster = new ElasticsearchCluster(started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
    const failed = started.find((each) => each.status === 'rejected');
    if (failed !== undefined) {
      await cluster[Symbol.asyncDispose]();
      throw failed.reason;
    }
    await cluster.untilWhole();
    return cluster;
  }

  get urls(): string[] {
    return this.nodes.map((node) => node.url);
  }

  /** By its place, from 0. */
  node(index: number): ElasticsearchServer {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`the cluster has ${this.nodes.length} nodes`);
    return node;
  }

  /** Every node that runs has joined, and no shard is lost. */
  async untilWhole(): Promise<void> {
    const running = this.nodes.filter((node) => node.running);
    const path = `/_cluster/health?wait_for_nodes=${running.length}&wait_for_status=yellow&timeout=1s`;
    await until(
      `${running.length} nodes are one cluster`,
      async () => {
        const answers = await Promise.all(running.map(async (node) => await node.request('GET', path)));
        return answers.every(({ status, body }) => status === 200 && numberAt(body, 'number_of_nodes') === running.length);
      },
      { deadlineMs: 120_000 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map(async (node) => await node[Symbol.asyncDispose]()));
  }
}

interface ClusterPlan {
  readonly ports: readonly number[];
  readonly masters: readonly string[];
  readonly isMaster: boolean;
}

function clusterSettings({ ports, masters, isMaster }: ClusterPlan): ElasticsearchSettings {
  return {
    'discovery.seed_hosts': ports.map((port) => `127.0.0.1:${port}`),
    'node.roles': [...(isMaster ? ['master'] : []), 'data', 'ingest'],
    // What follows a fault comes soon, so that tests of it are short.
    'cluster.fault_detection.follower_check.timeout': '2s',
    'cluster.fault_detection.leader_check.timeout': '2s',
    'discovery.find_peers_interval': '200ms',
    ...(isMaster ? { 'cluster.initial_master_nodes': masters } : {}),
  };
}
