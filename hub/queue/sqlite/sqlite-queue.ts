/**
 * The embedded queue: one hub, one partition, one file. Changes go to the writer thread and resolve after their commit; what is
 * read comes from a read-only connection of this thread; levels (how full each topic is) follow every commit.
 *
 * Bodies are copied once on their way to the writer: a caller may hold on to what it passed, and try again after `full`.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { ChannelName, Id, RecoveredStream } from '@tributary/protocol/messages.ts';
import type { AppendResult, StreamKey, StreamPosition } from '@tributary/protocol/session/server-effect.ts';
import { ThreadCallError, type ThreadCalls } from '@tributary/shared/async/thread-call.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { DurabilityPragmas } from '@tributary/shared/sqlite/open-database.ts';
import { changeLimits, type QueueLimits } from '../limits.ts';
import { QueueError } from '../queue-error.ts';
import type {
  AppendBatch,
  ArchiveObject,
  ArchivePlan,
  Commit,
  CommitResult,
  DeadEntry,
  Entry,
  GapRecord,
  GroupPlace,
  GroupRequest,
  HeldBack,
  KnownStream,
  Lease,
  NewEntry,
  OpenStreamRequest,
  Queue,
  QueueStatus,
  RecordedGap,
  TopicName,
} from '../queue.ts';
import type { SeekTarget, Sought } from '../seek.ts';
import { archiveObjects } from './archive-objects.ts';
import { knownStreams } from './known-streams.ts';
import { Levels } from './levels.ts';
import { Reader } from './reader.ts';
import { storeFigures } from './status.ts';
import { deadEntriesQuery, deadEntryOf } from './tables/dead-letter-table.ts';
import type { Opened, StoreLevels, WriterContract } from './writer-contract.ts';

const tickMs = 1000;
const tickWithMoreMs = 50;

export interface SqliteQueueParts {
  readonly calls: ThreadCalls<WriterContract, StoreLevels>;
  readonly opened: Opened;
  readonly db: DatabaseSync;
  readonly limits: QueueLimits;
  readonly clock: Clock;
  readonly log: Logger;
}

export class SqliteQueue implements Queue {
  readonly partitions = 1;
  readonly storeId: Id;
  /** Drawn when the store was made; site and hub keep them for good. */
  readonly siteId: Id;
  readonly hubId: Id;
  /** As read back from the connection that writes. */
  readonly pragmas: DurabilityPragmas;
  readonly #calls;
  readonly #db: DatabaseSync;
  readonly #reader: Reader;
  readonly #levels: Levels;
  readonly #limits: QueueLimits;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #archiveListeners = new Set<(channel: ChannelName, partition?: number) => void>();
  readonly #stop = new AbortController();
  readonly #housekeeping: Promise<void>;

  constructor(parts: SqliteQueueParts) {
    const { ids, pragmas, levels } = parts.opened;
    this.storeId = ids.storeId;
    this.siteId = ids.siteId;
    this.hubId = ids.hubId;
    this.pragmas = pragmas;
    this.#calls = parts.calls;
    this.#db = parts.db;
    this.#reader = new Reader(parts.db);
    this.#limits = parts.limits;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#levels = new Levels(parts.limits, levels, parts.log);
    this.#housekeeping = this.#keepHouse(this.#stop.signal);
  }

  /** What the writer tells after a commit; called by whoever made the thread. */
  levelsChanged(levels: StoreLevels): void {
    if (levels.identitiesChanged) this.#reader.forgetStreams();
    this.#levels.apply(levels);
  }

  /** From memory: whether anything can be taken in. */
  get state(): QueueStatus['state'] {
    return this.#levels.state;
  }

  partitionOf(): number {
    return 0;
  }

  openStream(request: OpenStreamRequest): Promise<StreamPosition> {
    return this.#call('openStream', { nowMs: this.#clock.now(), request });
  }

  closeStream(key: StreamKey, position: number): Promise<void> {
    return this.#call('closeStream', { nowMs: this.#clock.now(), key, position });
  }

  async streams(from: { after: number }, { entries }: { entries: number }): Promise<readonly KnownStream[]> {
    return knownStreams(this.#db, { after: from.after, entries });
  }

  forgetStreams(_partition: number, keys: readonly StreamKey[], closedBeforeMs: number): Promise<number> {
    return this.#call('forgetStreams', { keys, closedBeforeMs });
  }

  recordGap(key: StreamKey, gap: Parameters<Queue['recordGap']>[1]): Promise<RecordedGap> {
    return this.#call('recordGap', { nowMs: this.#clock.now(), key, gap });
  }

  async *streamsOf(siteId: Id, agentId: Id): AsyncGenerator<RecoveredStream> {
    yield* this.#reader.streamsOf(siteId, agentId);
  }

  async gaps(): Promise<readonly GapRecord[]> {
    return this.#reader.gaps();
  }

  async gapsOf(key: StreamKey): Promise<readonly GapRecord[]> {
    return this.#reader.gapsOf(key);
  }

  append(batch: AppendBatch): Promise<AppendResult> {
    const body = new Uint8Array(batch.body);
    const argument = { nowMs: this.#clock.now(), partition: 0, batch: { ...batch, body } };
    return this.#call('append', argument, [body.buffer]);
  }

  publish(
    topic: TopicName,
    partition: number,
    entry: NewEntry,
    idempotencyKey?: string,
  ): Promise<'stored' | 'duplicate' | 'full'> {
    const body = new Uint8Array(entry.body);
    const argument = { nowMs: this.#clock.now(), topic, partition, entry: { ...entry, body }, idempotencyKey };
    return this.#call('publish', argument, [body.buffer]);
  }

  creditOf(channel: ChannelName): number {
    return this.#levels.creditOf(channel);
  }

  topics(): readonly TopicName[] {
    return this.#levels.topics();
  }

  ensureGroup(request: GroupRequest): Promise<void> {
    return this.#call('ensureGroup', { partitions: this.partitions, request });
  }

  async beginningsOf(place: GroupPlace): Promise<ReadonlyMap<string, number>> {
    return this.#reader.beginningsOf(place);
  }

  pauseGroup(topic: TopicName, group: string, paused: boolean): Promise<void> {
    return this.#call('pauseGroup', { partitions: this.partitions, topic, group, paused });
  }

  seekGroup(place: GroupPlace, to: SeekTarget): Promise<Sought> {
    return this.#call('seekGroup', { place, to });
  }

  skipEntries(place: GroupPlace, count: number, reason: string): Promise<number> {
    return this.#call('skipEntries', { nowMs: this.#clock.now(), place, count, reason });
  }

  async deadEntries(from: { after: number }, { entries }: { entries: number }): Promise<readonly DeadEntry[]> {
    return this.#db.prepare(deadEntriesQuery).all(from.after, entries).map(deadEntryOf);
  }

  replayDeadEntry({ number }: Pick<DeadEntry, 'number'>): Promise<'done' | 'gone' | 'full'> {
    return this.#call('replayDeadEntry', { nowMs: this.#clock.now(), number });
  }

  dropDeadEntries(_partition: number, numbers: readonly number[]): Promise<number> {
    return this.#call('dropDeadEntries', { numbers });
  }

  removeGroup(topic: TopicName, group: string): Promise<void> {
    return this.#call('removeGroup', { partitions: this.partitions, topic, group });
  }

  get leasesHeld(): undefined {
    return undefined;
  }

  acquire(group: GroupPlace, owner: string, ttlMs: number): Promise<Lease | undefined> {
    return this.#call('acquire', { nowMs: this.#clock.now(), ...group, owner, ttlMs });
  }

  renew(lease: Lease, ttlMs: number): Promise<Lease | undefined> {
    return this.#call('renew', { nowMs: this.#clock.now(), lease, ttlMs });
  }

  release(lease: Lease): Promise<void> {
    return this.#call('release', lease);
  }

  attempt(lease: Lease, sequence: number): Promise<number | 'fenced'> {
    return this.#call('attempt', { lease, sequence });
  }

  async read(from: Parameters<Queue['read']>[0], limits: Parameters<Queue['read']>[1]): Promise<readonly Entry[]> {
    return this.#reader.read(from, limits);
  }

  async measure(from: Parameters<Queue['measure']>[0]): ReturnType<Queue['measure']> {
    return { entries: this.#reader.measure(from) };
  }

  commit(commit: Commit): Promise<CommitResult> {
    const publish = (commit.publish ?? []).map(({ topic, entry }) => {
      return { topic, entry: { ...entry, body: new Uint8Array(entry.body) } };
    });
    const argument = { nowMs: this.#clock.now(), commit: { ...commit, publish } };
    return this.#call(
      'commit',
      argument,
      publish.map(({ entry }) => entry.body.buffer),
    );
  }

  plan(lease: Lease, plan: ArchivePlan): Promise<ArchivePlan | 'fenced'> {
    return this.#call('plan', { lease, plan });
  }

  async currentPlan(lease: Lease): Promise<ArchivePlan | undefined> {
    const found = this.#reader.planOf(lease);
    return found === undefined ? undefined : { topic: lease.topic, partition: lease.partition, ...found };
  }

  async archiveObjects(): Promise<readonly ArchiveObject[]> {
    return archiveObjects(this.#db);
  }

  restoreArchived(lease: Lease, objects: readonly ArchiveObject[]): Promise<'done' | 'fenced'> {
    return this.#call('restoreArchived', { lease, objects });
  }

  addArchived(objects: readonly ArchiveObject[]): Promise<number> {
    return this.#call('addArchived', { objects });
  }

  removeArchived(objects: readonly ArchiveObject[]): Promise<number> {
    return this.#call('removeArchived', { names: objects.map(({ name }) => name) });
  }

  generationOf(): number {
    return 0;
  }

  async trim(): Promise<void> {
    let more = true;
    while (more) ({ more } = await this.#call('trim', { nowMs: this.#clock.now() }));
  }

  onAppended(listener: (topic: TopicName, partition: number) => void): () => void {
    return this.#levels.onAppended(listener);
  }

  requestArchive(channel: ChannelName, partition?: number): void {
    for (const listener of this.#archiveListeners) listener(channel, partition);
  }

  heldBack(): readonly HeldBack[] {
    return this.#levels.heldBack(this.#clock.now());
  }

  onArchiveRequested(listener: (channel: ChannelName, partition?: number) => void): () => void {
    this.#archiveListeners.add(listener);
    return () => this.#archiveListeners.delete(listener);
  }

  /** One file that one process writes: it does not change under an open queue, and who opens it again begins anew. */
  onStoreChanged(): () => void {
    return () => undefined;
  }

  async status(): Promise<QueueStatus> {
    return {
      storeId: this.storeId,
      state: this.state,
      bytes: this.#levels.storeBytes,
      maxBytes: this.#limits.storeBytesMax,
      ...storeFigures(this.#db),
    };
  }

  async changeLimits(changes: Partial<QueueLimits>): Promise<void> {
    changeLimits(this.#limits, changes);
    await this.#call('changeLimits', changes);
  }

  /** What was asked before is finished and durable; the reader closes first, so that the writer can put the log back. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    await this.#housekeeping;
    this.#reader.close();
    await this.#calls[Symbol.asyncDispose]();
  }

  async #call<Name extends keyof WriterContract>(
    name: Name,
    argument: WriterContract[Name]['argument'],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<WriterContract[Name]['result']> {
    try {
      return await this.#calls.call(name, argument, transfer);
    } catch (error) {
      throw queueErrorOf(error);
    }
  }

  async #keepHouse(signal: AbortSignal): Promise<void> {
    let waitMs = tickMs;
    for (;;) {
      try {
        await this.#clock.sleep(waitMs, signal);
      } catch {
        return;
      }
      try {
        const { more } = await this.#call('tick', { nowMs: this.#clock.now() });
        waitMs = more ? tickWithMoreMs : tickMs;
      } catch (error) {
        // The thread is gone; who made it was told, and nothing here can go on.
        this.#log.error('queue housekeeping ended', { error });
        return;
      }
    }
  }
}

const queueErrorCodes: readonly QueueError['code'][] = [
  'QUEUE_NO_SPACE',
  'QUEUE_STREAM_CHANGED',
  'QUEUE_IN_USE',
  'QUEUE_UNKNOWN',
  'QUEUE_RANGE',
  'QUEUE_PLAN',
];

/** An error of the queue is the same on both sides of the thread. */
export function queueErrorOf(error: unknown): unknown {
  if (!(error instanceof ThreadCallError)) return error;
  const code = queueErrorCodes.find((known) => known === error.code);
  return code === undefined ? error : new QueueError(code, error.message, { cause: error });
}
