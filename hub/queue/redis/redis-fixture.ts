/** Queues over one real Redis, emptied for each test, with a clock that only the test moves on. */
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { startRedis, type RedisServer } from '../../../test/harness/redis/redis-server.ts';
import { Scratch } from '../../../test/harness/scratch.ts';
import type { QueueFixture } from '../contract/contract-test.ts';
import type { QueueLimits } from '../limits.ts';
import { queueLibrary } from './functions/library.ts';
import type { Masters } from './masters/masters.ts';
import { openMasters } from './masters/open-masters.ts';
import { testRedisOptions } from './masters/redis-fixture.ts';
import { openRedisQueue, type RedisQueueOptions } from './open-redis-queue.ts';
import type { RedisQueue } from './redis-queue.ts';

export interface RedisQueueFixture extends QueueFixture {
  readonly queue: RedisQueue;
  readonly masters: Masters;
  readonly logged: readonly LogEntry[];
}

export interface RedisFixtureOptions extends Partial<Omit<RedisQueueOptions, 'masters' | 'log'>> {
  /** Each test has keys of its own. */
  readonly prefix: string;
}

/** A server for the tests of one file. */
export class TestRedis implements AsyncDisposable {
  readonly server: RedisServer;
  readonly #scratch: Scratch;
  #prefixes = 0;

  private constructor(server: RedisServer, scratch: Scratch) {
    this.server = server;
    this.#scratch = scratch;
  }

  static async start(settings: Parameters<typeof startRedis>[1] = {}): Promise<TestRedis> {
    const scratch = await Scratch.make();
    return new TestRedis(await startRedis(scratch.path, settings), scratch);
  }

  /** Holds what the server keeps, in `redis`. */
  get folder(): string {
    return this.#scratch.path;
  }

  nextPrefix(): string {
    this.#prefixes += 1;
    return `t${this.#prefixes}`;
  }

  /** One partition, unless it says otherwise; nothing goes on by itself. */
  async open(limits: Partial<QueueLimits> = {}, changes: Partial<RedisFixtureOptions> = {}): Promise<RedisQueueFixture> {
    const { prefix = this.nextPrefix(), ...options } = changes;
    const logged: LogEntry[] = [];
    const log = createLogger({ level: 'debug', sink: (entry) => logged.push(entry) });
    await using unlessOpen = new AsyncDisposableStack();
    const masters = unlessOpen.use(await openTestMasters(this.server.url, prefix, options.partitions ?? 1));
    let offsetMs = 0;
    const open = (): Promise<RedisQueue> =>
      openRedisQueue({ masters, log, partitions: 1, limits, clockOffsetMs: () => offsetMs, keepsHouse: false, ...options });
    let queue = await open();
    const owned = unlessOpen.move();
    return {
      get queue() {
        return queue;
      },
      masters,
      logged,
      advance: (ms) => {
        offsetMs += ms;
      },
      reopen: async () => {
        await queue[Symbol.asyncDispose]();
        queue = await open();
      },
      [Symbol.asyncDispose]: async () => {
        await queue[Symbol.asyncDispose]();
        await owned.disposeAsync();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.#scratch[Symbol.asyncDispose]();
  }
}

export function openTestMasters(url: string, prefix: string, partitions: number): Promise<Masters> {
  const logger = createLogger({ level: 'error', sink: () => undefined });
  const options = testRedisOptions({ url, prefix, partitions });
  return openMasters({ options, logger, clock: systemClock, durability: 'full', libraries: [queueLibrary] });
}
