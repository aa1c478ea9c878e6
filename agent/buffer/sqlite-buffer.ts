/**
 * The buffer as the main thread has it: an index of what is durable in memory, the writer thread for changes, and a connection of
 * its own for reading bodies. The index and the positions move only after the writer answered that the change is durable.
 *
 * What the writer cannot do any more (damage, a dead thread) is told once to `onFailed`; the owner closes this buffer and opens
 * another, which then starts from what is durable.
 */
import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Transferable } from 'node:worker_threads';
import { assert } from '@tributary/shared/assert.ts';
import type { ThreadCalls } from '@tributary/shared/async/thread-call.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { isDamaged } from '@tributary/shared/sqlite/open-database.ts';
import type { GapCause, Id, Mark, RecoveredStream, SourceIdentity, StreamAttributes } from '@tributary/protocol/messages.ts';
import type { Outbox, OutboxBatch, OutboxSegment, OutboxStream } from '@tributary/protocol/session/outbox.ts';
import type { StreamState } from '../inputs/input.ts';
import { planAdoption } from './adoption.ts';
import type { Buffer, BufferStatus, NewBatch } from './buffer.ts';
import { BufferDamagedError } from './damage.ts';
import { ackDelayMs, type BufferLimits, removeGroupMax, retainedBatchesMax, trimIntervalMs } from './limits.ts';
import { markSuspect } from './open-store.ts';
import { withoutSegments } from './rebuild-batch.ts';
import { FreshBodies } from './fresh-bodies.ts';
import { chargeOf, RetainedIndex } from './retained-index.ts';
import { RoomGate } from './room.ts';
import { metaKeys } from './schema.ts';
import type { SourceMark } from './source-mark.ts';
import { BodyReader, lastBatchId, readBatches } from './sql/batch-rows.ts';
import { lostOf, sumLosses } from './sql/loss-rows.ts';
import { readMeta } from './sql/meta-rows.ts';
import { readReplaced, readStreams } from './sql/stream-rows.ts';
import type { WholeBatch, WriterCalls, WriterEvent } from './writer-contract.ts';

export interface SqliteBufferParts {
  readonly folder: string;
  readonly limits: BufferLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sourceMark: SourceMark;
  readonly onFailed: (error: Error) => void;
  readonly writer: ThreadCalls<WriterCalls, WriterEvent>;
  /** Only reads. */
  readonly db: DatabaseSync;
}

const ownOrigin = { siteId: '', agentId: '' };

export class SqliteBuffer implements Buffer {
  readonly outbox: Outbox;
  readonly #parts: SqliteBufferParts;
  readonly #bodies: BodyReader;
  readonly #room = new RoomGate(() => this.hasRoom() || this.#failure !== undefined);
  readonly #streams = new Map<Id, StreamState>();
  /** A replaced stream's runs that are under way belong to its replacement. */
  readonly #replacements = new Map<Id, Id>();
  /** Streams that another took the place of, in this run or before. */
  readonly #replaced = new Set<Id>();
  /** Appends that the writer has not answered yet, in order. */
  readonly #underway = new Map<number, OutboxBatch>();
  readonly #listeners: (() => void)[] = [];
  readonly #trimTimer: NodeJS.Timeout;
  readonly #fresh = new FreshBodies();
  #index = new RetainedIndex();
  #lastId = 0;
  #underwayBytes = 0;
  #toldAppended = false;
  #unwrittenAcks: number[] = [];
  #ackTimer: NodeJS.Timeout | undefined;
  #hasSpace = true;
  #needsRecovery: boolean;
  #siteStore: string | undefined;
  #losses: { losses: number; positions: number };
  #failure: Error | undefined;
  #closed = false;

