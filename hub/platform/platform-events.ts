/**
 * The hub's own events on their way into the queue:
 *
 *   report → allowance (floods are counted) → queue in memory (bounded) → stream of the platform channel
 *
 * Nothing waits for it. While the store is full or has no space, documents wait in memory; what does not fit is counted, and told
 * once there is room again. What was not stored when the hub is killed is lost: what must not be is in the audit trail.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { Teller } from '@tributary/protocol/platform/document.ts';
import { EventAllowance } from './event-allowance.ts';
import type { EventStream } from './event-stream.ts';
import { hubDocument } from './hub-document.ts';
import type { HubEvent, HubEventSink, ReportedEvent } from './hub-events.ts';
import {
  documentBytesMax,
  documentsPerEntryMax,
  lastFlushMs,
  queuedBytesMax,
  queuedEventsMax,
  retryMs,
  windowMs,
} from './limits.ts';

export interface PlatformEventsParts {
  readonly stream: Pick<EventStream, 'publish'>;
  readonly teller: Teller & { readonly site: string };
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where events may come by two ways: each has an id then. */
  readonly newId?: () => string;
}

export interface PlatformEventCounts {
  readonly reported: number;
  readonly stored: number;
  /** Not told one by one, but in a sum. */
  readonly summed: number;
  readonly dropped: number;
}

interface Waiting {
  readonly text: string;
  readonly bytes: number;
}

export class PlatformEvents implements HubEventSink, AsyncDisposable {
  readonly #parts: PlatformEventsParts;
  readonly #allowance = new EventAllowance();
  readonly #stop = new AbortController();
  readonly #counts = { reported: 0, stored: 0, summed: 0, dropped: 0 };
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  #droppedUntold = 0;
  #failed = false;
  #wake: (() => void) | undefined;
  readonly #running: Promise<void>;

  constructor(parts: PlatformEventsParts) {
    this.#parts = parts;
    this.#running = this.#run(this.#stop.signal);
  }

  get counts(): PlatformEventCounts {
    return { ...this.#counts };
  }

  report(event: ReportedEvent): void {
    const { clock } = this.#parts;
    this.#counts.reported += 1;
    if (this.#stop.signal.aborted) {
      this.#counts.dropped += 1;
      return;
    }
    this.#tellSummed(false);
    if (this.#allowance.admit(event, clock.monotonic())) this.#add(event, 1);
    else this.#counts.summed += 1;
    this.#wake?.();
  }

  /** What is known by now is stored, if the store takes it soon. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#tellSummed(true);
    this.#stop.abort();
    this.#wake?.();
    await this.#running;
    const deadlineMs = this.#parts.clock.monotonic() + lastFlushMs;
    while (this.#queue.length > 0 && this.#parts.clock.monotonic() < deadlineMs && (await this.#flush()));
    this.#counts.dropped += this.#queue.length;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      if (this.#queue.length === 0) await this.#waitForWork(signal);
      this.#tellSummed(false);
      if (signal.aborted || this.#queue.length === 0 || (await this.#flush())) continue;
      await clock.sleep(retryMs, signal).catch(() => undefined);
    }
  }

  /** Until something is reported, or a window with sums may have ended. */
  async #waitForWork(signal: AbortSignal): Promise<void> {
    const work = new AbortController();
    this.#wake = () => work.abort();
    await this.#parts.clock.sleep(windowMs, AbortSignal.any([signal, work.signal])).catch(() => undefined);
    this.#wake = undefined;
  }

  /** False when the store took nothing. */
  async #flush(): Promise<boolean> {
    const { stream, logger } = this.#parts;
    const taken = this.#queue.slice(0, documentsPerEntryMax);
    try {
      const texts = taken.map(({ text }) => text);
      if ((await stream.publish(texts)) === 'full') return false;
    } catch (error) {
      if (!this.#failed) logger.error('platform events cannot be stored; it is tried again', { error });
      this.#failed = true;
      return false;
    }
    this.#failed = false;
    this.#queue = this.#queue.slice(taken.length);
    this.#queuedBytes -= taken.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#counts.stored += taken.length;
    if (this.#droppedUntold > 0) this.#tellDropped();
    return true;
  }

  #tellSummed(all: boolean): void {
    for (const { event, count } of this.#allowance.due(this.#parts.clock.monotonic(), all)) this.#add(event, count);
  }

  #add(event: HubEvent, count: number): void {
    const { clock, teller } = this.#parts;
    const text = hubDocument(event, teller, { nowMs: clock.now(), count, ...this.#id() });
    const bytes = Buffer.byteLength(text);
    const fits = this.#queue.length < queuedEventsMax && this.#queuedBytes + bytes <= queuedBytesMax;
    if (bytes <= documentBytesMax && fits) {
      this.#queue.push({ text, bytes });
      this.#queuedBytes += bytes;
      return;
    }
    this.#counts.dropped += 1;
    this.#droppedUntold += 1;
  }

  #id(): { readonly id?: string } {
    const { newId } = this.#parts;
    return newId === undefined ? {} : { id: newId() };
  }

  /** Room was made by now: this document takes the place of those that are gone. */
  #tellDropped(): void {
    const { clock, teller } = this.#parts;
    const event: HubEvent = {
      action: 'events-dropped',
      message: 'events of the hub could not be kept: there was no room',
      level: 'warn',
      category: 'process',
      fields: {},
    };
    const text = hubDocument(event, teller, { nowMs: clock.now(), count: this.#droppedUntold, ...this.#id() });
    const bytes = Buffer.byteLength(text);
    this.#queue.push({ text, bytes });
    this.#queuedBytes += bytes;
    this.#droppedUntold = 0;
  }
}
