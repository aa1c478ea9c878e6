/**
 * Finds out what no entry shows: that a stream ended, and that its end is lost. The queue is asked for the streams of an agent from which
 * nothing came lately, and again after twice the time each, so that agents at rest cost next to nothing.
 */
import type { Id, RecoveredStream } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { pause } from '../../groups/retry.ts';
import { type Queue, streamName } from '../../queue/queue.ts';
import type { KnownStream } from './known-stream.ts';
import { endsAgentsMax, endsLookMsMax } from './limits.ts';
import type { UpstreamOutbox } from './upstream-outbox.ts';

export interface StreamEndsParts {
  readonly queue: Pick<Queue, 'streamsOf' | 'gapsOf'>;
  readonly outbox: Pick<UpstreamOutbox, 'streams' | 'lostEnd'>;
  readonly clock: Clock;
  readonly lookMs: number;
  /** The site has all of the stream, up to `position`, and nothing follows. */
  readonly onEnded: (stream: KnownStream, position: number) => void;
}

interface Agent {
  readonly siteId: Id;
  readonly agentId: Id;
  readonly streams: Map<string, KnownStream>;
  /** When something came of it last. */
  lastMs: number;
}

interface Look {
  /** What was known of it when it was looked at. */
  readonly lastMs: number;
  readonly dueMs: number;
  readonly waitMs: number;
}

export class StreamEnds {
  readonly #parts: StreamEndsParts;
  #looks = new Map<string, Look>();

  constructor(parts: StreamEndsParts) {
    this.#parts = parts;
  }

  /** Resolves when aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(this.#parts.clock, this.#parts.lookMs, signal);
      if (!signal.aborted) await this.look();
    }
  }

  async look(): Promise<void> {
    const { clock, lookMs } = this.#parts;
    const nowMs = clock.now();
    const agents = this.#agents();
    const looks = new Map<string, Look>();
    let left = endsAgentsMax;
    for (const [name, agent] of agents) {
      const before = this.#looks.get(name);
      const isNews = before === undefined || before.lastMs !== agent.lastMs;
      const look: Look = isNews ? { lastMs: agent.lastMs, dueMs: nowMs + lookMs, waitMs: lookMs } : before;
      const isDue = !isNews && look.dueMs <= nowMs && left > 0;
      const waitMs = isDue ? Math.min(look.waitMs * 2, endsLookMsMax) : look.waitMs;
      looks.set(name, isDue ? { ...look, waitMs, dueMs: nowMs + waitMs } : look);
      if (!isDue) continue;
      left -= 1;
      await this.#lookAt(agent);
    }
    this.#looks = looks;
  }

  #agents(): Map<string, Agent> {
    const agents = new Map<string, Agent>();
    for (const stream of this.#parts.outbox.streams.values()) {
      const { siteId, agentId } = stream.info.key;
      const agent = agents.getOrInsertComputed(`${siteId}/${agentId}`, () => {
        return { siteId, agentId, streams: new Map(), lastMs: 0 };
      });
      agent.streams.set(stream.name, stream);
      agent.lastMs = Math.max(agent.lastMs, stream.lastMs);
    }
    return agents;
  }

  async #lookAt({ siteId, agentId, streams }: Agent): Promise<void> {
    for await (const told of this.#parts.queue.streamsOf(siteId, agentId)) {
      const stream = streams.get(streamName({ siteId, agentId, streamId: told.streamId }));
      if (stream !== undefined && stream.diverged === undefined) await this.#compare(stream, told);
    }
  }

  async #compare(stream: KnownStream, told: RecoveredStream): Promise<void> {
    const { queue, outbox, onEnded } = this.#parts;
    if (told.held > stream.end) {
      stream.setGaps(await queue.gapsOf(stream.info.key));
      // Anything else is on its way here as an entry.
      if (!stream.isLost(stream.end, told.held)) return;
      outbox.lostEnd(stream, told);
    }
    if (told.closed && told.held === stream.end) onEnded(stream, stream.end);
  }
}
