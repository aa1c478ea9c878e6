/**
 * Documents on their way straight to Elasticsearch, beside the hub: a bounded queue in memory, bulk requests with `create` and an id for
 * each document, so that one whose answer was lost is not doubled. A trouble is told once and tried again with backoff; what does not fit
 * the queue meanwhile is dropped, oldest first, and what Elasticsearch rejects is not sent again: both are counted as lost.
 */
import { randomBytes } from 'node:crypto';
import { Backoff } from '@tributary/shared/async/backoff.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { Condition } from '../../../framing/condition.ts';
import type { InputEvents } from '../../input.ts';
import type { ElasticsearchOptions } from '../options.ts';
import { BulkClient } from './bulk-client.ts';
import { resultOf, tooLarge } from './bulk-result.ts';

export interface ElasticsearchOutputOptions extends ElasticsearchOptions {
  readonly tenant: string;
  readonly clock: Clock;
  readonly events: InputEvents;
}

interface Waiting {
  readonly lines: string;
  readonly bytes: number;
}

const bulkDocumentsMax = 1000;
const bulkBytesMax = 1024 * 1024;
/** Documents of one measuring come one after the other: they go together. */
const gatherMs = 100;
const stopMsMax = 2000;
const backoffMs = { msMin: 1000, msMax: 60_000 };
const dataStreamIndex = 'metrics-{dataset}-{tenant}';

export class ElasticsearchOutput implements AsyncDisposable {
  readonly #options: ElasticsearchOutputOptions;
  readonly #client: BulkClient;
  readonly #added = new Condition();
  readonly #stopping = new AbortController();
  readonly #stopped = new AbortController();
  readonly #done: Promise<void>;
  /** Draws no number twice, whichever process of whichever machine. */
  readonly #runId = randomBytes(12).toString('base64url');
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  #sequence = 0;
  #bulkDocuments = bulkDocumentsMax;
  #failed = false;

  constructor(options: ElasticsearchOutputOptions) {
    this.#options = options;
    this.#client = new BulkClient(options);
    this.#done = this.#run();
  }

  /** A document with its line end. */
  add(dataset: string, document: string): void {
    const { index, tenant, queue_bytes: queueBytesMax } = this.#options;
    this.#sequence += 1;
    const target = index.replaceAll('{dataset}', dataset).replaceAll('{tenant}', tenant);
    const action = JSON.stringify({ create: { _index: target, _id: `${this.#runId}${this.#sequence.toString(36)}` } });
    const dataStream = JSON.stringify({ type: 'metrics', dataset, namespace: tenant });
    const source = index === dataStreamIndex ? `{"data_stream":${dataStream},${document.slice(1)}` : document;
    const lines = `${action}\n${source}`;
    const bytes = Buffer.byteLength(lines);
    this.#queue.push({ lines, bytes });
    this.#queuedBytes += bytes;
    const dropped: Waiting[] = [];
    while (this.#queuedBytes > queueBytesMax) {
      const oldest = this.#queue.shift();
      if (oldest === undefined) break;
      this.#queuedBytes -= oldest.bytes;
      dropped.push(oldest);
    }
    this.#tellLost('buffer-full', dropped);
    this.#added.notify();
  }

  /** Sends what is left, for a moment. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    const late = setTimeout(() => this.#stopped.abort(), stopMsMax);
    await this.#done;
    clearTimeout(late);
    this.#tellLost('dropped', this.#queue);
    this.#client[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const backoff = new Backoff(backoffMs);
    while (!this.#stopped.signal.aborted) {
      if (this.#queue.length === 0) {
        if (this.#stopping.signal.aborted) return;
        await this.#added.wait(this.#stopping.signal).catch(() => undefined);
        await clock.sleep(gatherMs, this.#stopping.signal).catch(() => undefined);
        continue;
      }
      const isThrough = await this.#sendSome();
      if (isThrough) backoff.reset();
      else if (this.#stopping.signal.aborted) return;
      else await clock.sleep(backoff.next(), this.#stopping.signal).catch(() => undefined);
    }
  }

  /** False: to be tried again later. */
  async #sendSome(): Promise<boolean> {
    const sent = this.#take();
    try {
      const answer = await this.#client.send(Buffer.from(sent.map(({ lines }) => lines).join('')), this.#stopped.signal);
      if (answer.status === tooLarge && sent.length > 1) {
        this.#bulkDocuments = Math.ceil(sent.length / 2);
        this.#putBack(sent);
        return true;
      }
      const { documents, reason } = resultOf(answer, sent.length);
      const again = sent.filter((_, index) => documents[index] === 'again');
      const rejected = sent.filter((_, index) => documents[index] === 'rejected');
      this.#putBack(again);
      this.#tellLost('rejected', rejected);
      this.#tell(reason === '' ? undefined : new Error(reason));
      return again.length === 0;
    } catch (error) {
      this.#putBack(sent);
      this.#tell(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  }

  #take(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const one of this.#queue) {
      if (count > 0 && (count >= this.#bulkDocuments || bytes + one.bytes > bulkBytesMax)) break;
      bytes += one.bytes;
      count += 1;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  #putBack(documents: readonly Waiting[]): void {
    for (const { bytes } of documents) this.#queuedBytes += bytes;
    this.#queue = [...documents, ...this.#queue];
  }

  /** Once per trouble. */
  #tell(error: Error | undefined): void {
    const { events } = this.#options;
    if (error !== undefined && !this.#failed) events.sourceFailed(this.#place, error);
    if (error === undefined && this.#failed) events.sourceRecovered(this.#place);
    this.#failed = error !== undefined;
  }

  #tellLost(cause: 'buffer-full' | 'rejected' | 'dropped', documents: readonly Waiting[]): void {
    if (documents.length === 0) return;
    const bytes = documents.reduce((sum, one) => sum + one.bytes, 0);
    this.#options.events.lost({ path: this.#place, cause, bytes, records: documents.length });
  }

  /** Without what the address may hold beside: a password has no place in a log. */
  get #place(): string {
    return `elasticsearch ${new URL(this.#options.url).host}`;
  }
}
