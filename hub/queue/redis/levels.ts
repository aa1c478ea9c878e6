/**
 * How full the topics are in each partition, as last heard: from the answers of this hub's own calls, and from a poll. In memory, because
 * credit is asked for all the time.
 */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { type QueueLimits, topicBytesMaxOf } from '../limits.ts';
import { frontTopic, type QueueStatus, type TopicName } from '../queue.ts';
import { memoryFull, memoryShort } from './limits.ts';

/** Credit moves in steps of this part of its maximum, so that not every batch changes it. */
const creditSteps = 8;
/** Credit shrinks when less room is left than this many times its maximum: several connections share a channel. */
const creditShare = 4;

interface Level {
  readonly last: number;
  readonly pendingBytes: number;
}

interface PartitionLevel {
  bytes: number;
  memoryBytes: number;
  readonly topics: Map<TopicName, Level>;
}

export interface LevelsParts {
  readonly limits: QueueLimits;
  /** Part of Redis' own memory that is used: the greatest of all masters. */
  readonly memoryUsed: () => number;
}

export class RedisLevels {
  readonly #parts: LevelsParts;
  readonly #partitions = new Map<number, PartitionLevel>();
  readonly #pending = new Map<TopicName, number>();
  readonly #listeners = new Set<(topic: TopicName, partition: number) => void>();
  #bytes = 0;
  #memoryBytes = 0;

  constructor(parts: LevelsParts) {
    this.#parts = parts;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Of bodies in Redis. */
  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  get state(): QueueStatus['state'] {
    if (this.#parts.memoryUsed() >= memoryFull) return 'no-space';
    return this.#bytes >= this.#parts.limits.storeBytesMax ? 'full' : 'open';
  }

  /** Undefined where Redis has room. */
  get shortage(): string | undefined {
    return this.#parts.memoryUsed() >= memoryFull ? 'Redis has used up the memory that its maxmemory allows' : undefined;
  }

  lastOf(topic: TopicName, partition: number): number {
    return this.#partitions.get(partition)?.topics.get(topic)?.last ?? 0;
  }

  topicsIn(partition: number): readonly TopicName[] {
    return [...(this.#partitions.get(partition)?.topics.keys() ?? [])];
  }

  topics(): readonly TopicName[] {
    return [...this.#pending.keys()];
  }

  /** What the topic may have left to read in this partition. */
  topicBytesMaxIn(partition: number, topic: TopicName): number {
    const own = this.#partitions.get(partition)?.topics.get(topic)?.pendingBytes ?? 0;
    return Math.max(0, topicBytesMaxOf(this.#parts.limits, topic) - (this.#pending.get(topic) ?? 0) + own);
  }

  storeBytesMaxIn(partition: number): number {
    const own = this.#partitions.get(partition)?.bytes ?? 0;
    return Math.max(0, this.#parts.limits.storeBytesMax - this.#bytes + own);
  }

  noteStore(partition: number, bytes: number, memoryBytes: number): void {
    const level = this.#levelOf(partition);
    this.#bytes += bytes - level.bytes;
    this.#memoryBytes += memoryBytes - level.memoryBytes;
    level.bytes = bytes;
    level.memoryBytes = memoryBytes;
  }

  /** True where entries came. Listeners have heard of them. */
  noteTopic(partition: number, topic: TopicName, level: Level): boolean {
    const { topics } = this.#levelOf(partition);
    const before = topics.get(topic);
    topics.set(topic, level);
    this.#pending.set(topic, (this.#pending.get(topic) ?? 0) + level.pendingBytes - (before?.pendingBytes ?? 0));
    if (level.last === (before?.last ?? 0)) return false;
    for (const listener of this.#listeners) listener(topic, partition);
    return true;
  }

  /** Another hub says that entries came; how many bytes wait will be polled. */
  noteLast(partition: number, topic: TopicName, last: number): void {
    const before = this.#levelOf(partition).topics.get(topic);
    if (last > (before?.last ?? 0)) this.noteTopic(partition, topic, { last, pendingBytes: before?.pendingBytes ?? 0 });
  }

  /** Its master is another one: what was known of it may never have been. */
  forget(partition: number): void {
    const level = this.#partitions.get(partition);
    if (level === undefined) return;
    this.noteStore(partition, 0, 0);
    for (const [topic, { pendingBytes }] of level.topics) {
      this.#pending.set(topic, (this.#pending.get(topic) ?? 0) - pendingBytes);
    }
    level.topics.clear();
  }

  onAppended(listener: (topic: TopicName, partition: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whole while there is plenty of room, then less in steps, 0 at the limit. */
  creditOf(channel: ChannelName): number {
    const { limits, memoryUsed } = this.#parts;
    const { storeBytesMax, creditBytesMax } = limits;
    const topicBytesMax = topicBytesMaxOf(limits, frontTopic(channel));
    const pending = this.#pending.get(frontTopic(channel)) ?? 0;
    const free = Math.min(topicBytesMax - pending, storeBytesMax - this.#bytes);
    const most = Math.min(creditBytesMax, Math.floor(topicBytesMax / creditShare));
    const step = Math.max(1, Math.floor(most / creditSteps));
    const memoryLeft = Math.min(1, Math.max(0, (memoryFull - memoryUsed()) / (memoryFull - memoryShort)));
    const credit = Math.min(most * memoryLeft, Math.floor(free / creditShare));
    return credit >= most ? most : Math.max(0, Math.floor(credit / step) * step);
  }

  #levelOf(partition: number): PartitionLevel {
    const found = this.#partitions.get(partition);
    if (found !== undefined) return found;
    const level = { bytes: 0, memoryBytes: 0, topics: new Map<TopicName, Level>() };
    this.#partitions.set(partition, level);
    return level;
  }
}
