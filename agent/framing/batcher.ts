/**
 * The batcher: the push side of a Sink. Collects runs per channel, closes a batch by bytes, records, segments or time, compresses
 * it once, and appends the batches to the buffer in the order in which they were closed.
 *
 *   push → open batch (one per channel) → closed → compressing (libuv's pool) → appending → stored
 *
 * - Runs of a stream come in order and without holes (asserted), and are appended in that order.
 * - Memory is bounded by `stagedBytesMax` and one run per caller, however many channels and streams there are: beyond it the oldest
 *   open batches are closed early and `push` answers false until there is room.
 * - What a full buffer has no room for may be skipped: the stream's position moves on, and the target is told of the hole once
 *   everything of the stream before it was given to the target, and before anything behind it is.
 * - What was pushed and is not stored yet is lost with the process, and read again from its stream's durable position. Until then
 *   `overlay` tells how far a stream was pushed, so that an input that is replaced goes on there.
 * - With nothing staged there is no timer.
 */
import { type ChannelName, channelName, type Id, type StreamAttributes } from '@tributary/protocol/messages.ts';
import { assert } from '@tributary/shared/assert.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Run, StreamState } from '../inputs/input.ts';
import { Condition } from './condition.ts';
import { type BatcherLimits, checkBatcherLimits, defaultBatcherLimits } from './limits.ts';
import { OpenBatch, type StagedSegment } from './open-batch.ts';
import { Pipeline } from './pipeline.ts';
import { StagingPool } from './staging-pool.ts';
import { checkRun, type Dropped, joined, type StreamEnd } from './stream-end.ts';

/** A finished batch: what `Buffer.append` takes. */
export interface ClosedBatch {
  readonly channel: ChannelName;
  readonly segments: readonly StagedSegment[];
  readonly records: number;
  readonly inflatedBytes: number;
  readonly checksum: number;
  readonly createdMs: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Where batches go; the agent's buffer is one. */
export interface BatchTarget {
  /** Durable when resolved. Called in order; several may be under way. */
  append(batch: ClosedBatch): Promise<void>;
  hasRoom(): boolean;
  ready(signal: AbortSignal): Promise<void>;
  /** Nothing of this will be appended; in order with the stream's batches. Never waits. */
  drop(dropped: Dropped): void;
  /** Called once every run of the stream that was pushed is durable. */
  endStream(streamId: Id): void;
}

/** A stream as the batcher must know it when its first run comes. */
export interface PushedStream {
  readonly attributes: StreamAttributes;
  readonly position: number;
}

export interface BatcherOptions {
  readonly target: BatchTarget;
  readonly clock: Clock;
  /** The durable state of a stream that was opened; asked once, at its first run. */
  readonly stream: (streamId: Id) => PushedStream | undefined;
  readonly limits?: Partial<BatcherLimits>;
  /** False: whoever pushes does not wait for a full target, as it skips then; only for memory. */
  readonly waitsForTarget?: boolean;
  /** A batch could not be stored at all: nothing more is appended, and `push`, `ready`, `flush` throw. Called once. */
  readonly onFailed: (error: unknown) => void;
}

export class Batcher implements AsyncDisposable {
  readonly #options: BatcherOptions;
  readonly #limits: BatcherLimits;
  readonly #pool: StagingPool;
  readonly #pipeline: Pipeline;
  /** In the order of opening, which is that of their deadlines. */
  readonly #open = new Map<ChannelName, OpenBatch>();
  /** Size of each channel's last batch: the next one's first block is as large. */
  readonly #lastBytes = new Map<ChannelName, number>();
  readonly #streams = new Map<Id, StreamEnd>();
  /** Whose runs each batch holds that is not stored yet. */
  readonly #members = new Map<OpenBatch, StreamEnd[]>();
  readonly #changed = new Condition();
  readonly #disposed = new AbortController();
  #flushIntervalMs: number;
  /** Memory of the open batches. */
  #openBytes = 0;
  #timer: Promise<void> | undefined;
  /** Wakes the timer, which may sleep for longer than a new batch is to stay open. */
  #shortened = new AbortController();

