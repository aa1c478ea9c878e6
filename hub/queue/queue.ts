/**
 * The hub's durable queue: one contract, one contract test (queue.contract.ts), two implementations: sqlite/ for one hub, redis/ for a
 * cluster of them.
 *
 * A topic is a list of entries per partition. `front/<tenant>/<type>` holds batches as received, `back/<tenant>/<type>` blocks of
 * documents, `platform` events. A reader group has one cursor per topic and partition. Every method that changes something
 * resolves after the change is durable, and each is one atomic step: all of it or nothing.
 *
 * Receive times never go back within a partition: the store takes the greater of the clock and the last one given.
 */
import type {
  ChannelName,
  Gap,
  Hop,
  Id,
  Mark,
  Origin,
  RecoveredStream,
  Segment,
  SourceIdentity,
  StreamAttributes,
  Trim,
} from '@tributary/protocol/messages.ts';
import type { QueueLimits } from './limits.ts';
import type { Sought, SeekTarget } from './seek.ts';
import type { AppendResult, StreamKey, StreamPosition } from '@tributary/protocol/session/server-effect.ts';

export type TopicName = string;

export function frontTopic(channel: ChannelName): TopicName {
  return `front/${channel}`;
}

export function backTopic(channel: ChannelName): TopicName {
  return `back/${channel}`;
}

/** Of a front or a back topic. */
export function channelOf(topic: TopicName): ChannelName {
  return topic.slice(topic.indexOf('/') + 1);
}

export const platformTopic: TopicName = 'platform';

/** Of topics that are kept until somebody registered for them: records as they came, and what destinations refused (dead-letters/). */
export const keptUnread = { front: 'front/', dead: 'dead/' } as const;

export function isKeptUnread(topic: TopicName): boolean {
  return topic.startsWith(keptUnread.front) || topic.startsWith(keptUnread.dead);
}

export interface StreamInfo {
  readonly key: StreamKey;
  readonly attributes: StreamAttributes;
  readonly identity: SourceIdentity;
  /** First position its sender answered for: what lies before it is no gap. */
  readonly start: number;
}

export interface EntrySegment extends Segment {
  readonly stream: StreamInfo;
}

/** A stream as text, for maps: ids hold no slash. */
export function streamName({ siteId, agentId, streamId }: StreamKey): string {
  return `${siteId}/${agentId}/${streamId}`;
}

/** What the bytes of an entry are: a batch's body as received, a block of documents (processing/block.ts), a JSON event. */
export type EntryFormat = 'batch' | 'block' | 'event';

export interface NewEntry {
  readonly format: EntryFormat;
  readonly records: number;
  readonly inflatedBytes: number;
  readonly segments: readonly EntrySegment[];
  readonly trims: readonly Trim[];
  readonly createdMs: number;
  /** The sites that a batch passed on its way here, the first one first; none of what was made here. */
  readonly hops: readonly Hop[];
  /** CRC-32 of the body, as the edge told it of a batch: what an upper site is told again. */
  readonly checksum: number;
  readonly body: Uint8Array;
}

export interface Entry extends NewEntry {
  readonly topic: TopicName;
  readonly partition: number;
  /** 1, 2, 3… per topic and partition, without holes. */
  readonly sequence: number;
  readonly receivedMs: number;
  /** Length of the body, also where it was not read. */
  readonly bodyBytes: number;
}

export interface AppendBatch {
  readonly channel: ChannelName;
  readonly segments: readonly (Segment & { readonly key: StreamKey })[];
  readonly records: number;
  readonly inflatedBytes: number;
  readonly createdMs: number;
  readonly trims: readonly Trim[];
  readonly hops: readonly Hop[];
  readonly checksum: number;
  readonly body: Uint8Array;
}

export interface OpenStreamRequest {
  readonly key: StreamKey;
  readonly origin: Origin;
  readonly identity: SourceIdentity;
  readonly attributes: StreamAttributes;
  readonly start: number;
}

export type GroupPolicy =
  /** A full topic stops intake of its channel. */
  | { readonly kind: 'blocking' }
  /** Entries beyond either limit are skipped, counted as dropped by cause. */
  | { readonly kind: 'expiring'; readonly ageMsMax: number; readonly bytesMax: number };

