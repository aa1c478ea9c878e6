/**
 * Listens to a channel of Beats. Redis keeps nothing of it: what is published while nobody listens, or for what there is no room in memory, is gone,
 * and the latter is counted. Use a list where nothing may be lost.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '@tributary/shared/clock.ts';
import { pause, Retry } from '../../groups/retry.ts';
import { Wake } from '../../groups/wake.ts';
import type { RedisConnection } from '../../queue/redis/masters/connection.ts';
import type { BeatsIntake } from './beats-intake.ts';
import type { BeatsListEvents } from './beats-list-reader.ts';
import { batchBytesMax, batchEventsMax, channelBytesMax, channelEventsMax, idleMsMin, retryMsMax, retryMsMin } from './limits.ts';

export interface BeatsChannelReaderParts {
  readonly channel: string;
  readonly intake: Pick<BeatsIntake, 'publish'>;
  readonly connect: (signal: AbortSignal) => Promise<Pick<RedisConnection, 'subscribe' | 'destroy' | 'closed'>>;
  readonly clock: Clock;
  readonly events: Pick<BeatsListEvents, 'trouble'> & { readonly lost: (events: number) => void };
}

export class BeatsChannelReader {
  readonly #parts: BeatsChannelReaderParts;
  readonly #wake = new Wake();
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(parts: BeatsChannelReaderParts) {
    this.#parts = parts;
  }

  /** Until aborted: what came until then is stored, if the store takes it. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#listen(signal), this.#store(signal)]);
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { clock, connect, channel, events } = this.#parts;
    const retry = new Retry({ msMin: retryMsMin, msMax: retryMsMax });
    while (!signal.aborted) {
      try {
        const redis = await connect(signal);
        const stop = (): void => redis.destroy();
        signal.addEventListener('abort', stop, { once: true });
        await redis.subscribe(channel, (message) => this.#came(Buffer.from(message)));
        events.trouble(undefined);
        retry.succeeded();
        throw await redis.closed.finally(() => signal.removeEventListener('abort', stop));
      } catch (error) {
        if (!signal.aborted) events.trouble(error instanceof Error ? error.message : String(error));
      }
      await retry.wait(clock, signal);
    }
  }

  #came(event: Buffer): void {
    if (this.#waiting.length >= channelEventsMax || this.#waitingBytes + event.length > channelBytesMax) {
      this.#parts.events.lost(1);
      return;
    }
    this.#waiting.push(event);
    this.#waitingBytes += event.length;
    this.#wake.notify();
  }

  async #store(signal: AbortSignal): Promise<void> {
    const { clock, intake, events } = this.#parts;
    const retry = new Retry({ msMin: retryMsMin, msMax: retryMsMax });
    for (;;) {
      if (this.#waiting.length === 0) {
        if (signal.aborted) return;
        await this.#wake.wait(clock, signal);
        // More of them make one entry.
        await pause(clock, idleMsMin, signal);
        continue;
      }
      const batch = this.#firstOf();
      try {
        const tooLarge = await intake.publish(batch, randomUUID(), signal.aborted ? AbortSignal.timeout(retryMsMax) : signal);
        if (tooLarge.length > 0) events.lost(tooLarge.length);
        retry.succeeded();
      } catch (error) {
        if (signal.aborted) return;
        events.trouble(error instanceof Error ? error.message : String(error));
        this.#waiting.unshift(...batch);
        this.#waitingBytes += bytesOf(batch);
        await retry.wait(clock, signal);
      }
    }
  }

  #firstOf(): Buffer[] {
    let [count, bytes] = [0, 0];
    for (const { length } of this.#waiting) {
      if (count === batchEventsMax || (count > 0 && bytes + length > batchBytesMax)) break;
      count += 1;
      bytes += length;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }
}

function bytesOf(events: readonly Buffer[]): number {
  return events.reduce((sum, { length }) => sum + length, 0);
}
