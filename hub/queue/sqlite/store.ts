/**
 * The database as the writer thread works on it: the tables, and the little that is kept in memory beside them. Whoever rolls a
 * transaction back calls `reload`, so that memory never says more than the file.
 */
import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { KeptRange } from '@tributary/protocol/trims.ts';
import { assert } from '@tributary/shared/assert.ts';
import { Allowances } from '../allowances.ts';
import type { QueueLimits } from '../limits.ts';
import { archiveGroup, backTopic, channelOf, type TopicName } from '../queue.ts';
import { awaitingWithout, firstAwaited } from './awaited.ts';
import { keptSegments } from './segments.ts';
import { ArchiveTable } from './tables/archive-table.ts';
import { BeginningTable } from './tables/beginning-table.ts';
import { DeadLetterTable } from './tables/dead-letter-table.ts';
import { EntryTable } from './tables/entry-table.ts';
import { GapTable } from './tables/gap-table.ts';
import { GroupTable } from './tables/group-table.ts';
import { IdempotencyTable } from './tables/idempotency-table.ts';
import { metaValue } from './tables/meta-table.ts';
import { PassedTable } from './tables/passed-table.ts';
import { type StreamRow, StreamTable } from './tables/stream-table.ts';
import { type TopicRow, TopicTable } from './tables/topic-table.ts';

export interface SiteAndHub {
  readonly siteId: string;
  readonly hubId: string;
}

export interface StoreIds extends SiteAndHub {
  readonly storeId: string;
}

export class Store {
  readonly limits: QueueLimits;
  readonly streams: StreamTable;
  readonly gaps: GapTable;
  readonly topics: TopicTable;
  readonly entries: EntryTable;
  readonly groups: GroupTable;
  readonly beginnings: BeginningTable;
  readonly passed: PassedTable;
  readonly archive: ArchiveTable;
  readonly deadLetters: DeadLetterTable;
  readonly keys: IdempotencyTable;
  readonly allowances: Allowances;
  /** Bodies of all retained entries. */
  storeBytes = 0;
  /** True while the disk is full: only what frees room is done (space.ts). */
  noSpace = false;
  /** True when a known stream was found at another place: what readers remember of streams is old. */
  identitiesChanged = false;
  readonly #db: DatabaseSync;
  #lastReceivedMs = 0;
  readonly #changedTopics = new Set<number>();

  constructor(db: DatabaseSync, limits: QueueLimits) {
    this.#db = db;
    this.limits = limits;
    this.streams = new StreamTable(db);
    this.gaps = new GapTable(db);
    this.topics = new TopicTable(db);
    this.entries = new EntryTable(db);
    this.groups = new GroupTable(db);
    this.beginnings = new BeginningTable(db);
    this.passed = new PassedTable(db);
    this.archive = new ArchiveTable(db);
    this.deadLetters = new DeadLetterTable(db);
    this.keys = new IdempotencyTable(db);
    this.allowances = new Allowances(limits, this.topics);
    this.reload();
  }

  /** All of `body` or nothing of it. */
  transaction<Result>(body: () => Result): Result {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = body();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.reload();
      throw error;
    }
  }

  /** One of several steps of a transaction: undone alone when it throws, the others stand. */
  step<Result>(body: () => Result): Result {
    this.#db.exec('SAVEPOINT step');
    try {
      const result = body();
      this.#db.exec('RELEASE step');
      return result;
    } catch (error) {
      // A full disk may have ended the whole transaction by itself.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK TO step; RELEASE step');
      this.reload();
      throw error;
    }
  }

  reload(): void {
    this.storeBytes = this.topics.storeBytes();
    this.#lastReceivedMs = Math.max(this.#lastReceivedMs, this.topics.lastReceivedMs());
  }

  /** Receive times never go back, whatever the clock does. */
  receiveTime(nowMs: number): number {
    this.#lastReceivedMs = Math.max(this.#lastReceivedMs, nowMs);
    return this.#lastReceivedMs;
  }

  /**
   * The archive has had this range of a stream, or never will. It reads in the order of the topic, so all of the stream before it has
   * been archived, lost or set aside, but for late parts. What is behind it and never comes is stepped over. Documents may go to another
   * type's topic: where the archive is with that tells nothing of their stream.
   */
  stepOver(topic: TopicName, stream: number, range: KeptRange): void {
    const row = this.streams.byId(stream);
    assert(row !== undefined, 'what an entry holds came in through a stream');
    if (topic.startsWith(backTopic('')) && topic !== backTopic(row.channel)) return;
    this.#archivedTo(row, Math.max(row.reached, range.to), awaitingWithout(row.awaited, range));
  }

  /** Counted where the archive passes it by: it is in no row. */
  keepDeadLetter({ topic, ...letter }: { topic: TopicRow; group: string; sequence: number; reason: string; atMs: number }): void {
    const rejected = this.deadLetters.keep({ ...letter, topic: topic.id });
    assert(rejected !== undefined, 'an entry that a group has not passed is still there');
    if (letter.group === archiveGroup) this.archive.countPassed(channelOf(topic.name), { rejected });
  }

  /** The archive will never have these entries of a topic: none of them is awaited. */
  setAside(topic: number, range: { readonly after: number; readonly to: number }): void {
    for (const { segments, envelope } of this.entries.placesBetween(topic, range.after, range.to)) {
      for (const kept of keptSegments(segments, envelope)) {
        const row = this.streams.byId(kept.stream);
        if (row !== undefined && row.awaited !== '') this.#archivedTo(row, row.reached, awaitingWithout(row.awaited, kept));
      }
    }
  }

  #archivedTo(row: StreamRow, reached: number, awaited: string): void {
    if (reached !== row.reached || awaited !== row.awaited) this.streams.await(row.id, reached, awaited);
    const atMost = Math.min(row.held, firstAwaited(awaited) ?? row.held);
    const end = this.gaps.behind(row.id, Math.max(row.archived, Math.min(reached, atMost)));
    if (end > row.archived) this.streams.archive(row.id, end);
  }

  topicChanged(topic: number): void {
    this.#changedTopics.add(topic);
  }

  takeChangedTopics(): number[] {
    const topics = [...this.#changedTopics];
    this.#changedTopics.clear();
    return topics;
  }

  /** Those of the site and hub that are `known` where the store is new. */
  ids(known: SiteAndHub | undefined): StoreIds {
    const stored = (key: string, value = randomBytes(16).toString('hex')): string => metaValue(this.#db, key, value);
    return this.transaction(() => {
      const siteId = stored('site_id', known?.siteId);
      return { storeId: stored('store_id'), siteId, hubId: stored('hub_id', known?.hubId) };
    });
  }
}