export interface GroupRequest {
  readonly topic: TopicName;
  readonly group: string;
  readonly policy: GroupPolicy;
  /** Where a group that is new begins. */
  readonly from: 'beginning' | 'end';
}

/** One reader group in one partition of its topic. */
export interface GroupPlace {
  readonly topic: TopicName;
  readonly group: string;
  readonly partition: number;
}

/** The right to move one group's cursor in one partition, by the store's clock; a later owner has a higher epoch. */
export interface Lease {
  readonly topic: TopicName;
  readonly group: string;
  readonly partition: number;
  readonly epoch: number;
  /** Sequence of the last entry this group has passed. */
  readonly cursor: number;
  readonly expiresMs: number;
  /** Who had it before did not give it back: it may have died of what it was working on. Told by `acquire`, once. */
  readonly isAfterUnclean: boolean;
  /** How often the entry behind the cursor was tried (`attempt`). Told by `acquire`, once. */
  readonly triesOfNext: number;
  /** Of the partition (`generationOf`) when it was acquired. Under any other one the lease is none. */
  readonly generation: number;
}

/** A fixed range of one topic's partition that an archive object will hold, `[first, last]`, stored before the object is written. */
export interface ArchivePlan {
  readonly topic: TopicName;
  readonly partition: number;
  readonly first: number;
  readonly last: number;
  readonly name: string;
  readonly createdMs: number;
}

/** What a stream's part of an archive object covers: lets `Position.archived` move and shows what is covered twice. */
export interface ArchivedSegment {
  readonly key: StreamKey;
  readonly from: number;
  readonly to: number;
}

/** The rough index: one row per object. */
export interface ArchiveObject {
  readonly name: string;
  readonly channel: ChannelName;
  readonly partition: number;
  readonly first: number;
  readonly last: number;
  readonly receivedMsMin: number;
  readonly receivedMsMax: number;
  /** Undefined where no record had an event time of its own. */
  readonly eventMsMin: number | undefined;
  readonly eventMsMax: number | undefined;
  readonly records: number;
  readonly rawBytes: number;
  readonly objectBytes: number;
  readonly sha256: string;
  readonly hosts: readonly string[];
  /** Compressed frames one after the other: byte offset in the object and inflated size, so that a reader can go to one. */
  readonly frames: readonly { readonly offset: number; readonly inflatedBytes: number; readonly records: number }[];
}

/** Committed together with a cursor move; all of it or nothing (invariants 4 and 5). */
export interface Commit {
  readonly lease: Lease;
  /** The cursor's new place: everything up to and including this sequence is done. */
  readonly to: number;
  /** `full` where one of these topics is; never because of the lease's own, which takes back what it had. */
  readonly publish?: readonly { readonly topic: TopicName; readonly entry: NewEntry }[];
  /** Entries that could not be processed, kept with the reason (invariant 6). */
  readonly deadLetters?: readonly { readonly sequence: number; readonly reason: string }[];
  readonly archived?: {
    readonly plan: ArchivePlan;
    /** Undefined where the range held no record: nothing but what the edge left out. */
    readonly object: ArchiveObject | undefined;
    readonly segments: readonly ArchivedSegment[];
    /** Records of the range that got no row, as another object holds them or they are for other outputs; none unless told. */
    readonly leftOutRecords?: number;
  };
}

export type CommitResult = 'done' | 'fenced' | 'full';

export interface GroupStatus {
  readonly topic: TopicName;
  readonly group: string;
  readonly partition: number;
  readonly policy: GroupPolicy['kind'];
  readonly cursor: number;
  readonly entries: number;
  readonly records: number;
  readonly bytes: number;
  /** Receive time of the oldest entry not passed; undefined when there is none. */
  readonly oldestMs: number | undefined;
  readonly dropped: number;
  /** An operator paused it. */
  readonly paused: boolean;
}

export interface TopicStatus {
  readonly topic: TopicName;
  readonly partition: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly entries: number;
  readonly bytes: number;
  /** Sums since the store was made: the books of invariant 8. */
  readonly receivedRecords: number;
  readonly receivedBytes: number;
}

