/**
 * Lines as their pipelines are done with them: the ends of the back topics. A tail has no reader group, so it holds nothing up and leaves nothing
 * behind; who cannot follow is told how many records were skipped. Every hub sees the topics of all partitions.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { FoundRecord } from '../dashboard/api/search-shapes.ts';
import { Wake } from '../groups/wake.ts';
import { RowReader } from '../outputs/archive/search/found-row.ts';
import type { FrameResult } from '../outputs/archive/search/search-contract.ts';
import type { SearchSession, SearchThreads } from '../outputs/archive/search/search-threads.ts';
import { backTopic, channelOf, type Entry, type Queue, type TopicName } from '../queue/queue.ts';
import {
  fieldsBytesMax,
  heartbeatMs,
  lineBytesMax,
  tailBehindMs,
  tailBytes,
  tailEntries,
  tailRecordsPerSecond,
} from './limits.ts';
import { rowQueryOf } from './row-query.ts';
import { isOfChannel, type Wanted } from './wanted.ts';

export interface TailParts {
  readonly queue: Pick<Queue, 'onAppended' | 'measure' | 'read'>;
  readonly clock: Clock;
  readonly threads: SearchThreads;
}

export type TailStep =
  | { readonly records: readonly FoundRecord[] }
  | { readonly skipped: number }
  /** Nothing that is wanted came for a while, whatever else did. */
  | { readonly quiet: true };

interface Place {
  readonly topic: TopicName;
  readonly partition: number;
  /** Last entry that was looked at; undefined until it is known. */
  after: number | undefined;
}

/** Goes on until `signal` is aborted, or nobody takes from it any more. */
export async function* tail(parts: TailParts, wanted: Wanted, signal: AbortSignal): AsyncGenerator<TailStep, void> {
  const follower = new Follower(parts, wanted);
  try {
    yield* follower.steps(signal);
  } finally {
    follower[Symbol.dispose]();
  }
}

class Follower implements Disposable {
  readonly #parts: TailParts;
  readonly #wake = new Wake();
  readonly #places = new Map<string, Place>();
  /** Those with entries that were not looked at. */
  readonly #ready = new Set<Place>();
  readonly #startedMs: number;
  readonly #reader = new RowReader({ lineBytesMax, fieldsBytesMax });
  readonly #unlisten: () => void;
  readonly #session: SearchSession;
  readonly #second = { beganMs: -Infinity, shown: 0 };

  constructor(parts: TailParts, wanted: Wanted) {
    this.#parts = parts;
    this.#startedMs = parts.clock.now();
    const prefix = backTopic('');
    this.#unlisten = parts.queue.onAppended((topic, partition) => {
      if (topic.startsWith(prefix) && isOfChannel(wanted, channelOf(topic))) this.#appended(topic, partition);
    });
    const query = rowQueryOf({ ...wanted, sinceMs: undefined, untilMs: undefined });
    this.#session = parts.threads.open({ query, format: 'row', order: 'oldest', encryption: undefined });
  }

  async *steps(signal: AbortSignal): AsyncGenerator<TailStep, void> {
    const { clock } = this.#parts;
    let toldMs = clock.monotonic();
    const quietMs = (): number => clock.monotonic() - toldMs;
    while (!signal.aborted) {
      for await (const step of this.#nextSteps(signal, heartbeatMs - quietMs())) {
        yield step;
        toldMs = clock.monotonic();
      }
      if (signal.aborted || quietMs() < heartbeatMs) continue;
      yield { quiet: true };
      toldMs = clock.monotonic();
    }
  }

  /** Of one place, or none where nothing comes in that time. */
  async *#nextSteps(signal: AbortSignal, withinMs: number): AsyncGenerator<TailStep, void> {
    const [place] = this.#ready;
    if (place === undefined) {
      await this.#wake.wait(this.#parts.clock, signal, withinMs);
      return;
    }
    // At the end of the line: none of several waits for the others.
    this.#ready.delete(place);
    yield* this.#follow(place);
  }

  [Symbol.dispose](): void {
    this.#unlisten();
    this.#session[Symbol.dispose]();
  }

  #appended(topic: TopicName, partition: number): void {
    const place = this.#places.getOrInsertComputed(`${topic}#${partition}`, () => ({ topic, partition, after: undefined }));
    this.#ready.add(place);
    this.#wake.notify();
  }

  async *#follow(place: Place): AsyncGenerator<TailStep, void> {
    const { queue } = this.#parts;
    const { topic, partition } = place;
    const afterSequence = (place.after ??= await this.#beginning(place));
    const entries = await queue.read({ topic, partition, afterSequence }, { entries: tailEntries, bytes: tailBytes });
    const last = entries.at(-1);
    if (last === undefined) return;
    place.after = last.sequence;
    const channel = channelOf(topic);
    const { records, skipped } = this.#shown(await this.#scan(channel, entries), channel);
    if (records.length > 0) yield { records };
    const behind = await this.#skipBehind(place, last);
    if (skipped + behind > 0) yield { skipped: skipped + behind };
    // Until nothing more is there: what was read may have ended at its bytes.
    this.#ready.add(place);
  }

  /**
   * The first entry that is looked at came after the tail had begun. The newest one did, or nobody would have told of it, whatever the clock of
   * the hub that put it there says.
   */
  async #beginning({ topic, partition }: Place): Promise<number> {
    const { entries } = await this.#parts.queue.measure({ topic, partition, afterSequence: 0 });
    const first = entries.find(({ receivedMs }) => receivedMs >= this.#startedMs);
    return ((first ?? entries.at(-1))?.sequence ?? 1) - 1;
  }

  #scan(channel: string, entries: readonly Entry[]): Promise<FrameResult> {
    const from = entries.map(({ inflatedBytes, body }) => ({ inflatedBytes, body: new Uint8Array(body) }));
    const task = { name: channel, channel, from, offset: 0, compressedBytes: 0, inflatedBytes: 0, isFirst: false };
    return this.#session.scan(
      task,
      from.map(({ body }) => body.buffer),
    );
  }

  #shown({ bytes, ends }: FrameResult, channel: string): { readonly records: FoundRecord[]; readonly skipped: number } {
    const nowMs = this.#parts.clock.monotonic();
    if (nowMs - this.#second.beganMs >= 1000) Object.assign(this.#second, { beganMs: nowMs, shown: 0 });
    const count = Math.min(ends.length, tailRecordsPerSecond - this.#second.shown);
    this.#second.shown += count;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    // The newest of them are what somebody who looks wants to see.
    const first = ends.length - count;
    const records = Array.from({ length: count }, (_, index) => {
      const at = first + index;
      return this.#reader.record(buffer, at === 0 ? 0 : (ends[at - 1] ?? 0), channel);
    });
    return { records, skipped: first };
  }

  /** How many records were passed over, matching ones or not. */
  async #skipBehind(place: Place, { receivedMs, sequence }: Entry): Promise<number> {
    if (this.#parts.clock.now() - receivedMs < tailBehindMs) return 0;
    const { queue } = this.#parts;
    const { topic, partition } = place;
    let skipped = 0;
    let after = sequence;
    for (;;) {
      const entries = await queue.read({ topic, partition, afterSequence: after }, { entries: 1000, bytes: 0, bodies: false });
      const last = entries.at(-1);
      if (last === undefined) break;
      skipped += entries.reduce((sum, { records }) => sum + records, 0);
      after = last.sequence;
    }
    place.after = after;
    return skipped;
  }
}
