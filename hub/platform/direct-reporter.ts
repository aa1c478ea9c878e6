/**
 * The hub's own events straight to Elasticsearch (`platform_reporter: direct`), past the topic that they would tell of:
 *
 *   publish → every output that takes them, at once → stored
 *           → one does not within a moment, or none is there: by the topic, as always, and for a while without asking
 *
 * Events carry an id of their own, which is the document's: one that was written before its answer was lost, and came by the topic as well, is there once.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Published } from '../listeners/listener-stream.ts';
import type { PlatformWriter } from './dispatch/platform-writer.ts';
import type { EventStream } from './event-stream.ts';
import { directAwayMs, directMs } from './limits.ts';

export interface DirectReporterParts {
  readonly topic: Pick<EventStream, 'publish'>;
  readonly tenant: string;
  readonly host: string;
  readonly clock: Clock;
}

export interface DirectCounts {
  readonly direct: number;
  readonly byTopic: number;
}

export class DirectReporter {
  readonly #parts: DirectReporterParts;
  readonly #counts = { direct: 0, byTopic: 0 };
  #writers: () => readonly PlatformWriter[] = () => [];
  #awayUntilMs = Number.NEGATIVE_INFINITY;

  constructor(parts: DirectReporterParts) {
    this.#parts = parts;
  }

  get counts(): DirectCounts {
    return this.#counts;
  }

  /** From now on; before, everything goes by the topic. */
  writeTo(writers: () => readonly PlatformWriter[]): void {
    this.#writers = writers;
  }

  async publish(documents: readonly string[]): Promise<Published> {
    const { topic, clock } = this.#parts;
    if (clock.monotonic() >= this.#awayUntilMs && (await this.#write(documents))) {
      this.#counts.direct += documents.length;
      return 'stored';
    }
    const published = await topic.publish(documents);
    if (published === 'stored') this.#counts.byTopic += documents.length;
    return published;
  }

  async #write(documents: readonly string[]): Promise<boolean> {
    const { tenant, host, clock } = this.#parts;
    const writers = this.#writers().filter((writer) => writer.takes(tenant));
    if (writers.length === 0) return false;
    const over = new AbortController();
    const late = clock.sleep(directMs, over.signal).then(() => Promise.reject(new Error('it takes too long')));
    const writing = writers.map((writer) => writer.write(documents, { tenant, host }, over.signal));
    try {
      await Promise.race([Promise.all(writing), late]);
      return true;
    } catch {
      this.#awayUntilMs = clock.monotonic() + directAwayMs;
      return false;
    } finally {
      over.abort();
      await Promise.allSettled([late, ...writing]);
    }
  }
}