export interface ChannelStatus {
  readonly channel: ChannelName;
  readonly streams: number;
  readonly gaps: number;
  /** Sum over gaps, in positions. */
  readonly lost: number;
  readonly duplicates: number;
  /** All that is held, in positions: `lost`, `filtered`, and the records that were received (invariant 8). */
  readonly positions: number;
  /** Positions that had been declared lost and came after all, by another way: taken out of `lost` again. */
  readonly late: number;
  /** What the edge left out on purpose: in positions, and in records. */
  readonly filtered: number;
  readonly filteredRecords: number;
}

/** What the index holds of a channel now, and what became of the other records that the archive passed: summed up in the step that does it. */
export interface ArchivedSums {
  readonly channel: ChannelName;
  readonly objects: number;
  readonly records: number;
  readonly rawBytes: number;
  readonly objectBytes: number;
  /** Those of `records` whose rows were put back (`restoreArchived`): this store never received them, or went back before it had. */
  readonly restored: number;
  /** Records without a row: see Commit.archived.leftOutRecords. */
  readonly leftOut: number;
  /** Records that the archive's group kept as dead letters. */
  readonly rejected: number;
  /** Records whose rows went with their objects, as these were too old. */
  readonly removed: number;
}

export interface QueueStatus {
  readonly storeId: Id;
  /** `away`: it is somewhere else and does not answer. */
  readonly state: 'open' | 'full' | 'no-space' | 'away';
  readonly bytes: number;
  readonly maxBytes: number;
  readonly topics: readonly TopicStatus[];
  readonly groups: readonly GroupStatus[];
  readonly channels: readonly ChannelStatus[];
  /** Of the channels of which the archive passed anything. */
  readonly archived: readonly ArchivedSums[];
  readonly deadLetters: number;
}

/** Where the stream is now, and how many positions this call declared lost. */
export interface RecordedGap extends StreamPosition {
  readonly recorded: number;
}

/** Somebody who adds more to the store than one may (allowances.ts), and has to wait with it. */
export interface HeldBack {
  readonly cause: 'types' | 'streams';
  /** The tenant, or the agent's id. */
  readonly subject: string;
  /** A sentence for a person: what is the matter and what to do. */
  readonly hint: string;
  readonly atMs: number;
}

export interface GapRecord {
  readonly key: StreamKey;
  readonly from: number;
  readonly to: number;
  readonly cause: Gap['cause'];
  readonly atMs: number;
}

/** An entry that a group could not process, or that an operator had it step over: kept whole, out of its topic (invariant 6). */
export interface DeadEntry {
  readonly partition: number;
  /** Names it in its partition. */
  readonly number: number;
  readonly topic: TopicName;
  readonly group: string;
  /** Where it was in its topic. */
  readonly sequence: number;
  readonly reason: string;
  /** When it was set aside. */
  readonly atMs: number;
  readonly receivedMs: number;
  readonly records: number;
  /** Length of the body. */
  readonly bytes: number;
}

/** A stream as housekeeping sees it. */
export interface KnownStream {
  readonly partition: number;
  /** Its place among those of its partition: later ones have greater ones. */
  readonly row: number;
  readonly key: StreamKey;
  readonly channel: ChannelName;
  readonly held: number;
  /** Where it was told to end, and when: nothing more comes of it as long as it is held up to there. */
  readonly closed: { readonly position: number; readonly atMs: number } | undefined;
}

/** The groups through which everything comes into the archive: what they read twice would be there twice. */
export const pipelineGroup = 'pipeline';
export const archiveGroup = 'archive';

export interface Queue extends AsyncDisposable {
  readonly storeId: Id;
  readonly partitions: number;
  /** The partition of an agent with all its streams. */
  partitionOf(agentId: Id): number;

