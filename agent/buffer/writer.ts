/**
 * Writes the buffer, in a thread of its own (writer-thread.ts). All calls that wait are one transaction, in their order; each is
 * answered after the commit.
 *
 * ```text
 *   open ──disk full──► no-space ──reserve is back and everything waiting is written──► open
 * ```
 * In `no-space` nothing that waits is dropped: calls stay in memory and are tried again whenever something was freed, and by a
 * timer. What frees room goes first, and platform events, which are how anybody hears of the full disk: both may use the room of the reserve
 * file. Then the log is emptied, free pages go back to the file system, the reserve is taken again, and only then what waits is tried, one call
 * at a time.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { ChannelName, Id } from '@tributary/protocol/messages.ts';
import { unreachable } from '@tributary/shared/assert.ts';
import { collectGarbage } from '@tributary/shared/collect-garbage.ts';
import type { ThreadCall } from '@tributary/shared/async/thread-call.ts';
import { crashPoint } from '@tributary/shared/crash-point.ts';
import { freeMemory } from '@tributary/shared/free-memory.ts';
import { isDiskFull } from '@tributary/shared/sqlite/open-database.ts';
import type { ReserveFile } from '@tributary/shared/sqlite/reserve-file.ts';
import { cannotBeReadAgain } from './adoption.ts';
import type { StoreReserve } from './open-store.ts';
import {
  finishedAgeMsMax,
  finishedStreamsMax,
  logBytesMax,
  lossRowsMax,
  rejectedBatchesMax,
  spaceRetryMsMax,
  spaceRetryMsMin,
  vacuumPagesMax,
} from './limits.ts';
import { metaKeys } from './schema.ts';
import { BatchRows } from './sql/batch-rows.ts';
import { FinishedRows } from './sql/finished-rows.ts';
import { LossRows } from './sql/loss-rows.ts';
import { writeMeta } from './sql/meta-rows.ts';
import { type Move, StreamRows } from './sql/stream-rows.ts';
import type { Adoption, AppendedBatch, WriterCalls, WriterEvent } from './writer-contract.ts';

export type WriterCall = ThreadCall<WriterCalls>;

export interface WriterHost {
  emit(event: WriterEvent): void;
  /** Calls `run` once after `ms`; a later request replaces an earlier one. */
  wake(ms: number, run: () => void): void;
  /** Bytes a program like this one may still write to the buffer's file system. */
  freeBytes(): number;
}

const freeing: ReadonlySet<string> = new Set(['ack', 'remove', 'reject', 'recordLoss', 'drop', 'dropBatches']);
const vacuumStepsMax = 10_000;

export class BufferWriter {
  readonly #db: DatabaseSync;
  readonly #reserve: ReserveFile;
  readonly #reserveBytes: number;
  readonly #host: WriterHost;
  readonly #streams: StreamRows;
  readonly #batches: BatchRows;
  readonly #finished: FinishedRows;
  readonly #losses: LossRows;
  #waiting: WriterCall[] = [];
  #state: 'open' | 'no-space' = 'open';
  #retryMs = spaceRetryMsMin;

  constructor(db: DatabaseSync, reserve: StoreReserve, host: WriterHost) {
    this.#db = db;
    this.#reserve = reserve.file;
    this.#reserveBytes = reserve.bytes;
    this.#host = host;
    this.#streams = new StreamRows(db);
    this.#batches = new BatchRows(db);
    this.#finished = new FinishedRows(db);
    this.#losses = new LossRows(db, lossRowsMax);
  }

