/**
 * The agent's own events on their way into the buffer: JSON documents as records of a stream in the channel `<tenant>/platform`.
 *
 *   report → limit (what repeats is summed) → queue in memory (bounded) → stream
 *
 * Nothing waits for it and it never waits for others: until the stream is open, and while there is no room, documents wait in the queue;
 * what does not fit is counted by cause, and told once there is room again. Nothing here reports an event about itself.
 */
import type { Teller } from '@tributary/protocol/platform/document.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { PlatformCounters } from '../counters.ts';
import { Condition } from '../framing/condition.ts';
import { CountedStream } from '../inputs/counted-stream.ts';
import type { Sink } from '../inputs/input.ts';
import { channelType, endEarlierStreams } from './channel.ts';
import { eventDocument } from './document.ts';
import { EventLimit } from './event-limit.ts';
import { documentBytesMax, queuedBytesMax, queuedEventsMax } from './limits.ts';
import type { PlatformEvent, PlatformReporter } from './platform-events.ts';

export interface PlatformStreamOptions {
  readonly tenant: string;
  readonly teller: Teller;
  readonly clock: Clock;
  readonly counters: PlatformCounters;
}

/** What tells the stream apart from others of the channel. */
const streamPath = 'agent';

export class PlatformStream implements PlatformReporter {
  readonly #options: PlatformStreamOptions;
  readonly #limit = new EventLimit();
  readonly #noRoom = new Condition();
  readonly #summed = new Condition();
  #queue: string[] = [];
  #queuedBytes = 0;
  #droppedUntold = 0;
  #stream: CountedStream | undefined;
  #hasRoom = true;
  #closed = false;

  constructor(options: PlatformStreamOptions) {
    this.#options = options;
  }

  report(event: PlatformEvent): void {
    const { counters, clock } = this.#options;
    counters.reported += 1;
    if (this.#closed) {
      counters.dropped['after-stop'] += 1;
      return;
    }
    if (event.kind === 'metric') {
      this.#reportMetric(event);
      return;
    }
    // Also while there is no stream yet, and nobody waits for the ends of windows.
    this.#tellSummed(false);
    if (this.#limit.admit(event, clock.monotonic())) this.#add(event, 1);
    else counters.summed += 1;
    this.#summed.notify();
    this.#flush();
  }

  /** Told at once or not at all: while there is no room the time is a hole in what was measured, and no queue. */
  #reportMetric(event: PlatformEvent): void {
    const { counters } = this.#options;
    if (this.#stream === undefined || !this.#hasRoom) {
      counters.dropped['no-room'] += 1;
      return;
    }
    this.#add(event, 1);
    this.#flush();
  }

  /** Opens the stream and serves the queue until aborted. */
  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { tenant, teller } = this.#options;
    const attributes = { tenant, type: channelType, host: teller.host, encoding: 'utf-8', labels: teller.labels };
    endEarlierStreams(sink, streamPath);
    const stream = await CountedStream.open({ sink, path: streamPath, attributes, overflow: 'reserve' });
    sink.onReplaced((streamId, replacement) => {
      if (streamId === stream.streamId) stream.replaced(replacement);
    });
    this.#stream = stream;
    this.#flush();
    try {
      await Promise.all([this.#waitForRoom(sink, signal), this.#tellWhenDue(signal)]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#stream = undefined;
    }
  }

  /** The last thing before the batcher is flushed: everything that is known is pushed, and the stream ends. */
  close(): void {
    this.#tellSummed(true);
    this.#flush();
    this.#closed = true;
    this.#stream?.end();
    this.#stream = undefined;
  }

  async #waitForRoom(sink: Sink, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      while (this.#hasRoom) await this.#noRoom.wait(signal);
      await sink.ready(signal);
      this.#hasRoom = true;
      this.#flush();
    }
  }

  /** Draws no timer while nothing was told for a while. */
  async #tellWhenDue(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const endMs = this.#limit.nextEndMs;
      if (endMs === undefined) await this.#summed.wait(signal);
      else await clock.sleep(Math.max(0, endMs - clock.monotonic()), signal);
      this.#tellSummed(false);
    }
  }

  #tellSummed(all: boolean): void {
    for (const { event, count } of this.#limit.due(this.#options.clock.monotonic(), all)) this.#add(event, count);
    this.#flush();
  }

  #add(event: PlatformEvent, count: number): void {
    const { counters, clock, teller } = this.#options;
    const document = eventDocument(event, teller, { nowMs: clock.now(), count });
    const bytes = Buffer.byteLength(document);
    if (bytes > documentBytesMax) {
      counters.dropped['too-large'] += 1;
      return;
    }
    if (this.#queue.length >= queuedEventsMax || this.#queuedBytes + bytes > queuedBytesMax) {
      counters.dropped['queue-full'] += 1;
      this.#droppedUntold += 1;
      return;
    }
    this.#queue.push(document);
    this.#queuedBytes += bytes;
  }

  #flush(): void {
    const { counters } = this.#options;
    const stream = this.#stream;
    if (stream === undefined || !this.#hasRoom) return;
    if (this.#droppedUntold > 0) this.#tellDropped();
    if (this.#queue.length === 0) return;
    const documents = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    const lengths = documents.map((document) => Buffer.byteLength(document));
    try {
      this.#hasRoom = stream.push({ bytes: Buffer.from(documents.join('')), lengths });
      counters.sent += documents.length;
    } catch {
      // The batcher broke, which whoever owns it is told of: nothing can be stored until everything is opened anew.
      this.#stream = undefined;
      counters.dropped['buffer-broken'] += documents.length;
    }
    if (!this.#hasRoom) this.#noRoom.notify();
  }

  /** Room was made by now: this document takes the place of those that are gone. */
  #tellDropped(): void {
    const { clock, teller } = this.#options;
    const event = { kind: 'event', name: 'events-dropped', fields: {} } as const;
    this.#queue.push(eventDocument(event, teller, { nowMs: clock.now(), count: this.#droppedUntold }));
    this.#droppedUntold = 0;
  }
}
