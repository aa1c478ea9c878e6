/** For `check`: is the Redis that is configured there, and what the hub demands of it? Nothing is changed in it. */
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { sentenceAt } from '@tributary/shared/options/config-file.ts';
import { hubOptions, type HubOptions } from '../options.ts';
import type { DurabilityFact } from '../store/hub-store.ts';
import type { CommandHost } from './exit.ts';
import type { ConfigRequest } from './load-config.ts';

export interface RedisCheck {
  readonly ok: boolean;
  /** What is wrong, with the place in the file. */
  readonly problem: string | undefined;
  /** As read back from each master. */
  readonly durability: readonly DurabilityFact[];
}

const patience = { openMsMax: 5000, callWaitMsMax: 5000 };

/** Undefined without `queue.redis`. */
export async function checkRedis(
  { queue: { redis, durability } }: HubOptions,
  { configFile: file }: ConfigRequest,
  { env }: Pick<CommandHost, 'env'>,
): Promise<RedisCheck | undefined> {
  if (redis === undefined) return undefined;
  const { openMasters } = await import('../queue/redis/masters/open-masters.ts');
  const logger = createLogger({ level: 'error', sink: () => undefined });
  try {
    await using masters = await openMasters({ options: redis, logger, clock: systemClock, durability, libraries: [], patience });
    return { ok: true, problem: undefined, durability: masters.facts() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, problem: sentenceAt({ file, schema: hubOptions, env }, ['queue', 'redis'], reason), durability: [] };
  }
}
