/**
 * Reads a list of Beats: takes a batch, has it stored, and only then has Redis forget it (redis-list.ts).
 *
 *   connecting → taking ⇄ storing        a broken connection, or a store that fails: connecting, after a while
 */
import type { Clock } from '@tributary/shared/clock.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { pause, Retry } from '../../groups/retry.ts';
import type { RedisConnection } from '../../queue/redis/masters/connection.ts';
import type { BeatsIntake } from './beats-intake.ts';
import { goneMs, idleMsMax, idleMsMin, lookForGoneMs, retryMsMax, retryMsMin } from './limits.ts';
import type { RedisList } from './redis-list.ts';

export interface BeatsListReaderParts {
  readonly list: RedisList;
  readonly intake: Pick<BeatsIntake, 'publish'>;
  readonly connect: (signal: AbortSignal) => Promise<Pick<RedisConnection, 'send' | 'destroy'>>;
  readonly cluster: Pick<Cluster, 'members' | 'hubId'>;
  readonly clock: Clock;
  readonly events: BeatsListEvents;
}

export interface BeatsListEvents {
  /** Undefined: all is well. */
  readonly trouble: (reason: string | undefined) => void;
  readonly putAside: (events: number) => void;
  readonly takenOver: (hubId: string) => void;
}

export class BeatsListReader {
  readonly #parts: BeatsListReaderParts;
  /** Since when hubs that have a list were not heard of. */
  readonly #silentSinceMs = new Map<string, number>();
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: BeatsListReaderParts) {
    this.#parts = parts;
  }

  /** Until aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, connect, events } = this.#parts;
    const retry = new Retry({ msMin: retryMsMin, msMax: retryMsMax });
    while (!signal.aborted) {
      try {
        const redis = await connect(signal);
        try {
          await this.#read(redis, signal, retry);
        } finally {
          redis.destroy();
        }
      } catch (error) {
        if (!signal.aborted) events.trouble(error instanceof Error ? error.message : String(error));
      }
      await retry.wait(clock, signal);
    }
  }

  async #read(redis: Pick<RedisConnection, 'send'>, signal: AbortSignal, retry: Retry): Promise<void> {
    const { list, intake, clock, events } = this.#parts;
    let idleMs = idleMsMin;
    while (!signal.aborted) {
      await this.#takeOver(redis);
      const batch = await list.take(redis);
      events.trouble(undefined);
      retry.succeeded();
      if (batch === undefined) {
        await pause(clock, idleMs, signal);
        idleMs = Math.min(idleMs * 2, idleMsMax);
        continue;
      }
      idleMs = idleMsMin;
      crashPoint('hub.beats.after-take');
      const aside = await intake.publish(batch.events, batch.marker, signal);
      crashPoint('hub.beats.after-publish');
      await list.done(redis, batch, aside);
      if (aside.length > 0) events.putAside(aside.length);
    }
  }

  /** What hubs of the site had taken that have been gone for a while. Whoever takes it over publishes it under the same marker. */
  async #takeOver(redis: Pick<RedisConnection, 'send'>): Promise<void> {
    const { list, cluster, clock, events } = this.#parts;
    const nowMs = clock.monotonic();
    if (nowMs - this.#lookedMs < lookForGoneMs) return;
    this.#lookedMs = nowMs;
    const there = new Set(cluster.members().map(({ hubId }) => hubId));
    const silent = (await list.hubs(redis)).filter((hubId) => hubId !== cluster.hubId && !there.has(hubId));
    for (const hubId of this.#silentSinceMs.keys()) if (!silent.includes(hubId)) this.#silentSinceMs.delete(hubId);
    for (const hubId of silent) {
      if (nowMs - this.#silentSinceMs.getOrInsert(hubId, nowMs) < goneMs) continue;
      // One at a time: it is this hub's next batch.
      if (!(await list.adopt(redis, hubId))) continue;
      events.takenOver(hubId);
      return;
    }
  }
}