  constructor(options: BatcherOptions) {
    this.#options = options;
    this.#limits = { ...defaultBatcherLimits, ...options.limits };
    checkBatcherLimits(this.#limits);
    this.#flushIntervalMs = this.#limits.flushIntervalMs;
    this.#pool = new StagingPool(this.#limits.stagedBytesMax / 2);
    this.#pipeline = new Pipeline({
      target: {
        hasRoom: () => options.target.hasRoom(),
        ready: (signal) => options.target.ready(signal),
        append: (batch) => {
          this.#tellDropsBefore(batch);
          return options.target.append(batch);
        },
      },
      clock: options.clock,
      compressionsMax: this.#limits.compressionsMax,
      onStored: (batch) => this.#stored(batch),
      onChanged: () => this.#pipelineChanged(),
      onFailed: options.onFailed,
    });
  }

  /** Memory that staged runs and bodies under way take. */
  get stagedBytes(): number {
    return this.#pool.usedBytes + this.#pipeline.bodyBytes;
  }

  /** Records that were pushed and are not stored yet. */
  get stagedRecords(): number {
    return this.#members.keys().reduce((sum, batch) => sum + batch.records, 0);
  }

  /** Copies the run. False: nothing more should come until `ready` resolves. */
  push(run: Run): boolean {
    this.#pipeline.throwIfFailed();
    assert(!this.#disposed.signal.aborted, 'nothing is pushed after the batcher was disposed');
    const stream = this.#streamOf(run.streamId);
    checkRun(run, stream.counted);
    assert(run.from === stream.position, 'runs of a stream come in order and without holes');
    assert(!stream.ending, 'nothing is pushed into a stream that was ended');
    const batch = this.#batchFor(run, stream.channel);
    this.#openBytes -= batch.blockBytes;
    batch.add(run);
    this.#openBytes += batch.blockBytes;
    stream.position = run.to;
    stream.mark = run.toMark;
    stream.token = run.token ?? stream.token;
    if (stream.lastBatch !== batch) {
      stream.lastBatch = batch;
      stream.pending += 1;
      this.#members.getOrInsertComputed(batch, () => []).push(stream);
    }
    if (this.#isFull(batch)) this.#close(batch);
    this.#keepOpenWithinLimit();
    this.#armTimer();
    return this.#hasRoom();
  }

  /** The run is not kept: its stream goes on behind it. A batch has no hole within a stream, so the open one is closed. */
  skip(run: Run): void {
    const { from, to, toMark: mark, token, records, bytes } = run;
    const stream = this.#streamOf(run.streamId);
    assert(from === stream.position && !stream.ending, 'what is skipped comes in order, too');
    if (stream.lastBatch !== undefined && this.#open.get(stream.channel) === stream.lastBatch) this.#close(stream.lastBatch);
    Object.assign(stream, { position: to, mark, token: token ?? stream.token });
    const last = stream.drops.at(-1);
    const dropped = { streamId: stream.streamId, from, to, mark, token, records, bytes: bytes.length };
    if (last?.to === from) stream.drops.splice(-1, 1, joined(last, dropped));
    else stream.drops.push(dropped);
    if (stream.pending === 0) this.#tellDrops(stream);
  }

  /** Goes on with a stream that another batcher had. False: something of it waits there to be stored. */
  takeOver(streamId: Id, other: Batcher): boolean {
    const stream = other.#streams.get(streamId);
    if (stream === undefined) return true;
    if (stream.pending > 0 || stream.ending) return false;
    other.#streams.delete(streamId);
    this.#streams.set(streamId, stream);
    return true;
  }

  /** The target has room, or has none any more: who waits looks again. */
  roomChanged(): void {
    this.#changed.notify();
  }

  /** Resolves when there is room; rejects when the signal is aborted. */
  async ready(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      this.#pipeline.throwIfFailed();
      if (this.#hasRoom()) return;
      if (this.#options.target.hasRoom()) await this.#changed.wait(signal);
      else await this.#options.target.ready(signal);
    }
  }

  /** The stream's end, durable after the runs pushed before it. */
  endStream(streamId: Id): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      this.#options.target.endStream(streamId);
      return;
    }
    stream.ending = true;
    this.#endIfStored(stream);
  }

  /** Streams as they were pushed: positions ahead of the durable ones, and without those that were ended. */
  overlay(states: readonly StreamState[]): readonly StreamState[] {
    const result: StreamState[] = [];
    for (const state of states) {
      const pushed = this.pushed(state);
      if (!pushed.ended) result.push(pushed);
    }
    return result;
  }

  /** The stream as it was pushed. */
  pushed(state: StreamState): StreamState {
    const stream = this.#streams.get(state.streamId);
    if (stream === undefined) return state;
    const ended = state.ended || stream.ending;
    if (stream.position <= state.position) return ended === state.ended ? state : { ...state, ended };
    const { position, mark, token } = stream;
    const identity = token === undefined ? state.identity : { ...state.identity, token };
    return { ...state, identity, position, mark, ended };
  }

  /**
   * A stream was replaced: what is staged of it goes on as part of the replacement, at the same positions. Batches that were
   * given to the target already are the target's to rename. Returns the replacement as far as it is pushed.
   */
  replaceStream(streamId: Id, replacement: StreamState): StreamState {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return replacement;
    for (const batch of this.#open.values()) batch.rename(streamId, replacement.streamId);
    this.#pipeline.rename(streamId, replacement.streamId);
    this.#streams.delete(streamId);
    stream.streamId = replacement.streamId;
    this.#streams.set(replacement.streamId, stream);
    return { ...replacement, position: stream.position, mark: stream.mark };
  }

  /** From now on batches stay open for so long at most. A shorter time than before ends those that are open: somebody waits for them again. */
  setFlushInterval(flushIntervalMs: number): void {
    const isShorter = flushIntervalMs < this.#flushIntervalMs;
    this.#flushIntervalMs = flushIntervalMs;
    if (!isShorter) return;
    this.#closeAll();
    this.#shortened.abort();
    this.#shortened = new AbortController();
  }

  /**
   * Nothing more is appended: what cannot be read again is told as dropped, the rest is read again. For the end of a process whose
   * target has no room. Returns what is given up, without what was skipped before.
   */
  giveUp(): readonly Dropped[] {
    const givenUp: Dropped[] = [];
    this.#closeAll();
    for (const batch of this.#pipeline.giveUp()) {
      for (const { streamId, from, to, toMark, token, records, bytes } of batch.segments) {
        const stream = this.#streams.get(streamId);
        if (stream?.counted !== true || stream.token !== undefined) continue;
        this.#tellDropsUpTo(stream, from);
        const dropped = { streamId, from, to, mark: toMark, token, records, bytes };
        this.#options.target.drop(dropped);
        givenUp.push(dropped);
      }
    }
    for (const stream of this.#streams.values()) if (stream.counted && stream.token === undefined) this.#tellDrops(stream);
    return givenUp;
  }

  /** Closes what is open and resolves when all of it is stored. */
  async flush(signal?: AbortSignal): Promise<void> {
    this.#closeAll();
    await this.settled(signal);
  }

  /** Resolves once nothing that was pushed waits to be stored; closes nothing early. */
  async settled(signal?: AbortSignal): Promise<void> {
    while (this.#open.size > 0 || !this.#pipeline.isEmpty) {
      this.#pipeline.throwIfFailed();
      this.#disposed.signal.throwIfAborted();
      await this.#changed.wait(signal);
    }
    this.#pipeline.throwIfFailed();
  }

  /** Drops what is not under way yet: it is read again from the durable positions. `flush` first to keep it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort();
    this.#changed.notify();
    for (const batch of this.#open.values()) batch.release();
    this.#open.clear();
    await this.#timer;
    await this.#pipeline[Symbol.asyncDispose]();
    this.#pool.trim();
  }

  #streamOf(streamId: Id): StreamEnd {
    const known = this.#streams.get(streamId);
    if (known !== undefined) return known;
    const state = this.#options.stream(streamId);
    assert(state !== undefined, 'a stream is opened before its first run');
    const { attributes, position } = state;
    const channel = channelName(attributes);
    const begun: StreamEnd = {
      streamId,
      channel,
      counted: attributes.counted,
      position,
      mark: '',
      token: undefined,
      drops: [],
      pending: 0,
      lastBatch: undefined,
      ending: false,
    };
    this.#streams.set(streamId, begun);
    return begun;
  }

  #batchFor(run: Run, channel: ChannelName): OpenBatch {
    const { batchBytesMax, batchRecordsMax } = this.#limits;
    const open = this.#open.get(channel);
    if (open !== undefined) {
      if (open.bytes + run.bytes.length <= batchBytesMax && open.records + run.records <= batchRecordsMax) return open;
      this.#close(open);
    }
    const bytesExpected = Math.max(run.bytes.length, this.#lastBytes.get(channel) ?? 0);
    const deadlineMs = this.#options.clock.monotonic() + this.#flushIntervalMs;
    const batch = new OpenBatch({ channel, deadlineMs, pool: this.#pool, bytesExpected });
    this.#open.set(channel, batch);
    this.#openBytes += batch.blockBytes;
    return batch;
  }

  /** Full enough: another run would most likely not fit, so compression may as well begin. */
  #isFull(batch: OpenBatch): boolean {
    const { batchBytesMax, batchRecordsMax, batchSegmentsMax } = this.#limits;
    return (
      batch.bytes > batchBytesMax - batchBytesMax / 8 ||
      batch.records >= batchRecordsMax ||
      batch.segments.length >= batchSegmentsMax
    );
  }

  #close(batch: OpenBatch): void {
    this.#open.delete(batch.channel);
    this.#openBytes -= batch.blockBytes;
    this.#lastBytes.set(batch.channel, batch.bytes);
    this.#pipeline.add(batch);
  }

  #closeAll(): void {
    for (const batch of this.#open.values()) this.#close(batch);
  }

  /** Half of the memory is for batches under way, which come to an end by themselves; open ones must be closed for that. */
  #keepOpenWithinLimit(): void {
    for (const batch of this.#open.values()) {
      if (this.#openBytes <= this.#limits.stagedBytesMax / 2) return;
      this.#close(batch);
    }
  }

  #hasRoom(): boolean {
    const { target, waitsForTarget = true } = this.#options;
    if (this.stagedBytes < this.#limits.stagedBytesMax) return !waitsForTarget || target.hasRoom();
    return !waitsForTarget && !target.hasRoom();
  }

  #tellDropsBefore(batch: ClosedBatch): void {
    for (const { streamId, from } of batch.segments) {
      const stream = this.#streams.get(streamId);
      if (stream !== undefined && stream.drops.length > 0) this.#tellDropsUpTo(stream, from);
    }
  }

  #tellDropsUpTo(stream: StreamEnd, position: number): void {
    for (let first = stream.drops[0]; first !== undefined && first.to <= position; first = stream.drops[0]) {
      stream.drops.shift();
      this.#options.target.drop({ ...first, streamId: stream.streamId });
    }
  }