  /** Called once before the first group. */
  start(): void {
    if (!this.#reserve.take()) this.#enterNoSpace('no room for the reserve file');
  }

  group(calls: readonly WriterCall[]): void {
    this.#waiting.push(...calls);
    if (this.#state === 'open') this.#writeAll();
    else if (calls.some((call) => freeing.has(call.name) || call.name === 'retry' || isOfEvents(call))) this.#makeRoom();
  }

  /** What still waits is not durable: its callers are told, and of what cannot be read again the loss is recorded. */
  end(): void {
    if (this.#waiting.length > 0) this.#recordUnstored();
    for (const call of this.#waiting) call.fail(new Error('the buffer was closed before there was room to write this'));
    this.#waiting = [];
    this.#db.close();
  }

  #writeAll(): void {
    while (this.#waiting.length > 0) {
      const calls = takeTransaction(this.#waiting, logBytesMax(this.#reserveBytes));
      try {
        this.#commit(calls);
      } catch (error) {
        if (isDiskFull(error)) {
          this.#waiting.unshift(...calls);
          return this.#enterNoSpace(error instanceof Error ? error.message : String(error));
        }
        for (const call of calls) call.fail(error);
      }
    }
  }

  /** One transaction: all of the calls or none. Answers after the commit, never before (invariants 1 and 2). */
  #commit(calls: readonly WriterCall[]): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const call of calls) this.#apply(call);
      crashPoint('agent.buffer.before-commit');
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
    crashPoint('agent.buffer.after-commit');
    for (const call of calls) {
      if (call.name === 'append') freeMemory(call.argument.body);
      if (call.name !== 'open') call.reply(undefined);
    }
  }

  /** A loss takes as little room as any drop. Where there is not even that, the callers are told all the same. */
  #recordUnstored(): void {
    try {
      this.#reserve.giveUp();
      this.#emptyLog();
      this.#db.exec('BEGIN IMMEDIATE');
      for (const call of this.#waiting) {
        if (call.name === 'append') this.#recordLost(call.argument);
        else if (call.name === 'drop' && this.#isGone(call.argument.move)) this.#apply(call);
      }
      this.#db.exec('COMMIT');
    } catch {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    }
  }

  #recordLost({ batch, tokens }: AppendedBatch): void {
    const atMs = batch.envelope.createdMs;
    for (const { streamId, from, to, toMark: mark } of batch.segments) {
      if (!this.#isGone({ streamId, token: tokens.get(streamId) })) continue;
      this.#streams.move({ streamId, position: to, mark });
      this.#losses.dropped({ streamId, from, to, certain: true, atMs });
    }
  }

  /** Whether the stream is there, and its source cannot be read again from where it is. */
  #isGone({ streamId, token }: Pick<Move, 'streamId' | 'token'>): boolean {
    const stream = this.#streams.get(streamId);
    return token === undefined && stream !== undefined && cannotBeReadAgain(stream);
  }

  #enterNoSpace(message: string): void {
    this.#state = 'no-space';
    this.#retryMs = spaceRetryMsMin;
    this.#reserve.giveUp();
    this.#host.emit({ kind: 'no-space', message });
    this.#wakeLater();
  }

  #wakeLater(): void {
    this.#host.wake(this.#retryMs, () => this.#makeRoom());
    this.#retryMs = Math.min(this.#retryMs * 2, spaceRetryMsMax);
  }

  #makeRoom(): void {
    if (this.#state === 'open') return;
    try {
      if (this.#freeSpace() && this.#writeWaiting()) {
        this.#state = 'open';
        this.#host.emit({ kind: 'space' });
        return;
      }
    } catch (error) {
      if (!isDiskFull(error)) {
        for (const call of this.#waiting.splice(0)) call.fail(error);
      }
    }
    this.#wakeLater();
  }

  /** Writes what goes first with the help of the reserve; true once the reserve could be taken again. */
  #freeSpace(): boolean {
    this.#reserve.giveUp();
    this.#emptyLog();
    const ready = firstCalls(this.#waiting, this.#hasRoomForEvents());
    for (const call of ready) {
      // What comes behind it is done with the next try, without it.
      if (isOfEvents(call) && !this.#hasRoomForEvents()) break;
      this.#commit([call]);
      this.#waiting.splice(this.#waiting.indexOf(call), 1);
      this.#emptyLog();
    }
    this.#giveBackPages();
    const needed = this.#reserveBytes + this.#largestWaiting();
    return this.#host.freeBytes() >= needed && this.#reserve.take();
  }

  /** Half of the reserve stays for what frees room, however long events come. */
  #hasRoomForEvents(): boolean {
    return this.#host.freeBytes() >= this.#reserveBytes / 2;
  }

  #writeWaiting(): boolean {
    while (this.#waiting[0] !== undefined) {
      this.#commit([this.#waiting[0]]);
      this.#waiting.shift();
    }
    return true;
  }

  /** Room the next write needs beyond the reserve: a batch is written to the log first, then to the database. */
  #largestWaiting(): number {
    return 2 * Math.max(0, ...this.#waiting.map(bodyBytes));
  }

  /** Where even that needs more room than there is, what frees room is tried all the same. */
  #emptyLog(): void {
    try {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch (error) {
      if (!isDiskFull(error)) throw error;
    }
  }

