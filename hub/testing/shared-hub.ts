/** A hub among others that share a Redis, as far as they know of each other: for tests of what they tell. */
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { clusterLibrary } from '../cluster/redis/functions.ts';
import { SharedCluster } from '../cluster/redis/shared-cluster.ts';
import { SiteStore } from '../cluster/redis/site-store.ts';
import { type TestMasters, testMasters } from '../queue/redis/masters/redis-fixture.ts';

export interface SharedHubParts {
  readonly letter: string;
  readonly url: string;
  /** Hubs of one prefix are of one site. */
  readonly prefix: string;
  readonly startedMs?: number;
}

export class SharedHub implements AsyncDisposable {
  readonly cluster: SharedCluster;
  readonly store: SiteStore;
  readonly #opened: TestMasters;

  private constructor(cluster: SharedCluster, store: SiteStore, opened: TestMasters) {
    this.cluster = cluster;
    this.store = store;
    this.#opened = opened;
  }

  static async join({ letter, url, prefix, startedMs = 0 }: SharedHubParts): Promise<SharedHub> {
    const opened = await testMasters({ url, prefix }, { libraries: [clusterLibrary] });
    const { masters } = opened;
    const store = new SiteStore(masters);
    const self = { hubId: letter.repeat(32), host: letter, version: '1', startedMs };
    const logger = createLogger({ level: 'error', sink: () => undefined });
    const cluster = await SharedCluster.join({ masters, store, self, partitions: 64, clock: systemClock, logger });
    cluster.tell({ state: 'ready', works: true, address: `ws://${letter}:1` });
    return new SharedHub(cluster, store, opened);
  }

  /** It leaves its site. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
    await this.#opened[Symbol.asyncDispose]();
  }

  /** As if it was killed: nobody is told. */
  async die(): Promise<void> {
    await this.#opened[Symbol.asyncDispose]();
    await this.cluster[Symbol.asyncDispose]();
  }
}