  constructor(parts: SqliteBufferParts) {
    this.#parts = parts;
    this.#bodies = new BodyReader(parts.db);
    this.#needsRecovery = readMeta(parts.db, metaKeys.needsRecovery) !== '0';
    this.#siteStore = readMeta(parts.db, metaKeys.siteStore);
    this.#losses = sumLosses(parts.db);
    this.#load();
    this.#forgetEnded();
    this.outbox = this.#makeOutbox();
    this.#trimTimer = setInterval(() => this.#trim(), trimIntervalMs).unref();
    this.#trim();
  }

  get needsRecovery(): boolean {
    return this.#needsRecovery;
  }

  /** Id of the store of the site that last welcomed this agent. */
  get siteStore(): string | undefined {
    return this.#siteStore;
  }

  get losses(): { readonly losses: number; readonly positions: number } {
    return this.#losses;
  }

  /** Told by the writer (open-buffer.ts). */
  handleEvent(event: WriterEvent): void {
    this.#hasSpace = event.kind === 'space';
    if (event.kind === 'space') this.#parts.logger.info('there is room on the disk of the buffer again');
    else {
      this.#parts.logger.error('the disk of the buffer is full: inputs wait until there is room; nothing is lost', {
        reason: event.message,
        folder: this.#parts.folder,
      });
      this.#writeAcks();
      this.#trim();
    }
    this.#room.changed();
  }

  /** Told by the writer (open-buffer.ts), and by whoever meets damage. */
  handleFailure(error: Error): void {
    if (this.#failure !== undefined || this.#closed) return;
    this.#failure = error;
    if (error instanceof BufferDamagedError || isDamaged(error)) markSuspect(this.#parts.folder, error.message);
    this.#room.changed();
    this.#parts.onFailed(error);
  }

  async adopt(recovered: readonly RecoveredStream[]): Promise<void> {
    const batches = [...this.#index.all()].filter((entry) => entry.ackedMs === undefined).map((entry) => entry.batch);
    const plan = planAdoption({ recovered, streams: this.#streams, batches, sourceMark: this.#parts.sourceMark });
    const removed: number[] = [];
    const rebuilt: WholeBatch[] = [];
    for (const [batchId, dropped] of plan.dropped) {
      const batch = this.#index.get(batchId);
      const body = this.outbox.body(batchId);
      assert(batch !== undefined && body !== undefined, 'a batch that was planned with is retained');
      const whole = withoutSegments(batch, body, dropped);
      if (whole === undefined) removed.push(batchId);
      else rebuilt.push(whole);
    }
    await this.#call('adopt', { streams: plan.streams, removed, rebuilt });
    this.#needsRecovery = false;
    this.#load();
    this.#tellAppended();
  }

  streams(): readonly StreamState[] {
    return [...this.#streams.values()].filter((stream) => !stream.ended);
  }

  async openStream(stream: { identity: SourceIdentity; attributes: StreamAttributes; start: number }): Promise<StreamState> {
    const { identity, attributes, start } = stream;
    const mark = this.#parts.sourceMark(identity, start) ?? '';
    const state = { streamId: newId(), identity, attributes, start, position: start, mark, ended: false };
    await this.#call('putStream', state);
    this.#streams.set(state.streamId, state);
    return state;
  }

  updateIdentity(streamId: Id, identity: SourceIdentity): void {
    const stream = this.#current(streamId);
    this.#streams.set(stream.streamId, { ...stream, identity });
    this.#tell('updateIdentity', { streamId: stream.streamId, identity });
  }

  endStream(streamId: Id): void {
    const stream = this.#current(streamId);
    this.#streams.set(stream.streamId, { ...stream, ended: true });
    this.#tell('endStream', stream.streamId);
  }

  async append(batch: NewBatch): Promise<void> {
    const { body, createdMs, ...described } = batch;
    const segments = batch.segments.map((segment) => this.#withCurrentStream(segment));
    this.#lastId += 1;
    const id = this.#lastId;
    const envelope = { createdMs, hops: [], trims: [] };
    const stored: OutboxBatch = { ...described, id, segments, bodyBytes: body.length, envelope };
    this.#underway.set(id, stored);
    this.#underwayBytes += chargeOf(stored);
    this.#fresh.keep(id, body);
    try {
      await this.#call('append', { batch: stored, body }, [body.buffer]);
      this.#index.add({ batch: stored, ackedMs: undefined });
      for (const segment of segments) this.#moved(segment);
      this.#tellAppended();
    } finally {
      this.#underway.delete(id);
      this.#underwayBytes -= chargeOf(stored);
      this.#room.changed();
    }
  }

  hasRoom(): boolean {
    const unacked = this.#index.unackedBytes + this.#underwayBytes;
    const count = this.#index.batches - this.#index.ackedBatches + this.#underway.size;
    return this.#hasSpace && unacked < this.#parts.limits.maxBytes && count < retainedBatchesMax;
  }

  async ready(signal: AbortSignal): Promise<void> {
    await this.#room.ready(signal);
    if (this.#failure !== undefined) throw this.#failure;
  }

  acked(batchIds: readonly number[]): void {
    const now = this.#parts.clock.now();
    const fresh = batchIds.filter((id) => this.#index.ack(id, now));
    if (fresh.length === 0) return;
    this.#unwrittenAcks.push(...fresh);
    if (this.#hasSpace) this.#ackTimer ??= setTimeout(() => this.#writeAcks(), ackDelayMs).unref();
    else this.#writeAcks();
    this.#trim();
    this.#room.changed();
  }

  reject(batchId: number, reason: string): void {
    if (!this.#index.remove(batchId)) return;
    this.#tell('reject', { id: batchId, reason });
    this.#room.changed();
  }

  /**
   * Everything is decided and asked of the writer in this call, before anything else can be: appends that are under way are
   * written before it, under the old stream, and are among those it rewrites; later ones belong to the replacement at once.
   */
  async replaceStream(streamId: Id, at: { start: number; position: number; mark: string }): Promise<StreamState> {
    const old = this.#current(streamId);
    const underway = [...this.#underway.values()].filter((batch) => batch.segments.some(isOf(old.streamId)));
    const unacked = [...this.#index.unackedOf(old.streamId), ...underway];
    const newest = underway.at(-1)?.segments.findLast(isOf(old.streamId));
    const ends = [at, old, ...(newest === undefined ? [] : [{ position: newest.to, mark: newest.toMark }])];
    const { position, mark } = ends.reduce((furthest, end) => (end.position > furthest.position ? end : furthest));
    const stream = { ...old, streamId: newId(), start: at.start, position, mark };
    const rewritten = unacked.map((batch) => ({
      batchId: batch.id,
      segments: batch.segments.map((segment) => {
        return segment.streamId === old.streamId ? { ...segment, streamId: stream.streamId } : segment;
      }),
    }));
    this.#replacements.set(old.streamId, stream.streamId);
    this.#replaced.add(old.streamId);
    this.#streams.set(stream.streamId, stream);
    this.#streams.set(old.streamId, { ...old, ended: true });
    await this.#call('replaceStream', { replaced: old.streamId, stream, rewritten });
    for (const { batchId, segments } of rewritten) {
      if (this.#index.get(batchId) !== undefined) this.#index.rewrite(batchId, segments);
    }
    return this.#current(stream.streamId);
  }

  /** The stream as it is, or what took its place. */
  stream(streamId: Id): StreamState {
    return this.#current(streamId);
  }

  /** Ended streams the site may still take for open. */
  endedStreams(): readonly StreamState[] {
    const retained = this.outbox.retainedStreams();
    return [...retained].map((streamId) => this.#current(streamId)).filter((stream) => stream.ended);
  }

  /** Where the first segment begins that the site has not acked; the stream's end when there is none. */
  firstUnacked(streamId: Id): number {
    const { streamId: current, position } = this.#current(streamId);
    const batches = [...this.#index.unackedOf(current), ...this.#underway.values()];
    const segments = batches.flatMap((batch) => batch.segments.filter(isOf(current)));
    return segments.reduce((first, segment) => Math.min(first, segment.from), position);
  }

  onAppended(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Positions that no site will ever get: kept for people to see. */
  recordLoss(loss: { streamId: Id; from: number; to: number; cause: GapCause }): void {
    this.#losses = { losses: this.#losses.losses + 1, positions: this.#losses.positions + loss.to - loss.from };
    this.#tell('recordLoss', { ...loss, atMs: this.#parts.clock.now() });
  }

  /** Positions of a stream that no site will ever get, as far as that is durable. */
  lostOf(streamId: Id): number {
    return lostOf(this.#parts.db, streamId);
  }

  rememberSiteStore(storeId: string): void {
    if (storeId === this.#siteStore) return;
    this.#siteStore = storeId;
    this.#tell('setMeta', { key: metaKeys.siteStore, value: storeId });
  }

  status(): BufferStatus {
    const index = this.#index;
    return {
      batches: index.batches,
      unackedBatches: index.batches - index.ackedBatches,
      unackedBytes: index.unackedBytes,
      retainedBytes: index.unackedBytes + index.ackedBytes,
      maxBytes: this.#parts.limits.maxBytes,
      state: this.#hasSpace ? (this.hasRoom() ? 'open' : 'full') : 'no-space',
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#writeAcks();
    this.#closed = true;
    clearInterval(this.#trimTimer);
    clearTimeout(this.#ackTimer);
    this.#parts.db.close();
    await this.#parts.writer[Symbol.asyncDispose]();
  }

  #moved(segment: OutboxSegment): void {
    const stream = this.#streams.get(segment.streamId);
    assert(stream !== undefined, 'a batch is of streams that were opened');
    if (segment.to <= stream.position) return;
    this.#streams.set(stream.streamId, { ...stream, position: segment.to, mark: segment.toMark });
  }

  #withCurrentStream(segment: OutboxSegment): OutboxSegment {
    if (!this.#replacements.has(segment.streamId)) return segment;
    return { ...segment, streamId: this.#current(segment.streamId).streamId };
  }

  #current(streamId: Id): StreamState {
    let id = streamId;
    for (let next = this.#replacements.get(id); next !== undefined; next = this.#replacements.get(id)) id = next;
    const stream = this.#streams.get(id);
    assert(stream !== undefined, 'a stream is opened before it is used');
    return stream;
  }

  /** One notice for all the batches of a group commit: their answers come together. */
  #tellAppended(): void {
    if (this.#toldAppended) return;
    this.#toldAppended = true;
    setImmediate(() => {
      this.#toldAppended = false;
      for (const listener of this.#listeners) listener();
    });
  }

  #writeAcks(): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    if (this.#unwrittenAcks.length === 0) return;
    this.#tell('ack', { ids: this.#unwrittenAcks, atMs: this.#parts.clock.now() });
    this.#unwrittenAcks = [];
  }

  /** Deletes what was acked and is past its window, or in the way; the replay window never holds up new batches. */
  #trim(): void {
    if (this.#closed || this.#failure !== undefined) return;
    const now = this.#parts.clock.now();
    let group: number[] = [];
    for (let oldest = this.#index.oldestAcked(); oldest !== undefined; oldest = this.#index.oldestAcked()) {
      if (!this.#isExpired(oldest.ackedMs ?? now, now)) break;
      this.#index.remove(oldest.batch.id);
      group.push(oldest.batch.id);
      if (group.length < removeGroupMax) continue;
      this.#tell('remove', group);
      group = [];
    }
    if (group.length > 0) this.#tell('remove', group);
  }

  #isExpired(ackedMs: number, now: number): boolean {
    const { replayWindowMs, replayMaxBytes, maxBytes } = this.#parts.limits;
    const { ackedBytes, unackedBytes, batches } = this.#index;
    // A clock that was set back must not keep them for ever.
    const isOld = ackedMs + replayWindowMs <= now || ackedMs > now + replayWindowMs;
    const isMuch = ackedBytes > replayMaxBytes || ackedBytes + unackedBytes > maxBytes || batches > retainedBatchesMax;
    return isOld || isMuch || !this.#hasSpace;
  }

  async #call<Name extends keyof WriterCalls>(
    name: Name,
    argument: WriterCalls[Name]['argument'],
    transfer: readonly Transferable[] = [],
  ): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new Error('the buffer is closed');
    try {
      await this.#parts.writer.call(name, argument, transfer);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      this.handleFailure(failure);
      throw failure;
    }
  }

  /** A change nobody waits for; what goes wrong with it is a failure of the buffer. */
  #tell<Name extends keyof WriterCalls>(name: Name, argument: WriterCalls[Name]['argument']): void {
    if (this.#closed) return;
    this.#call(name, argument).catch(() => undefined);
  }

  #load(): void {
    const { db } = this.#parts;
    this.#streams.clear();
    for (const stream of readStreams(db)) this.#streams.set(stream.streamId, stream);
    for (const streamId of readReplaced(db)) this.#replaced.add(streamId);
    this.#index = new RetainedIndex();
    for (const row of readBatches(db)) this.#index.add(row);
    this.#lastId = Math.max(this.#lastId, lastBatchId(db));
  }

  /** Streams that ended and have nothing retained are of no use any more. */
  #forgetEnded(): void {
    const retained = new Set(this.#index.streams());
    const ended = [...this.#streams.values()].filter((stream) => stream.ended && !retained.has(stream.streamId));
    if (ended.length === 0) return;
    for (const stream of ended) this.#streams.delete(stream.streamId);
    const streamIds = ended.map((stream) => stream.streamId);
    this.#tell('forget', streamIds);
  }

  #makeOutbox(): Outbox {
    return {
      channels: () => this.#index.channels(),
      next: (channel, afterId) => this.#index.next(channel, afterId),
      firstUnacked: (channel) => this.#index.firstUnacked(channel),
      firstAfter: (streamId, position) => this.#index.firstAfter(streamId, position),
      body: (batchId) => this.#body(batchId),
      stream: (streamId) => this.#outboxStream(streamId),
      retainedStreams: () => this.#index.streams().filter((streamId) => !this.#replaced.has(streamId)),
      markAt: (streamId, position) => this.#markAt(streamId, position),
    };
  }

  /** Throws a BufferDamagedError rather than let the session declare lost what the source may still have. */
  #body(batchId: number): Uint8Array | undefined {
    const batch = this.#index.get(batchId);
    if (batch === undefined) return undefined;
    const fresh = this.#fresh.take(batchId);
    if (fresh !== undefined) return fresh;
    let cause: unknown;
    try {
      const body = this.#bodies.read(batch);
      if (body !== undefined) return body;
    } catch (error) {
      if (!isDamaged(error)) throw error;
      cause = error;
    }
    const damaged = new BufferDamagedError(`the body of batch ${batchId} does not fit its checksum`, { cause });
    this.handleFailure(damaged);
    throw damaged;
  }

  #outboxStream(streamId: Id): OutboxStream | undefined {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return undefined;
    const { identity, attributes, start, position, mark } = stream;
    const replaced = this.#replaced.has(streamId);
    return { streamId, origin: ownOrigin, identity, attributes, start, end: position, endMark: mark, replaced };
  }

  #markAt(streamId: Id, position: number): Mark | undefined {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return undefined;
    if (position === stream.position && stream.mark !== '') return stream.mark;
    const known = this.#index.markAt(streamId, position);
    if (known !== undefined || stream.attributes.counted) return known;
    return this.#parts.sourceMark(stream.identity, position);
  }
}

function newId(): Id {
  return randomBytes(16).toString('hex');
}

function isOf(streamId: Id): (segment: OutboxSegment) => boolean {
  return (segment) => segment.streamId === streamId;
}
