/** The way to the Redis of a listener: at its address, or at the one that the Sentinels name. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { BeatsRedisOptions } from '../../config/beats-redis-options.ts';
import { addressOfUrl, connectSettings, sentinelSettings } from '../../queue/redis/masters/connect-settings.ts';
import { RedisConnection } from '../../queue/redis/masters/connection.ts';
import { SentinelWatch } from '../../queue/redis/masters/sentinel-watch.ts';

export interface RedisOfBeats extends AsyncDisposable {
  /** One connection, for as long as it lasts. Rejects with a sentence. */
  connect(signal: AbortSignal): Promise<RedisConnection>;
}

export function redisOfBeats(options: BeatsRedisOptions, clock: Clock): RedisOfBeats {
  let watch: SentinelWatch | undefined;
  return {
    connect: async (signal) => {
      try {
        const { tls_cert: cert, tls_key: key } = options;
        const settings = await connectSettings({ ...options, cert, key });
        const { url, sentinels, master_name: masterName, sentinel_password: password } = options;
        if (url !== undefined) return await RedisConnection.open(addressOfUrl(url), settings, { clock, signal });
        watch ??= new SentinelWatch({
          sentinels: sentinels ?? [],
          masterName,
          settings: sentinelSettings(settings, password),
          clock,
        });
        await watch.look();
        return await RedisConnection.open(await watch.master(), settings, { clock, signal });
      } catch (error) {
        // Those parts were made for the queue, and name its options.
        const message = (error instanceof Error ? error.message : String(error)).replaceAll(
          'queue.redis',
          'listeners.beats_redis',
        );
        throw new Error(message, { cause: error });
      }
    },
    [Symbol.asyncDispose]: async () => {
      await watch?.[Symbol.asyncDispose]();
    },
  };
}
