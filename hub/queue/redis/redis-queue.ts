/**
 * The queue of a site of several hubs, in a Redis that they share. Each change is one function of one partition (functions/), sent down
 * the connection to its master and resolved when that has it durably; what is read comes by another connection.
 */
import type { ChannelName, Id, RecoveredStream } from '@tributary/protocol/messages.ts';
import type { AppendResult, StreamKey, StreamPosition } from '@tributary/protocol/session/server-effect.ts';
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
import type { DeadEntryCalls } from './dead-entry-calls.ts';
import type { EntryReader } from './entry-reader.ts';
import type { Figures } from './figures.ts';
import type { GroupCalls } from './group-calls.ts';
import type { HeldBackNotes } from './held-back-notes.ts';
import type { HousekeepingCalls } from './housekeeping-calls.ts';
import type { HubNotes } from './hub-notes.ts';
import type { OperatorCalls } from './operator-calls.ts';
import { changeLimits, type QueueLimits } from '../limits.ts';
import { asQueueErrors, type QueueContext } from './queue-context.ts';
import type { StreamCalls } from './stream-calls.ts';
import type { Upkeep } from './upkeep.ts';

export interface RedisQueueParts {
  readonly context: QueueContext;
  readonly streams: StreamCalls;
  readonly reader: EntryReader;
  readonly groups: GroupCalls;
  readonly operators: OperatorCalls;
  readonly deadEntries: DeadEntryCalls;
  readonly housekeeping: HousekeepingCalls;
  readonly figures: Figures;
  readonly upkeep: Upkeep;
  readonly notes: HubNotes;
  readonly heldBack: HeldBackNotes;
  readonly storeChanged: Set<(partition: number | undefined) => void>;
  /** Ends what goes on by itself, and resolves when it has. */
  readonly stop: () => Promise<void>;
}

export class RedisQueue implements Queue {
  readonly #parts: RedisQueueParts;
  #isDisposed = false;

  constructor(parts: RedisQueueParts) {
    this.#parts = parts;
  }

  get storeId(): Id {
    return this.#parts.context.register.storeId;
  }

  get partitions(): number {
    return this.#parts.context.partitions.count;
  }

  /** From memory: whether anything can be taken in. */
  get state(): QueueStatus['state'] {
    return this.#parts.context.levels.state;
  }

  partitionOf(agentId: Id): number {
    return this.#parts.streams.partitionOf(agentId);
  }

  openStream(request: OpenStreamRequest): Promise<StreamPosition> {
    return this.#parts.streams.openStream(request);
  }

  closeStream(key: StreamKey, position: number): Promise<void> {
    return this.#parts.streams.closeStream(key, position);
  }

  streams(from: { partition: number; after: number }, { entries }: { entries: number }): Promise<readonly KnownStream[]> {
    return this.#parts.housekeeping.streams(from, entries);
  }

  forgetStreams(partition: number, keys: readonly StreamKey[], closedBeforeMs: number): Promise<number> {
    return this.#parts.housekeeping.forgetStreams(partition, keys, closedBeforeMs);
  }

  recordGap(key: StreamKey, gap: Parameters<Queue['recordGap']>[1]): Promise<RecordedGap> {
    return this.#parts.streams.recordGap(key, gap);
  }

  streamsOf(siteId: Id, agentId: Id): AsyncIterable<RecoveredStream> {
    return this.#parts.streams.streamsOf(siteId, agentId);
  }

  gaps(): Promise<readonly GapRecord[]> {
    return this.#parts.reader.gaps();
  }

  gapsOf(key: StreamKey): Promise<readonly GapRecord[]> {
    return this.#parts.reader.gapsOf(key);
  }

  append(batch: AppendBatch): Promise<AppendResult> {
    return this.#parts.streams.append(batch);
  }

  publish(
    topic: TopicName,
    partition: number,
    entry: NewEntry,
    idempotencyKey?: string,
  ): Promise<'stored' | 'duplicate' | 'full'> {
    return this.#parts.streams.publish(topic, partition, entry, idempotencyKey);
  }

  creditOf(channel: ChannelName): number {
    return this.#parts.context.levels.creditOf(channel);
  }

  topics(): readonly TopicName[] {
    const { register, levels } = this.#parts.context;
    return [...new Set([...register.topics(), ...levels.topics()])];
  }

  ensureGroup(request: GroupRequest): Promise<void> {
    return this.#parts.groups.ensureGroup(request);
  }

  beginningsOf(place: GroupPlace): Promise<ReadonlyMap<string, number>> {
    return this.#parts.operators.beginningsOf(place);
  }

  pauseGroup(topic: TopicName, group: string, paused: boolean): Promise<void> {
    return this.#parts.operators.pauseGroup(topic, group, paused);
  }

