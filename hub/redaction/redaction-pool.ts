/**
 * The threads in which bodies are redacted on their way into the queue. They start at the first body. A body is given to the thread that has
 * least to do; who needs an order keeps it himself (intake/turns.ts).
 */
import type { Transferable } from 'node:worker_threads';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { assert } from '@tributary/shared/assert.ts';
import { ThreadCallError } from '@tributary/shared/async/thread-call.ts';
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { formatDuration } from '@tributary/shared/options/units.ts';
import type { Finding, Findings } from '../health/findings.ts';
import { redactLooksMs, redactMsMax, redactToldMs } from './limits.ts';
import type { BodyToRedact, RedactedBody, RedactedSegment } from './redact-body.ts';
import type { RedactionContract } from './redaction-contract.ts';
import type { ChannelRedaction, RawRedaction, Redactions } from './redactions.ts';
import { WatchedThread } from './watched-thread.ts';

/** Of a hub: the second one starts when the first has something to do. */
export const redactionThreads = 2;

/** A body that cannot be looked at: nothing of it is stored. */
export class UnredactedError extends Error {
  override readonly name = 'UnredactedError';
  readonly code = 'UNREDACTED';
}

/** What takes records in, and has to know. */
export interface Redactor {
  redactionOf(channel: ChannelName): ChannelRedaction;
  /** Undefined where nothing was found. Rejects with an UnredactedError for what its sender did wrong, with a RedactionEndedError where it may send again. */
  body(redaction: RawRedaction, given: BodyToRedact): Promise<RedactedBody>;
  /** Of records that are not compressed yet: in memory of its own. */
  records(redaction: RawRedaction, bytes: Uint8Array, segment: Omit<RedactedSegment, 'bytes'>): Promise<Uint8Array>;
}

/** Of a hub without pipelines. */
export const noRedactor: Redactor = {
  redactionOf: () => undefined,
  body: () => Promise.resolve(undefined),
  records: (_, bytes) => Promise.resolve(bytes),
};

export interface RedactionPoolOptions {
  readonly redactions: Redactions;
  readonly size: number;
  readonly logger?: Pick<Logger, 'error'>;
  /** How long a thread may be at one body, and how often it is looked. */
  readonly msMax?: number;
  readonly looksMs?: number;
  /** In milliseconds, by a clock that is never set. */
  readonly monotonic?: () => number;
}

export class RedactionPool implements Redactor, AsyncDisposable {
  readonly #redactions: Redactions;
  readonly #threads: readonly WatchedThread[];
  readonly #monotonic: () => number;
  #findings: Pick<Findings, 'set'> | undefined;
  /** When one was ended last, while people are told of it. */
  #stuckMs: number | undefined;
  #finding: Finding | undefined;

  constructor(entry: WorkerEntry, options: RedactionPoolOptions) {
    const { redactions, size, msMax = redactMsMax, looksMs = redactLooksMs, logger, monotonic } = options;
    assert(size >= 1, 'somebody does it');
    this.#redactions = redactions;
    this.#monotonic = monotonic ?? (() => systemClock.monotonic());
    const onStuck = (): void => {
      const what = `a thread that redacts did not come back from a body within ${formatDuration(msMax)} and was ended`;
      logger?.error(what);
      this.#stuck(`${what}: its sender is told to send again. Look at the patterns of steps that redact with scope: raw`);
    };
    const parts = { entry, msMax, looksMs, monotonic: this.#monotonic, onStuck };
    this.#threads = Array.from({ length: size }, () => new WatchedThread(parts));
  }

  /** It begins before there is anybody to tell. */
  tellTo(findings: Pick<Findings, 'set'>): void {
    this.#findings = findings;
    this.#tell();
  }

  redactionOf(channel: ChannelName): ChannelRedaction {
    return this.#redactions.of(channel);
  }

  body(redaction: RawRedaction, { body, inflatedBytes, segments }: BodyToRedact): Promise<RedactedBody> {
    // The caller still needs its own: where nothing is found it is stored as it is.
    const copy = new Uint8Array(body);
    return this.#call('body', { redaction, body: copy, inflatedBytes, segments }, [copy.buffer]);
  }

  async records(redaction: RawRedaction, bytes: Uint8Array, segment: Omit<RedactedSegment, 'bytes'>): Promise<Uint8Array> {
    const copy = new Uint8Array(bytes);
    const given = { redaction, bytes: copy, segment: { ...segment, bytes: bytes.length } };
    return this.#call('records', given, [copy.buffer]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const thread of this.#threads) await thread[Symbol.asyncDispose]();
  }

  async #call<Name extends keyof RedactionContract>(
    name: Name,
    argument: RedactionContract[Name]['argument'],
    transfer: readonly Transferable[],
  ): Promise<RedactionContract[Name]['result']> {
    const [first, ...others] = this.#threads;
    assert(first !== undefined, 'there is a thread');
    const idlest = others.reduce((best, thread) => (thread.pending < best.pending ? thread : best), first);
    try {
      const result = await idlest.call(name, argument, transfer);
      this.#goesOn();
      return result;
    } catch (error) {
      if (error instanceof ThreadCallError && error.code === 'BODY_UNREADABLE')
        throw new UnredactedError(error.message, { cause: error });
      throw error;
    }
  }

  #stuck(reason: string): void {
    this.#stuckMs = this.#monotonic();
    this.#finding = { kind: 'redaction-stuck', subject: 'threads', level: 'red', reason };
    this.#tell();
  }

  #goesOn(): void {
    if (this.#stuckMs === undefined || this.#monotonic() - this.#stuckMs < redactToldMs) return;
    this.#stuckMs = undefined;
    this.#finding = undefined;
    this.#tell();
  }

  #tell(): void {
    this.#findings?.set('redaction-stuck', this.#finding === undefined ? [] : [this.#finding]);
  }
}
