import type { Id } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { BatchTarget } from './batcher.ts';
import { type Compressed, Compressor } from './compress.ts';
import { Condition } from './condition.ts';
import type { OpenBatch } from './open-batch.ts';

export interface PipelineOptions {
  readonly target: Pick<BatchTarget, 'append' | 'hasRoom' | 'ready'>;
  readonly clock: Clock;
  readonly compressionsMax: number;
  readonly onStored: (batch: OpenBatch) => void;
  /** Memory was freed or a batch was stored, or the pipeline failed. */
  readonly onChanged: () => void;
  readonly onFailed: (error: unknown) => void;
}

interface ClosedEntry {
  readonly batch: OpenBatch;
  readonly createdMs: number;
  compressed: Compressed | undefined;
}

/** Compresses closed batches, a few at a time, and appends them in the order in which they were added. */
export class Pipeline implements AsyncDisposable {
  readonly #options: PipelineOptions;
  /** Closed and not yet given to the target, in order. The first `#begun` of them are compressing or compressed. */
  readonly #entries: ClosedEntry[] = [];
  readonly #disposed = new AbortController();
  readonly #compressedOne = new Condition();
  readonly #compressor = new Compressor();
  readonly #tasks = new Set<Promise<void>>();
  #begun = 0;
  #compressing = 0;
  #appending = 0;
  #bodyBytes = 0;
  #appender: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0 && this.#appending === 0;
  }

  /** Bytes of compressed bodies that are not stored yet. */
  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw new Error('batches cannot be stored', { cause: this.#failure.error });
  }

  add(batch: OpenBatch): void {
    this.#entries.push({ batch, createdMs: this.#options.clock.now(), compressed: undefined });
    this.#compressMore();
    this.#appender ??= this.#appendAll();
  }

  rename(streamId: Id, replacementId: Id): void {
    for (const { batch } of this.#entries) batch.rename(streamId, replacementId);
  }

  /** Appends nothing more. Returns what was added and not appended, in order. */
  giveUp(): readonly OpenBatch[] {
    this.#disposed.abort();
    return this.#entries.splice(0).map(({ batch }) => batch);
  }

  /** Waits for what is in other hands; what is not is dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort();
    await this.#appender;
    await Promise.all(this.#tasks);
    this.#compressor[Symbol.dispose]();
  }

  #compressMore(): void {
    while (this.#compressing < this.#options.compressionsMax) {
      const entry = this.#entries[this.#begun];
      if (entry === undefined || this.#disposed.signal.aborted) return;
      this.#begun += 1;
      this.#compressing += 1;
      this.#track(this.#compressOne(entry));
    }
  }

  async #compressOne(entry: ClosedEntry): Promise<void> {
    try {
      entry.compressed = await this.#compressor.compress(entry.batch.content);
      this.#bodyBytes += entry.compressed.body.length;
    } catch (error) {
      this.#fail(error);
    } finally {
      entry.batch.release();
      this.#compressing -= 1;
    }
    this.#compressMore();
    this.#compressedOne.notify();
    this.#options.onChanged();
  }

  async #appendAll(): Promise<void> {
    const { target } = this.#options;
    const { signal } = this.#disposed;
    try {
      for (;;) {
        const entry = this.#entries[0];
        if (entry === undefined) return;
        while (entry.compressed === undefined) await this.#compressedOne.wait(signal);
        while (!target.hasRoom()) await target.ready(signal);
        this.throwIfFailed();
        signal.throwIfAborted();
        this.#entries.shift();
        this.#begun -= 1;
        this.#appending += 1;
        this.#track(this.#appendOne(entry, entry.compressed));
      }
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    } finally {
      this.#appender = undefined;
    }
  }

  async #appendOne(entry: ClosedEntry, { body, checksum }: Compressed): Promise<void> {
    const { batch, createdMs } = entry;
    const { channel, segments, records, bytes: inflatedBytes } = batch;
    const bodyBytes = body.length;
    try {
      await this.#options.target.append({ channel, segments, records, inflatedBytes, checksum, createdMs, body });
      this.#options.onStored(batch);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#appending -= 1;
      this.#bodyBytes -= bodyBytes;
    }
    this.#options.onChanged();
  }

  #track(task: Promise<void>): void {
    this.#tasks.add(task);
    void task.finally(() => this.#tasks.delete(task));
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#compressedOne.notify();
    this.#options.onFailed(error);
    this.#options.onChanged();
  }
}
