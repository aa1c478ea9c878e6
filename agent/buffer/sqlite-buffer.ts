/**
 * The buffer as the main thread has it: an index of what is durable in memory, the writer thread for changes, and a connection of
 * its own for reading bodies. The index and the positions move only after the writer answered that the change is durable.
 *
 * What the writer cannot do any more (damage, a dead thread) is told once to `onFailed`; the owner closes this buffer and opens
 * another, which then starts from what is durable.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { ThreadCalls } from '@tributary/shared/async/thread-call.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { assert } from '@tributary/shared/assert.ts';
import { isDamaged } from '@tributary/shared/sqlite/open-database.ts';
import type { GapCause, Id, RecoveredStream, SourceIdentity, StreamAttributes } from '@tributary/protocol/messages.ts';
import type { Outbox, OutboxBatch, OutboxSegment } from '@tributary/protocol/session/outbox.ts';
import type { Dropped } from '../framing/stream-end.ts';
import type { FileProgress, Overflow, StreamState } from '../inputs/input.ts';
import type { Buffer, BufferStatus, NewBatch, NewSegment } from './buffer.ts';
import { BufferDamagedError } from './damage.ts';
import { Drops } from './drops.ts';
import { type BufferLimits, trimIntervalMs } from './limits.ts';
import { LossBook } from './loss-book.ts';
import { markSuspect } from './open-store.ts';
import { Recovery } from './recovery.ts';
import { FreshBodies } from './fresh-bodies.ts';
import { outboxView } from './outbox-view.ts';
import { RetainedIndex } from './retained-index.ts';
import { Retention } from './retention.ts';
import { newId, planReplacement } from './replacement.ts';
import { Room } from './room.ts';
import { metaKeys } from './schema.ts';
import { SegmentLengths } from './segment-lengths.ts';
import type { SourceMark } from './source-mark.ts';
import { BodyReader, lastBatchId, LengthsReader, readBatches } from './sql/batch-rows.ts';
import { FinishedReader } from './sql/finished-rows.ts';
import type { LossSum } from './sql/loss-rows.ts';
import { readMeta } from './sql/meta-rows.ts';
import { StreamProgress } from './stream-progress.ts';
import { StreamTable } from './stream-table.ts';
import { WriterClient } from './writer-client.ts';
import type { WriterCalls, WriterEvent } from './writer-contract.ts';

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

export class SqliteBuffer implements Buffer {
  readonly outbox: Outbox;
  readonly #parts: SqliteBufferParts;
  readonly #progress: StreamProgress;
  readonly #writer: WriterClient;
  readonly #room: Room;
  readonly #lost: LossBook;
  readonly #drops: Drops;
  readonly #streams = new StreamTable();
  readonly #index: RetainedIndex;
  readonly #retention: Retention;
  readonly #recovery: Recovery;
  /** Appends that the writer has not answered yet, in order. */
  readonly #underway = new Map<number, OutboxBatch>();
  /** Ended streams that nothing has to be told of any more. */
  readonly #closedAtSite = new Set<Id>();
  readonly #listeners: (() => void)[] = [];
  readonly #trimTimer: NodeJS.Timeout;
  readonly #fresh = new FreshBodies();
  /** Of records: what waited when it was opened, and what became of them since. */
  readonly #records = { found: 0, appended: 0, rejected: 0 };
  #lastId = 0;
  #toldAppended = false;
  #siteStore: string | undefined;
  #site: string | undefined;
  #closed = false;

  constructor(parts: SqliteBufferParts) {
    this.#parts = parts;
    const { clock, db, limits, sourceMark } = parts;
    const writer = new WriterClient(parts.writer, (error) => this.#failed(error));
    const rows = new LengthsReader(db);
    const index = new RetainedIndex(new SegmentLengths((batchId) => rows.read(batchId) ?? this.#damaged(batchId)));
    const streams = this.#streams;
    this.#index = index;
    this.#writer = writer;
    const finished = new FinishedReader(db);
    this.#progress = new StreamProgress({ streams, index, finished, underWay: () => this.#underway.values() });
    this.#siteStore = readMeta(db, metaKeys.siteStore);
    this.#site = readMeta(db, metaKeys.site);
    this.#room = new Room({ index, limits, isBroken: () => writer.failure !== undefined });
    this.#lost = new LossBook({ db, declaring: (range) => writer.tell('declaring', range) });
    this.#drops = new Drops({
      writer,
      clock,
      index,
      streams,
      losses: this.#lost,
      room: this.#room,
      onDeclarable: () => this.#tellAppended(),
    });
    this.#retention = new Retention({
      index,
      limits,
      clock,
      hasSpace: () => this.#room.hasSpace,
      ack: (ids, atMs) => writer.tell('ack', { ids, atMs }),
      remove: (ids) => writer.tell('remove', ids),
    });
    this.outbox = outboxView({
      index,
      streams,
      bodies: new BodyReader(db),
      fresh: this.#fresh,
      losses: this.#lost,
      room: this.#room,
      sourceMark,
      onDamaged: (error) => this.handleFailure(error),
    });
    const isNeeded = readMeta(db, metaKeys.needsRecovery) !== '0';
    this.#recovery = new Recovery({ writer, index, streams, outbox: this.outbox, sourceMark, isNeeded });
    this.#load();
    this.#forgetEnded();
    this.#trimTimer = setInterval(() => this.trim(), trimIntervalMs).unref();
    this.trim();
  }

  get needsRecovery(): boolean {
    return this.#recovery.isNeeded;
  }

  /** Id of the store of the site that last welcomed this agent. */
  get siteStore(): string | undefined {
    return this.#siteStore;
  }

  get site(): string | undefined {
    return this.#site;
  }

  /** Told by the writer (open-buffer.ts). */
  handleEvent(event: WriterEvent): void {
    const { logger, folder } = this.#parts;
    if (event.kind === 'space') logger.info('there is room on the disk of the buffer again');
    else {
      logger.error('the disk of the buffer is full: inputs wait until there is room; nothing is lost', {
        reason: event.message,
        folder,
      });
    }
    this.#room.hasSpace = event.kind === 'space';
    if (event.kind === 'space') return;
    this.#retention.writeAcks();
    this.trim();
  }

  /** Told by the writer (open-buffer.ts), and by whoever meets damage. */
  handleFailure(error: Error): void {
    this.#writer.fail(error);
  }

  async adopt(recovered: readonly RecoveredStream[]): Promise<void> {
    await this.#recovery.adopt(recovered);
    this.#room.changed();
    this.#tellAppended();
  }

  /** Opened before the site told which streams it knows: it is not one of those of an earlier start. */
  wasOpenedHere(streamId: Id): boolean {
    return this.#recovery.wasOpenedHere(streamId);
  }

  streams(): readonly StreamState[] {
    return [...this.#streams.all()].filter((stream) => !stream.ended);
  }

  async openStream(stream: { identity: SourceIdentity; attributes: StreamAttributes; start: number }): Promise<StreamState> {
    const { identity, attributes, start } = stream;
    const mark = this.#parts.sourceMark(identity, start) ?? '';
    const state = { streamId: newId(), identity, attributes, start, position: start, mark, ended: false };
    this.#recovery.opened(state.streamId);
    await this.#writer.call('putStream', state);
    this.#streams.put(state);
    return state;
  }

  updateIdentity(streamId: Id, identity: SourceIdentity): void {
    this.storeIdentity(streamId, identity).catch(() => undefined);
  }

  async storeIdentity(streamId: Id, identity: SourceIdentity): Promise<void> {
    const stream = this.#streams.current(streamId);
    this.#streams.put({ ...stream, identity });
    await this.#writer.call('updateIdentity', { streamId: stream.streamId, identity });
  }

  endStream(streamId: Id, onEnd: (stream: StreamState) => void = () => undefined): void {
    const { streamId: current } = this.#streams.current(streamId);
    // Where it ends is known, and it may be forgotten, only once what was dropped of it is recorded.
    const dropped = this.#drops.settled(current);
    this.#streams.put({ ...this.#streams.current(current), ended: true });
    this.#writer.tell('endStream', current);
    const ended = (): void => {
      const stream = this.#streams.find(current);
      if (stream === undefined) return;
      // No site ever heard of it.
      if (stream.position === stream.start) this.#closedAtSite.add(stream.streamId);
      onEnd(stream);
    };
    if (dropped === undefined) ended();
    else void dropped.then(ended);
  }

  ackedTo(streamId: Id): number {
    return this.#progress.ackedTo(streamId);
  }

  storedTo(streamId: Id): number {
    return this.#progress.storedTo(streamId);
  }

  progressOf(file: { readonly device: string; readonly inode: string }): readonly FileProgress[] {
    return this.#progress.ofFile(file);
  }

  progressByFingerprint(fingerprint: string, fingerprintLength: number): readonly FileProgress[] {
    return this.#progress.ofFingerprint(fingerprint, fingerprintLength);
  }

  async append(batch: NewBatch, overflow: Overflow = 'block'): Promise<void> {
    if (overflow === 'drop_oldest') this.#drops.makeRoom();
    const { body, createdMs, ...described } = batch;
    const tokens = new Map<Id, string>();
    const segments = batch.segments.map((segment) => this.#takeSegment(segment, tokens));
    this.#lastId += 1;
    const id = this.#lastId;
    const envelope = { createdMs, hops: [], trims: [] };
    const stored: OutboxBatch = { ...described, id, segments, bodyBytes: body.length, envelope };
    const arrived = this.#room.underWay(stored, overflow);
    this.#underway.set(id, stored);
    this.#fresh.keep(id, body);
    // They take part in its transaction.
    this.#retention.writeAcks();
    try {
      await this.#writer.call('append', { batch: stored, overflow, body, tokens }, [body.buffer]);
      this.#index.add({ batch: stored, overflow, ackedMs: undefined });
      this.#records.appended += stored.records;
      for (const segment of segments) this.#moved(segment);
      this.#tellAppended();
    } finally {
      this.#underway.delete(id);
      arrived();
    }
  }

  hasRoom(overflow: Overflow = 'block'): boolean {
    return this.#room.has(overflow);
  }

  async ready(overflow: Overflow, signal: AbortSignal): Promise<void> {
    await this.#room.ready(overflow, signal);
    if (this.#writer.failure !== undefined) throw this.#writer.failure;
  }

  onRoomChanged(listener: () => void): void {
    this.#room.onChanged(listener);
  }

  drop(dropped: Dropped): void {
    this.#drops.drop(dropped);
  }

  onBatchesDropped(listener: (dropped: readonly Dropped[]) => void): void {
    this.#drops.onBatchesDropped(listener);
  }

  acked(batchIds: readonly number[]): void {
    if (!this.#retention.acked(batchIds)) return;
    this.trim();
    this.#room.changed();
  }

  reject(batchId: number, reason: string): void {
    const { records } = this.#index.get(batchId) ?? { records: 0 };
    if (!this.#index.remove(batchId)) return;
    this.#records.rejected += records;
    this.#writer.tell('reject', { id: batchId, reason });
    this.#room.changed();
  }

  /**
   * Everything is decided and asked of the writer in this call, before anything else can be: appends that are under way are
   * written before it, under the old stream, and are among those it rewrites; later ones belong to the replacement at once.
   */
  async replaceStream(streamId: Id, at: { start: number; position: number; mark: string }): Promise<StreamState> {
    const old = this.#streams.current(streamId);
    const unacked = this.#index.unackedOf(old.streamId);
    const plan = planReplacement({ old, at, unacked, underWay: this.#underway.values() });
    const { stream, rewritten } = plan;
    // What was dropped and is not written yet is written before it, too.
    this.#drops.flushBefore(old.streamId);
    this.#streams.replace(old, stream);
    this.#closedAtSite.add(old.streamId);
    await this.#writer.call('replaceStream', plan);
    this.#lost.changed([old.streamId, stream.streamId]);
    for (const { batchId, segments } of rewritten) {
      if (this.#index.get(batchId) !== undefined) this.#index.rewrite(batchId, segments);
    }
    return this.#streams.current(stream.streamId);
  }

  stream(streamId: Id): StreamState {
    return this.#progress.stream(streamId);
  }

  endedStreams(): readonly StreamState[] {
    return this.#progress.ended();
  }

  firstUnacked(streamId: Id): number {
    return this.#progress.firstUnacked(streamId);
  }

  onAppended(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Positions that no site will ever get: kept for people to see. */
  recordLoss(loss: { streamId: Id; from: number; to: number; cause: GapCause }): void {
    this.#drops.recordLoss(loss);
  }

  /** The site's word on a stream. */
  positioned(streamId: Id, held: number): void {
    this.#drops.positioned(streamId, held);
  }

  /** The site was told that the stream ended: it is forgotten once nothing of it is retained. */
  closed(streamId: Id): void {
    this.#closedAtSite.add(streamId);
  }

  /** What was on its way to a site may be dropped again. */
  disconnected(): void {
    this.#index.noneIsSent();
    this.#room.changed();
  }

  /** Positions of a stream that no site will ever get, as far as that is durable. */
  lostOf(streamId: Id): number {
    return this.#lost.lostOf(streamId);
  }

  losses(): Partial<Record<GapCause, LossSum>> {
    return this.#lost.byCause();
  }

  /** Gives back memory that is needed only while there is much to do. */
  async tidy(): Promise<void> {
    this.#parts.db.exec('PRAGMA shrink_memory');
    await this.#writer.call('tidy', undefined);
  }

  rememberSiteStore(storeId: string, siteId: string): void {
    if (storeId === this.#siteStore && siteId === this.#site) return;
    this.#siteStore = storeId;
    this.#site = siteId;
    this.#writer.tell('setMeta', { key: metaKeys.siteStore, value: storeId });
    this.#writer.tell('setMeta', { key: metaKeys.site, value: siteId });
  }

  /** So that it is known for whose it is when it is set aside. */
  rememberAgent(agentId: Id): void {
    if (readMeta(this.#parts.db, metaKeys.agent) === agentId) return;
    this.#writer.tell('setMeta', { key: metaKeys.agent, value: agentId });
  }

  status(): BufferStatus {
    const index = this.#index;
    return {
      batches: index.batches,
      unackedBatches: index.batches - index.ackedBatches,
      unackedBytes: index.unackedBytes,
      retainedBytes: index.unackedBytes + index.ackedBytes,
      maxBytes: this.#parts.limits.maxBytes,
      reserveBytes: index.reserve.bytes,
      records: this.#recordSums(),
      state: this.#room.hasSpace ? (this.#room.isFull ? 'full' : 'open') : 'no-space',
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#retention.writeAcks();
    void this.#drops.flush();
    this.#drops[Symbol.dispose]();
    clearInterval(this.#trimTimer);
    // Before the writer's connection, which as the last one puts the log into the database.
    this.#lost.close();
    this.#parts.db.close();
    await this.#writer.close();
  }

  #recordSums(): BufferStatus['records'] {
    const { unacked, acked, cut } = this.#index.records;
    const { found, appended, rejected } = this.#records;
    return { found: found - cut, appended, acked, unacked, dropped: this.#drops.droppedRecords, rejected };
  }

  #moved(segment: OutboxSegment): void {
    const stream = this.#streams.get(segment.streamId);
    assert(stream !== undefined, 'a batch is of streams that were opened');
    if (segment.to <= stream.position) return;
    this.#streams.put({ ...stream, position: segment.to, mark: segment.toMark });
  }

  /**
   * The segment as it is stored, under the stream that its own may have been replaced by. Its token becomes the stream's in the
   * transaction that stores the batch, and here at once: so identities change in the order of the calls.
   */
  #takeSegment({ token, ...segment }: NewSegment, tokens: Map<Id, string>): OutboxSegment {
    const stream = this.#streams.current(segment.streamId);
    const { streamId, identity } = stream;
    this.#drops.flushBefore(streamId);
    if (token !== undefined) {
      tokens.set(streamId, token);
      this.#streams.put({ ...stream, identity: { ...identity, token } });
    }
    return { ...segment, streamId };
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

  /** Deletes what is past its window, and forgets what ended; done every few seconds. */
  trim(): void {
    if (!this.#writer.isUsable) return;
    this.#retention.trim();
    // What is being adopted is still to be known.
    if (!this.#recovery.isUnderWay) this.#forgetClosed();
  }

  #failed(error: Error): void {
    if (error instanceof BufferDamagedError || isDamaged(error)) markSuspect(this.#parts.folder, error.message);
    this.#room.changed();
    this.#parts.onFailed(error);
  }

  #damaged(batchId: number): never {
    const error = new BufferDamagedError(`the row of batch ${batchId} cannot be read`);
    this.handleFailure(error);
    throw error;
  }

  #load(): void {
    const { db } = this.#parts;
    this.#streams.load(db);
    for (const row of readBatches(db)) this.#index.add(row);
    this.#records.found = this.#index.records.unacked;
    this.#lastId = Math.max(this.#lastId, lastBatchId(db));
    this.#room.changed();
  }

  /** Of an earlier start: nobody waits for what ended then. */
  #forgetEnded(): void {
    for (const { streamId, ended } of this.#streams.all()) if (ended) this.#closedAtSite.add(streamId);
    this.#forgetClosed();
  }

  /** Streams that ended and have nothing retained are of no use any more; those of files are remembered in the database. */
  #forgetClosed(): void {
    const streamIds = [...this.#closedAtSite].filter((id) => !this.#index.hasStream(id) && !this.#lost.isUndeclared(id));
    if (streamIds.length === 0) return;
    for (const streamId of streamIds) this.#closedAtSite.delete(streamId);
    this.#writer.tell('forget', { streamIds, nowMs: this.#parts.clock.now() }, () => {
      for (const streamId of streamIds) this.#streams.delete(streamId);
    });
  }
}
