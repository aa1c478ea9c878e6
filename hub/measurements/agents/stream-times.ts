/**
 * When this hub received something of each stream last, since its own start. Of too many streams the one of which nothing came for longest is forgotten,
 * as is one of which nothing more will come.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { StreamKey } from '@tributary/protocol/session/server-effect.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { SourceEvents } from '../../intake/source-events.ts';
import { streamTimesMax } from '../limits.ts';

export class StreamTimes implements SourceEvents {
  readonly #clock: Pick<Clock, 'now'>;
  /** In the order in which something came. */
  readonly #receivedMs = new Map<string, number>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  opened(): void {
    // Nothing came yet.
  }

  brought(key: StreamKey): void {
    this.closed(key);
    this.#receivedMs.set(nameOf(key), this.#clock.now());
    const [oldest] = this.#receivedMs.keys();
    if (oldest !== undefined && this.#receivedMs.size > streamTimesMax) this.#receivedMs.delete(oldest);
  }

  closed(key: StreamKey): void {
    this.#receivedMs.delete(nameOf(key));
  }

  /** Undefined: nothing came here. */
  receivedMs(key: StreamKey): number | undefined {
    return this.#receivedMs.get(nameOf(key));
  }
}

/** An agent draws the ids of its streams by itself. */
function nameOf({ siteId, agentId, streamId }: StreamKey): `${Id} ${Id} ${Id}` {
  return `${siteId} ${agentId} ${streamId}`;
}
