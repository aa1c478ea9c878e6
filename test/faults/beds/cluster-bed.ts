/** A site of two hubs that share a Redis, and an agent. Asked is the hub that stays. */
import type { HubHost } from '../../harness/hub-host.ts';
import { RedisServer } from '../../harness/redis/redis-server.ts';
import { type PlainAgent, PlainBed } from './plain-bed.ts';
import { rulesOfBeds } from './rules-of-beds.ts';

interface Parts {
  readonly redis: RedisServer;
  readonly stays: HubHost;
  readonly other: HubHost;
  readonly web: PlainAgent;
}

export class ClusterBed extends PlainBed {
  #parts: Parts | undefined;

  static async open(): Promise<ClusterBed> {
    return await PlainBed.begun(
      (scratch) => new ClusterBed(scratch),
      async (bed) => bed.#begin(),
    );
  }

  get parts(): Parts {
    if (this.#parts === undefined) throw new Error('this bed is not made yet');
    return this.#parts;
  }

  async #begin(): Promise<void> {
    const redis = this.owned.use(await RedisServer.start({ folder: this.scratch.file('redis') }));
    const archive = await this.scratch.folder('archive');
    const config = {
      listeners: { http: { address: '127.0.0.1:0' } },
      outputs: [{ kind: 'archive', folder: archive, roll_interval: '1s' }],
      queue: { redis: { url: redis.url } },
      health: { rules: { ...rulesOfBeds, version_skew: { after: '1s' } } },
    };
    const stays = await this.hub({ name: 'one', config });
    const other = await this.hub({ name: 'two', config });
    const web = await this.agent({ name: 'web', hubs: () => [stays.url, other.url] });
    this.#parts = { redis, stays, other, web };
    this.write(`${web.logs}/app.log`);
    await this.ask(stays);
  }
}
