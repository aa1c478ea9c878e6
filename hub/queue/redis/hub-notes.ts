/**
 * What hubs tell each other at once: entries that came, and channels whose archive somebody waits for. Best effort: what is lost on the way
 * is found by the poll, or asked for again.
 *
 * A note is JSON: `["entries", [partition, topic, last], …]` or `["archive", channel, partition]`, the last where it is about one. Others on the same channel are not ours.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { TopicName } from '../queue.ts';
import { noteMs } from './limits.ts';
import type { Masters } from './masters/masters.ts';

export interface HubNotesParts {
  readonly masters: Pick<Masters, 'publish' | 'subscribe'>;
  readonly onEntries: (partition: number, topic: TopicName, last: number) => void;
}

export class HubNotes implements Disposable {
  readonly #parts: HubNotesParts;
  readonly #unsubscribe: () => void;
  readonly #listeners = new Set<(channel: ChannelName, partition?: number) => void>();
  readonly #told = new Map<string, readonly [partition: number, topic: TopicName, last: number]>();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: HubNotesParts) {
    this.#parts = parts;
    this.#unsubscribe = parts.masters.subscribe((message) => this.#heard(message));
  }

  /** Told with what else comes within a moment. */
  entriesCame(partition: number, topic: TopicName, last: number): void {
    this.#told.set(`${partition} ${topic}`, [partition, topic, last]);
    this.#timer ??= setTimeout(() => this.#tell(), noteMs).unref();
  }

  requestArchive(channel: ChannelName, partition?: number): void {
    for (const listener of this.#listeners) listener(channel, partition);
    this.#parts.masters.publish(JSON.stringify(['archive', channel, ...(partition === undefined ? [] : [partition])]));
  }

  onArchiveRequested(listener: (channel: ChannelName, partition?: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
    clearTimeout(this.#timer);
  }

  #tell(): void {
    this.#timer = undefined;
    this.#parts.masters.publish(JSON.stringify(['entries', ...this.#told.values()]));
    this.#told.clear();
  }

  #heard(message: string): void {
    const [kind, ...values] = listIn(message);
    const [channel, place] = values;
    if (kind === 'archive' && typeof channel === 'string') {
      for (const listener of this.#listeners) listener(channel, typeof place === 'number' ? place : undefined);
    }
    if (kind !== 'entries') return;
    for (const value of values) {
      if (!Array.isArray(value)) continue;
      const [partition, topic, last]: readonly unknown[] = value;
      if (typeof partition === 'number' && typeof topic === 'string' && typeof last === 'number') {
        this.#parts.onEntries(partition, topic, last);
      }
    }
  }
}

function listIn(message: string): readonly unknown[] {
  if (!message.startsWith('["')) return [];
  try {
    const value: unknown = JSON.parse(message);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