  /** Deleting rows leaves free pages in the file; other programs on this disk need them too. */
  #giveBackPages(): void {
    const free = this.#db.prepare('PRAGMA freelist_count');
    const step = this.#db.prepare(`PRAGMA incremental_vacuum(${vacuumPagesMax})`);
    for (let index = 0; index < vacuumStepsMax && Number(free.get()?.['freelist_count']) > 0; index += 1) {
      step.all();
      this.#emptyLog();
    }
  }

  #apply(call: WriterCall): void {
    switch (call.name) {
      case 'append':
        return this.#append(call.argument);
      case 'putStream':
        return this.#streams.put(call.argument);
      case 'updateIdentity':
        return this.#streams.updateIdentity(call.argument.streamId, call.argument.identity);
      case 'endStream':
        return this.#streams.end(call.argument);
      case 'replaceStream':
        this.#streams.replace(call.argument.replaced);
        this.#streams.put(call.argument.stream);
        this.#losses.replaced(call.argument.replaced, call.argument.stream);
        for (const { batchId, segments } of call.argument.rewritten) this.#batches.rewriteSegments(batchId, segments);
        return undefined;
      case 'adopt':
        return this.#adopt(call.argument);
      case 'ack':
        for (const id of call.argument.ids) this.#batches.ack(id, call.argument.atMs);
        return undefined;
      case 'remove':
        crashPoint('agent.buffer.before-delete');
        for (const id of call.argument) this.#batches.delete(id);
        return undefined;
      case 'reject':
        return this.#batches.reject(call.argument.id, call.argument.reason, rejectedBatchesMax);
      case 'recordLoss':
        return this.#losses.declared(call.argument);
      case 'drop':
        this.#streams.move(call.argument.move);
        return this.#losses.dropped(call.argument.range);
      case 'dropBatches':
        for (const id of call.argument.ids) this.#batches.delete(id);
        for (const range of call.argument.ranges) this.#losses.dropped(range);
        return undefined;
      case 'declaring':
        return this.#losses.declaring(call.argument);
      case 'settleLosses':
        return this.#losses.settle(call.argument.streamId, call.argument.held);
      case 'setMeta':
        return writeMeta(this.#db, call.argument.key, call.argument.value);
      case 'forget':
        return this.#forget(call.argument);
      case 'open':
      case 'retry':
        return undefined;
      case 'tidy':
        this.#db.exec('PRAGMA shrink_memory');
        collectGarbage();
        return undefined;
      default:
        return unreachable(call);
    }
  }

  /** Invariant 2: the batch and the positions it moves, in the transaction around this. */
  #append({ tokens, ...whole }: AppendedBatch): void {
    crashPoint('agent.buffer.before-insert');
    this.#batches.insert(whole);
    for (const { streamId, to, toMark } of whole.batch.segments) {
      this.#streams.move({ streamId, position: to, mark: toMark, token: tokens.get(streamId) });
    }
  }

  #forget({ streamIds, nowMs }: WriterCalls['forget']['argument']): void {
    this.#finished.forget(streamIds, { nowMs, ageMsMax: finishedAgeMsMax, countMax: finishedStreamsMax });
  }

  #adopt(adoption: Adoption): void {
    for (const id of adoption.removed) this.#batches.delete(id);
    for (const whole of adoption.rebuilt) {
      this.#batches.delete(whole.batch.id);
      this.#batches.insert(whole);
    }
    for (const stream of adoption.streams) this.#streams.put(stream);
    writeMeta(this.#db, metaKeys.needsRecovery, '0');
  }
}

/** A batch of platform events: what waits of them is bounded (room.ts). */
function isOfEvents(call: WriterCall): boolean {
  return call.name === 'append' && call.argument.overflow === 'reserve';
}

/**
 * What goes before the rest on a full disk. A drop moves its stream's position: never past a batch of that stream that is not stored, nor before
 * the stream itself is. Events pass no batch of their channel either: its ids ascend.
 */
function firstCalls(waiting: readonly WriterCall[], hasRoomForEvents: boolean): WriterCall[] {
  const unstored = new Set<Id>();
  const channels = new Set<ChannelName>();
  return waiting.filter((call) => {
    if (call.name === 'append') {
      const { channel, segments } = call.argument.batch;
      const mayPass = hasRoomForEvents && !channels.has(channel) && segments.every(({ streamId }) => !unstored.has(streamId));
      if (mayPass && isOfEvents(call)) return true;
      channels.add(channel);
      for (const { streamId } of segments) unstored.add(streamId);
    } else if (call.name === 'putStream') unstored.add(call.argument.streamId);
    else if (call.name === 'replaceStream') unstored.add(call.argument.stream.streamId);
    return freeing.has(call.name) && (call.name !== 'drop' || !unstored.has(call.argument.move.streamId));
  });
}

/** Takes the first calls out of those that wait: as many as bring no more bytes than the log may hold, at least one. */
function takeTransaction(waiting: WriterCall[], bytesMax: number): WriterCall[] {
  let bytes = 0;
  const end = waiting.findIndex((call, index) => {
    bytes += bodyBytes(call);
    return index > 0 && bytes > bytesMax;
  });
  return waiting.splice(0, end < 0 ? waiting.length : end);
}

function bodyBytes(call: WriterCall): number {
  return call.name === 'append' ? call.argument.body.length : 0;
}
