/**
 * `POST /api/v1/logs`, whoever asked: reads the whole request, makes records of it, and stores them. Nothing of a request is stored
 * before all of it was read and found good; it is answered with 200 when it is durable.
 *
 * A request that fits a batch (4 MiB, 131,072 records) is one entry of the queue: all of it or nothing, also across a crash. A larger one
 * is several, stored one after the other, each under the request's Idempotency-Key and its number. If the channel becomes full between them,
 * the answer is 503 although the first ones are stored: the same request sent again under the same key stores the others only.
 * Where a request is cut follows from its records alone, so every try is cut alike.
 *
 * Requests of one connection are stored in the order in which they came, also when the next one was sent before the last was answered.
 */
import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { channelName } from '@tributary/protocol/messages.ts';
import { QueueError } from '../../../queue/queue-error.ts';
import type { QuotaGate } from '../../../quotas/quota-gate.ts';
import type { ListenerStreams, Published, StreamTarget } from '../../listener-stream.ts';
import { fittingBlocks, type RecordBlock } from '../../record-block.ts';
import { HttpError, retryAfter } from '../http-error.ts';
import type { HttpLimits } from '../limits.ts';
import type { ByteBudget } from './byte-budget.ts';
import { jsonRecordsOf } from './json-records.ts';
import { linesOf } from './lines.ts';
import { type PushRequest, pushRequestOf } from './push-request.ts';
import { noRoom, readBody } from './read-body.ts';
import { type Turn, Turns } from './turns.ts';

/** What was asked, as its answer tells. */
export interface LogsAnswer {
  /** Records that were stored now. */
  readonly accepted: number;
  /** All of it, or a part, had been stored by an earlier request with the same key. */
  readonly duplicate?: true;
  /** Records that the tenant's quota left out. */
  readonly dropped?: number;
}

/** Who sends, as the listener knows. */
export interface Pusher {
  /** Sets idempotency keys of different senders apart. */
  readonly keyScope: string;
  /** What the archive tells as the records' source. */
  readonly source: string;
  readonly typeDefault: string;
  readonly bodyBytesMax: number;
  /** The tenant that the records belong to, given what the request names. Throws an HttpError. */
  tenantOf(named: string | undefined): string;
}

export interface LogReceiverParts {
  readonly streams: ListenerStreams;
  readonly budget: ByteBudget;
  readonly quotas: QuotaGate;
  readonly limits: HttpLimits;
}

export interface PushCounters {
  readonly requests: number;
  readonly records: number;
  readonly bytes: number;
  readonly duplicates: number;
  readonly dropped: number;
  readonly refused: number;
}

const busyRetryMs = 2000;
/** What a record costs beside its bytes until it is stored: its length, in lists that grow and are cut into those of batches. */
const recordCostBytes = 24;

export class LogReceiver {
  readonly #parts: LogReceiverParts;
  readonly #turns = new Turns();
  readonly #counters = { requests: 0, records: 0, bytes: 0, duplicates: 0, dropped: 0, refused: 0 };

  constructor(parts: LogReceiverParts) {
    this.#parts = parts;
  }

  counters(): PushCounters {
    return { ...this.#counters };
  }

  /** Rejects with an HttpError for the sender, and with anything else when the sender is gone or the store failed. */
  async receive(request: IncomingMessage, pusher: Pusher): Promise<LogsAnswer> {
    this.#counters.requests += 1;
    using turn = this.#turns.take(request.socket);
    try {
      return await this.#receive(request, pusher, turn);
    } catch (error) {
      this.#counters.refused += 1;
      throw error;
    }
  }

  async #receive(request: IncomingMessage, pusher: Pusher, turn: Turn): Promise<LogsAnswer> {
    const { budget, limits } = this.#parts;
    const push = pushRequestOf(request);
    const tenant = pusher.tenantOf(push.tenant);
    const target: StreamTarget = {
      tenant,
      type: push.type ?? pusher.typeDefault,
      host: push.host ?? addressOf(request),
      source: pusher.source,
      encoding: push.encoding,
    };
    using share = budget.share();
    const body = await readBody(request, { bytesMax: pusher.bodyBytesMax, share, limits });
    const note = (records: number): void => {
      if (!share.take(records * recordCostBytes)) throw noRoom();
    };
    const records = push.format === 'json' ? await jsonRecordsOf(body, note) : linesOf(body, note);
    await turn.come;
    // Awaited: the share is held until all of it is stored.
    return await this.#store(records, target, keyOf(push, pusher));
  }

  async #store(records: RecordBlock, target: StreamTarget, key: string | undefined): Promise<LogsAnswer> {
    const blocks = fittingBlocks(records);
    const total = { bytes: records.bytes.length, records: records.lengths.length };
    if (total.records === 0) return { accepted: 0 };
    const channel = channelName(target);
    const { quotas } = this.#parts;
    const verdict = quotas.admit(channel, total);
    if (verdict.kind === 'throttle') throw new HttpError(429, 'quota', verdict.hint, retryAfter(verdict.retryAfterMs));
    if (verdict.kind === 'drop') {
      quotas.dropped(channel, total);
      this.#counters.dropped += total.records;
      return { accepted: 0, dropped: total.records };
    }
    const stored = { bytes: 0, records: 0 };
    try {
      for (const [index, block] of blocks.entries()) {
        const published = await this.#publish(target, block, key === undefined ? undefined : `${key} ${index}`);
        if (published === 'full') throw busy(stored.records, total.records, key !== undefined);
        if (published === 'duplicate') continue;
        stored.bytes += block.bytes.length;
        stored.records += block.lengths.length;
      }
    } finally {
      this.#count(stored);
      quotas.giveBack(channel, { bytes: total.bytes - stored.bytes, records: total.records - stored.records });
    }
    if (stored.records === total.records) return { accepted: stored.records };
    this.#counters.duplicates += total.records - stored.records;
    return { accepted: stored.records, duplicate: true };
  }

  async #publish(target: StreamTarget, block: RecordBlock, key: string | undefined): Promise<Published> {
    try {
      return await this.#parts.streams.publish(target, block, key);
    } catch (error) {
      if (error instanceof QueueError && error.code === 'QUEUE_NO_SPACE') return 'full';
      throw error;
    }
  }

  #count({ bytes, records }: { readonly bytes: number; readonly records: number }): void {
    this.#counters.bytes += bytes;
    this.#counters.records += records;
  }
}

/** What another sender, or the same for another tenant or type, calls the same is not the same: the queue has keys per topic. */
function keyOf(push: PushRequest, pusher: Pusher): string | undefined {
  if (push.idempotencyKey === undefined) return undefined;
  return hash('sha256', JSON.stringify([pusher.keyScope, push.idempotencyKey]), 'hex');
}

function busy(stored: number, total: number, hasKey: boolean): HttpError {
  const again = hasKey
    ? 'send the same again under the same Idempotency-Key'
    : 'send it again; with an Idempotency-Key none comes twice';
  const message =
    stored === 0
      ? 'there is no room for this now: send it again later'
      : `there was room for ${stored} of ${total} records: ${again}`;
  return new HttpError(503, 'full', message, retryAfter(busyRetryMs));
}

export function addressOf(request: IncomingMessage): string {
  const address = request.socket.remoteAddress ?? 'unknown';
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
