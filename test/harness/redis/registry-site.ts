/** Real Redis servers for tests of the shared registry, and hubs over them. */
import { randomBytes } from 'node:crypto';
import { type RedisServer, startRedis } from './redis-server.ts';
import { Scratch } from '../scratch.ts';
import { testRedisOptions } from '../../../hub/queue/redis/masters/redis-fixture.ts';
import type { SharedOptions } from '../../../hub/registry/sqlite/registry-calls.ts';
import { openRegistryFixture, type SqliteRegistryFixture } from '../../../hub/registry/sqlite/registry-fixture.ts';

/** Long enough that hubs of a test look several times. */
export const testRecoveryMs = 1200;

export class RedisSite implements AsyncDisposable {
  readonly server: RedisServer;
  readonly scratch: Scratch;
  #hubs = 0;

  private constructor(server: RedisServer, scratch: Scratch) {
    this.server = server;
    this.scratch = scratch;
  }

  static async start(): Promise<RedisSite> {
    const scratch = await Scratch.make();
    return new RedisSite(await startRedis(scratch.path), scratch);
  }

  /** Of a site of its own unless told otherwise. */
  shared(changes: { readonly prefix?: string; readonly url?: string; readonly mayFound?: boolean } = {}): SharedOptions {
    const { prefix = `p${randomBytes(6).toString('hex')}`, url = this.server.url, mayFound = true } = changes;
    return {
      redis: testRedisOptions({ url, prefix, partitions: 1 }),
      durability: 'full',
      mayFound,
      limits: { recoveryMs: testRecoveryMs },
      patience: { silenceMsMax: 1000, callWaitMsMax: 1500, replicasMsMax: 900, openMsMax: 3000 },
    };
  }

  /** A folder for one hub, or for a hub and commands beside it. */
  folder(): Promise<string> {
    this.#hubs += 1;
    return this.scratch.folder(`hub-${this.#hubs}`);
  }

  async hub(
    shared: SharedOptions,
    options: { readonly folder?: string; readonly thread?: boolean } = {},
  ): Promise<SqliteRegistryFixture> {
    return await openRegistryFixture({ folder: await this.folder(), ...options, shared });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.kill();
    await this.scratch[Symbol.asyncDispose]();
  }
}
