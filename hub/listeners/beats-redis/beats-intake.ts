/**
 * Events of Beats into the front topics of their log types: one entry per type and machine, durable when `publish` resolves. The same events under
 * the same marker are stored once, however often they are published.
 */
import { hash } from 'node:crypto';
import { channelName } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { pause, Retry } from '../../groups/retry.ts';
import { QueueError } from '../../queue/queue-error.ts';
import type { QuotaGate } from '../../quotas/quota-gate.ts';
import type { ListenerStreams, Published, StreamTarget } from '../listener-stream.ts';
import { blockOf, fittingBlocks, type RecordBlock } from '../record-block.ts';
import { placeOfEvent } from './beats-event.ts';
import { eventBytesMax, publishesMax, retryMsMax, retryMsMin } from './limits.ts';

export interface BeatsIntakeParts {
  readonly streams: Pick<ListenerStreams, 'publish'>;
  readonly quotas: QuotaGate;
  readonly clock: Clock;
  readonly tenant: string;
  readonly typeDefault: string;
  /** What the archive tells as the events' source. */
  readonly source: string;
}

/** Since the start of the listener. */
export interface BeatsCounts {
  readonly events: number;
  readonly bytes: number;
  /** Had been stored before the hub could say so to Redis. */
  readonly duplicates: number;
  /** That the tenant's quota left out. */
  readonly dropped: number;
}

const newline = 0x0a;

export class BeatsIntake {
  readonly #parts: BeatsIntakeParts;
  readonly #counts = { events: 0, bytes: 0, duplicates: 0, dropped: 0 };

  constructor(parts: BeatsIntakeParts) {
    this.#parts = parts;
  }

  get counts(): BeatsCounts {
    return this.#counts;
  }

  /**
   * Waits while the store is full or the quota says so. Resolves with the places of events that are too large for any batch, which are not stored.
   * Rejects when aborted, or when the store fails: some of it may be stored then.
   */
  async publish(events: readonly Buffer[], marker: string, signal: AbortSignal): Promise<number[]> {
    const tooLarge = [...events.keys()].filter((place) => (events[place]?.length ?? 0) > eventBytesMax);
    const stored = events.filter(({ length }) => length <= eventBytesMax);
    const groups = this.#groupsOf(stored);
    const work = groups.entries();
    const publishing = Array.from({ length: Math.min(publishesMax, groups.length) }, async () => {
      for (const [, { target, records }] of work) await this.#store(target, records, { marker, signal });
    });
    // All of them have ended before anything else is done with the same events.
    const failed = (await Promise.allSettled(publishing)).find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return tooLarge;
  }

  /** Each in the order of the events. */
  #groupsOf(events: readonly Buffer[]): { readonly target: StreamTarget; readonly records: Buffer[] }[] {
    const { tenant, typeDefault, source } = this.#parts;
    const groups = new Map<string, { target: StreamTarget; records: Buffer[] }>();
    for (const event of events) {
      const { type, host } = placeOfEvent(event, typeDefault);
      const group = groups.getOrInsertComputed(`${type} ${host}`, () => ({
        target: { tenant, type, host, source },
        records: [],
      }));
      group.records.push(event.at(-1) === newline ? event : Buffer.concat([event, Buffer.of(newline)]));
    }
    return [...groups.values()];
  }

  async #store(
    target: StreamTarget,
    records: readonly Buffer[],
    { marker, signal }: { readonly marker: string; readonly signal: AbortSignal },
  ): Promise<void> {
    for (const [index, block] of fittingBlocks(blockOf(records)).entries()) {
      const key = hash('sha256', JSON.stringify(['beats-redis', marker, target.host, index]), 'hex');
      await this.#storeBlock(target, block, { key, signal });
    }
  }

  async #storeBlock(
    target: StreamTarget,
    block: RecordBlock,
    { key, signal }: { readonly key: string; readonly signal: AbortSignal },
  ): Promise<void> {
    const { quotas, clock } = this.#parts;
    const channel = channelName(target);
    const size = { bytes: block.bytes.length, records: block.lengths.length };
    const retry = new Retry({ msMin: retryMsMin, msMax: retryMsMax });
    for (;;) {
      signal.throwIfAborted();
      const verdict = quotas.admit(channel, size);
      if (verdict.kind === 'drop') {
        quotas.dropped(channel, size);
        this.#counts.dropped += size.records;
        return;
      }
      if (verdict.kind === 'throttle') {
        await pause(clock, Math.min(verdict.retryAfterMs, retryMsMax), signal);
        continue;
      }
      const published = await this.#publish(target, block, key).catch((error: unknown) => {
        quotas.giveBack(channel, size);
        throw error;
      });
      if (published !== 'stored') quotas.giveBack(channel, size);
      if (published !== 'full') return this.#count(published, size);
      await retry.wait(clock, signal);
    }
  }

  async #publish(target: StreamTarget, block: RecordBlock, key: string): Promise<Published> {
    try {
      return await this.#parts.streams.publish(target, block, key);
    } catch (error) {
      if (error instanceof QueueError && error.code === 'QUEUE_NO_SPACE') return 'full';
      throw error;
    }
  }

  #count(published: 'stored' | 'duplicate', { bytes, records }: { readonly bytes: number; readonly records: number }): void {
    if (published === 'duplicate') this.#counts.duplicates += records;
    else {
      this.#counts.events += records;
      this.#counts.bytes += bytes;
    }
  }
}