  #tellDrops(stream: StreamEnd): void {
    this.#tellDropsUpTo(stream, Number.POSITIVE_INFINITY);
  }

  #stored(batch: OpenBatch): void {
    const members = this.#members.get(batch);
    assert(members !== undefined, 'a stored batch holds runs that were pushed');
    this.#members.delete(batch);
    for (const stream of members) {
      stream.pending -= 1;
      if (stream.lastBatch === batch) stream.lastBatch = undefined;
      if (stream.pending === 0) this.#tellDrops(stream);
      this.#endIfStored(stream);
    }
  }

  #endIfStored(stream: StreamEnd): void {
    if (!stream.ending || stream.pending > 0) return;
    this.#streams.delete(stream.streamId);
    this.#options.target.endStream(stream.streamId);
  }

  #pipelineChanged(): void {
    if (this.#pipeline.isEmpty && this.#open.size === 0) this.#pool.trim();
    this.#changed.notify();
  }

  #armTimer(): void {
    if (this.#timer !== undefined || this.#open.size === 0) return;
    // It may end at once, where the process was held up since the batch was begun: it ends after it was noted that it runs.
    this.#timer = Promise.resolve().then(() => this.#closeWhenDue());
  }

  /** Ends early when batches are to stay open for a shorter time. */
  async #sleep(waitMs: number): Promise<void> {
    const shortened = this.#shortened.signal;
    try {
      await this.#options.clock.sleep(waitMs, AbortSignal.any([this.#disposed.signal, shortened]));
    } catch (error) {
      if (!shortened.aborted) throw error;
    }
  }

  async #closeWhenDue(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#disposed;
    try {
      for (;;) {
        const [oldest] = this.#open.values();
        if (oldest === undefined) return;
        const waitMs = oldest.deadlineMs - clock.monotonic();
        if (waitMs <= 0) this.#close(oldest);
        else await this.#sleep(waitMs);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#timer = undefined;
    }
  }
}