  seekGroup(place: GroupPlace, to: SeekTarget): Promise<Sought> {
    return this.#parts.operators.seekGroup(place, to);
  }

  skipEntries(place: GroupPlace, count: number, reason: string): Promise<number> {
    return this.#parts.operators.skipEntries(place, count, reason);
  }

  deadEntries(from: { partition: number; after: number }, { entries }: { entries: number }): Promise<readonly DeadEntry[]> {
    return this.#parts.deadEntries.list(from, entries);
  }

  replayDeadEntry(place: Pick<DeadEntry, 'partition' | 'number'>): Promise<'done' | 'gone' | 'full'> {
    return this.#parts.deadEntries.replay(place);
  }

  dropDeadEntries(partition: number, numbers: readonly number[]): Promise<number> {
    return this.#parts.deadEntries.drop(partition, numbers);
  }

  removeGroup(topic: TopicName, group: string): Promise<void> {
    return this.#parts.operators.removeGroup(topic, group);
  }

  get leasesHeld(): number {
    return this.#parts.groups.leasesHeld;
  }

  acquire(group: GroupPlace, owner: string, ttlMs: number): Promise<Lease | undefined> {
    return this.#parts.groups.acquire(group, owner, ttlMs);
  }

  renew(lease: Lease, ttlMs: number): Promise<Lease | undefined> {
    return this.#parts.groups.renew(lease, ttlMs);
  }

  release(lease: Lease): Promise<void> {
    return this.#parts.groups.release(lease);
  }

  attempt(lease: Lease, sequence: number): Promise<number | 'fenced'> {
    return this.#parts.groups.attempt(lease, sequence);
  }

  read(from: Parameters<Queue['read']>[0], limits: Parameters<Queue['read']>[1]): Promise<readonly Entry[]> {
    return this.#parts.reader.read(from, limits);
  }

  measure(from: Parameters<Queue['measure']>[0]): ReturnType<Queue['measure']> {
    return this.#parts.reader.measure(from);
  }

  commit(commit: Commit): Promise<CommitResult> {
    return this.#parts.groups.commit(commit);
  }

  plan(lease: Lease, plan: ArchivePlan): Promise<ArchivePlan | 'fenced'> {
    return this.#parts.groups.plan(lease, plan);
  }

  currentPlan(lease: Lease): Promise<ArchivePlan | undefined> {
    return this.#parts.groups.currentPlan(lease);
  }

  archiveObjects(): Promise<readonly ArchiveObject[]> {
    return this.#parts.reader.archiveObjects();
  }

  restoreArchived(lease: Lease, objects: readonly ArchiveObject[]): Promise<'done' | 'fenced'> {
    return this.#parts.groups.restoreArchived(lease, objects);
  }

  addArchived(objects: readonly ArchiveObject[]): Promise<number> {
    return this.#parts.groups.addArchived(objects);
  }

  removeArchived(objects: readonly ArchiveObject[]): Promise<number> {
    return this.#parts.housekeeping.removeArchived(objects);
  }

  generationOf(partition: number): number {
    return this.#parts.context.partitions.generationOf(partition);
  }

  async trim(): Promise<void> {
    const { upkeep, context } = this.#parts;
    const all = Array.from({ length: context.partitions.count }, (_, partition) => partition);
    await asQueueErrors(upkeep.poll());
    while (await asQueueErrors(upkeep.trim(all, 'all')));
  }

  onAppended(listener: (topic: TopicName, partition: number) => void): () => void {
    return this.#parts.context.levels.onAppended(listener);
  }

  requestArchive(channel: ChannelName, partition?: number): void {
    this.#parts.notes.requestArchive(channel, partition);
  }

  onArchiveRequested(listener: (channel: ChannelName, partition?: number) => void): () => void {
    return this.#parts.notes.onArchiveRequested(listener);
  }

  heldBack(): readonly HeldBack[] {
    return this.#parts.heldBack.current(this.#parts.context.nowMs());
  }

  onStoreChanged(listener: (partition: number | undefined) => void): () => void {
    this.#parts.storeChanged.add(listener);
    return () => this.#parts.storeChanged.delete(listener);
  }

  async status(): Promise<QueueStatus> {
    const { context, figures } = this.#parts;
    const { levels, limits } = context;
    const found = await asQueueErrors(figures.read());
    return { storeId: this.storeId, state: this.state, bytes: levels.bytes, maxBytes: limits.storeBytesMax, ...found };
  }

  async changeLimits(changes: Partial<QueueLimits>): Promise<void> {
    changeLimits(this.#parts.context.limits, changes);
  }

  /** Leases of this hub end, so that others go on at once. The masters are their opener's to close. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    await this.#parts.stop();
    await this.#parts.groups.releaseAll();
  }
}