  /**
   * Registers a stream, or finds it; a new one is held up to `start`. One that its agent or tenant has to wait with is answered as if it
   * were new, and its batches are refused as busy until it was opened again.
   */
  openStream(request: OpenStreamRequest): Promise<StreamPosition>;
  /** When it was closed is when it was closed there first. */
  closeStream(key: StreamKey, position: number): Promise<void>;
  /** In the order of their rows. */
  streams(from: { partition: number; after: number }, limits: { entries: number }): Promise<readonly KnownStream[]>;
  /**
   * Forgets streams that are closed where they are held, and were before `closedBeforeMs`; the sums of their channels stay. The caller knows that
   * no entry names them any more. Resolves with how many.
   */
  forgetStreams(partition: number, keys: readonly StreamKey[], closedBeforeMs: number): Promise<number>;
  /** Moves `held` over a range that will never come; a range that does not begin at `held` or before changes nothing. */
  recordGap(key: StreamKey, gap: { from: number; to: number; toMark: Mark; cause: Gap['cause'] }): Promise<RecordedGap>;
  /** The newest, up to `recoveredStreamsTotalMax`, in the order in which they were opened first; read while they are taken. */
  streamsOf(siteId: Id, agentId: Id): AsyncIterable<RecoveredStream>;
  gaps(): Promise<readonly GapRecord[]>;

  /** Gaps of one stream, in the order of their positions. */
  gapsOf(key: StreamKey): Promise<readonly GapRecord[]>;

  /**
   * Checks positions and appends to the front topic in one step (invariant 3). What lies behind `held` is skipped, unless it was declared
   * lost: a stream may reach this site by two ways, and what one of them lost the other one brings. Such a `late` part is stored,
   * trimmed to the gap it fills, and taken out of the gap in the same step; `held` stays where it is.
   */
  append(batch: AppendBatch): Promise<AppendResult>;
  /**
   * Appends an entry that has no positions; with a key that was used within `keepKeysMs` (while the
   * store was open), does nothing and says so. The segments of
   * a `batch` are of counted streams; each is put where its stream is held, whatever `from` it names, and moves `held`. One stream may
   * bring records of many machines: an entry comes back with the host that it was published with. One that was under way while the store
   * changed (`generationOf`) is `full`: its streams are to be begun anew, as positions that were given out before would be given again.
   */
  publish(
    topic: TopicName,
    partition: number,
    entry: NewEntry,
    idempotencyKey?: string,
  ): Promise<'stored' | 'duplicate' | 'full'>;
  /** How many bytes of bodies a channel may take now. 0: only what nothing else of the channel is in flight for. */
  creditOf(channel: ChannelName): number;

