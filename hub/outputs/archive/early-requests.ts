/**
 * Requests for the archive of a channel that came before anything of it was here. The first reader that is made in the partition takes them:
 * it may be another hub's partition yet, so each hub remembers them for a while.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { TopicPlace } from '../../groups/topic-runners.ts';

/** How long a request waits for its reader. */
export const earlyRequestMs = 10 * 60_000;
/** Anybody with an agent may ask, and under any name. */
export const earlyRequestsMax = 10_000;

export class EarlyRequests {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** Until when it counts, the oldest first. */
  readonly #untilMs = new Map<string, number>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Without a partition it is for the first reader of the channel, wherever it is. */
  add(channel: ChannelName, partition: number | undefined): void {
    const nowMs = this.#clock.monotonic();
    for (const [name, untilMs] of this.#untilMs) {
      if (untilMs > nowMs && this.#untilMs.size < earlyRequestsMax) break;
      this.#untilMs.delete(name);
    }
    const name = nameOf(channel, partition);
    this.#untilMs.delete(name);
    this.#untilMs.set(name, nowMs + earlyRequestMs);
  }

  /** Whether somebody waits for this reader. */
  take({ channel, partition }: Pick<TopicPlace, 'channel' | 'partition'>): boolean {
    const nowMs = this.#clock.monotonic();
    const taken = [nameOf(channel, partition), nameOf(channel, undefined)].map((name) => {
      const untilMs = this.#untilMs.get(name) ?? 0;
      this.#untilMs.delete(name);
      return untilMs > nowMs;
    });
    return taken.includes(true);
  }
}

function nameOf(channel: ChannelName, partition: number | undefined): string {
  return `${channel}#${partition ?? '*'}`;
}