  topics(): readonly TopicName[];
  ensureGroup(request: GroupRequest): Promise<void>;
  /**
   * What lay before the group when it was made, per stream of its partition: where the stream was. Streams that are not named began
   * later, at their own start. Groups of front topics only: others have none.
   */
  beginningsOf(place: GroupPlace): Promise<ReadonlyMap<string, number>>;
  /** In all partitions. A paused group has no owner: leases end, none is given. Resolves once no earlier owner can change anything. */
  pauseGroup(topic: TopicName, group: string, paused: boolean): Promise<void>;
  /**
   * Moves the cursor by hand; no earlier owner can change anything afterwards. A stored archive plan ends. Rejects (QUEUE_RANGE) where
   * the target is not retained, and where a group that leads into the archive would go back.
   */
  seekGroup(place: GroupPlace, to: SeekTarget): Promise<Sought>;
  /** Takes the next entries out of the way: they are kept as dead letters with the reason, and the cursor moves behind them. Resolves with how many. */
  skipEntries(place: GroupPlace, count: number, reason: string): Promise<number>;
  /** In the order in which they were set aside, up to `entries` of them; none is behind the last. */
  deadEntries(from: { partition: number; after: number }, limits: { entries: number }): Promise<readonly DeadEntry[]>;
  /**
   * Puts one into its topic again, behind all there is and with its positions, in the step that ends it as a dead entry: every group of the
   * topic reads it, also those that had it before. `gone`: there is none of this number.
   */
  replayDeadEntry(place: Pick<DeadEntry, 'partition' | 'number'>): Promise<'done' | 'gone' | 'full'>;
  /** Resolves with how many there were. */
  dropDeadEntries(partition: number, numbers: readonly number[]): Promise<number>;
  /** Forgets a group with its progress: it keeps nothing back any more. A group that is not there is none. */
  removeGroup(topic: TopicName, group: string): Promise<void>;
  /** Undefined while another owner's lease lasts, and while the group is paused. */
  acquire(group: GroupPlace, owner: string, ttlMs: number): Promise<Lease | undefined>;
  renew(lease: Lease, ttlMs: number): Promise<Lease | undefined>;
  release(lease: Lease): Promise<void>;
  /**
   * Counts that this entry is about to be worked on with nothing beside it, and resolves with how many times that was, this time with it:
   * who dies of it finds more than one. One entry of a group at a time: to try another one begins at one, as does what was passed.
   */
  attempt(lease: Lease, sequence: number): Promise<number | 'fenced'>;
  /** Leases that this hub holds, as far as it knows; undefined where no other could. */
  readonly leasesHeld: number | undefined;
  /**
   * Entries after `afterSequence`, in order, at least one if there is any, up to the limits. With `bodies: false` every body is empty and
   * `bytes` bounds nothing: for who wants to know what there is.
   */
  read(
    from: { topic: TopicName; partition: number; afterSequence: number },
    limits: { entries: number; bytes: number; bodies?: boolean },
  ): Promise<readonly Entry[]>;
  /** Sizes only: what a plan needs. */
  measure(from: { topic: TopicName; partition: number; afterSequence: number }): Promise<{
    readonly entries: readonly { readonly sequence: number; readonly receivedMs: number; readonly inflatedBytes: number }[];
  }>;
  commit(commit: Commit): Promise<CommitResult>;
  /** Stores a plan, or returns the one that is there already for this lease's group: after a crash the same plan runs again. */
  plan(lease: Lease, plan: ArchivePlan): Promise<ArchivePlan | 'fenced'>;
  currentPlan(lease: Lease): Promise<ArchivePlan | undefined>;
  archiveObjects(): Promise<readonly ArchiveObject[]>;
  /** Puts rows back that the store lost (`generationOf`), of objects that are there. A row whose name is in the index stays as it is. */
  restoreArchived(lease: Lease, objects: readonly ArchiveObject[]): Promise<'done' | 'fenced'>;
  /** Takes rows out whose objects are gone; the records are counted as removed. Resolves with how many were there. */
  removeArchived(objects: readonly ArchiveObject[]): Promise<number>;
  /**
   * Adds rows of objects that are in the archive and not in the index, as it was lost; resolves with how many. A row that is there stays, and
   * nobody's lease is asked for: a commit that comes with such an object finds its row.
   */
  addArchived(objects: readonly ArchiveObject[]): Promise<number>;
  /**
   * Another number whenever the store may have lost what it had of a partition (`onStoreChanged`), as of the last answer from there; 0
   * of a store that loses nothing.
   */
  generationOf(partition: number): number;

  /** Deletes entries that every group has passed and whose replay window is over; expires what expiring groups may not keep. */
  trim(): Promise<void>;
  /** Called after a commit that brought entries to a topic. Returns its own removal. */
  onAppended(listener: (topic: TopicName, partition: number) => void): () => void;
  /**
   * Somebody waits for the archive of this channel: see OpenStream.wantArchived. Told to all hubs, and held in memory. Without a partition it is
   * meant for all of them.
   */
  requestArchive(channel: ChannelName, partition?: number): void;
  /** Who was held back within the last minutes: from memory. */
  heldBack(): readonly HeldBack[];
  /**
   * The store lost something or may have (another master, a restored copy): positions of this partition's streams are to be told again
   * (invariant 2), and what the archive holds beyond its cursor is to be found out from its manifests. Undefined: of all partitions.
   */
  onStoreChanged(listener: (partition: number | undefined) => void): () => void;
  onArchiveRequested(listener: (channel: ChannelName, partition?: number) => void): () => void;
  status(): Promise<QueueStatus>;
  /** Other bounds from now on, of this hub. The reserve stays as it was opened with. */
  changeLimits(changes: Partial<Omit<QueueLimits, 'reserveBytes'>>): Promise<void>;
}
