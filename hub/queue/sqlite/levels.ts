/** How full the topics are, as of the last commit: in memory, because credit is asked for all the time. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { type QueueLimits, topicBytesMaxOf } from '../limits.ts';
import { frontTopic, type HeldBack, type QueueStatus, type TopicName } from '../queue.ts';
import type { TopicLevel } from './topic-level.ts';
import type { StoreLevels } from './writer-contract.ts';

/** Credit moves in steps of this part of its maximum, so that not every batch changes it. */
const creditSteps = 8;
/** Credit shrinks when less room is left than this many times its maximum: several connections share a channel. */
const creditShare = 4;

/** Who is held back tries again each half minute: who did not for longer is not, any more. */
const heldBackKeptMs = 5 * 60_000;
const heldBackMax = 1000;

export class Levels {
  readonly #limits: QueueLimits;
  readonly #log: Logger;
  readonly #topics = new Map<string, TopicLevel>();
  readonly #listeners = new Set<(topic: TopicName, partition: number) => void>();
  readonly #heldBack = new Map<string, HeldBack>();
  #storeBytes = 0;
  #noSpace = false;

  constructor(limits: QueueLimits, initial: StoreLevels, log: Logger) {
    this.#limits = limits;
    this.#log = log;
    this.apply(initial);
  }

  get storeBytes(): number {
    return this.#storeBytes;
  }

  get state(): QueueStatus['state'] {
    if (this.#noSpace) return 'no-space';
    return this.#storeBytes >= this.#limits.storeBytesMax ? 'full' : 'open';
  }

  apply(levels: StoreLevels): void {
    this.#storeBytes = levels.storeBytes;
    this.#noteSpace(levels.noSpace);
    for (const held of levels.heldBack) {
      const name = `${held.cause} ${held.subject}`;
      if (this.#heldBack.has(name) || this.#heldBack.size < heldBackMax) this.#heldBack.set(name, held);
    }
    for (const level of levels.topics) {
      const key = levelKey(level.topic, level.partition);
      const before = this.#topics.get(key)?.lastSequence ?? 0;
      this.#topics.set(key, level);
      if (level.lastSequence === before) continue;
      for (const listener of this.#listeners) listener(level.topic, level.partition);
    }
  }

  heldBack(nowMs: number): readonly HeldBack[] {
    for (const [name, { atMs }] of this.#heldBack) if (nowMs - atMs > heldBackKeptMs) this.#heldBack.delete(name);
    return [...this.#heldBack.values()];
  }

  topics(): TopicName[] {
    return [...new Set([...this.#topics.values()].map((level) => level.topic))];
  }

  onAppended(listener: (topic: TopicName, partition: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whole while there is plenty of room, then less in steps, 0 at the limit. */
  creditOf(channel: ChannelName): number {
    if (this.#noSpace) return 0;
    const { storeBytesMax, creditBytesMax } = this.#limits;
    const topicBytesMax = topicBytesMaxOf(this.#limits, frontTopic(channel));
    const pending = this.#topics.get(levelKey(frontTopic(channel), 0))?.pendingBytes ?? 0;
    const free = Math.min(topicBytesMax - pending, storeBytesMax - this.#storeBytes);
    const most = Math.min(creditBytesMax, Math.floor(topicBytesMax / creditShare));
    const step = Math.max(1, Math.floor(most / creditSteps));
    const credit = Math.min(most, Math.floor(free / creditShare));
    return credit >= most ? most : Math.max(0, Math.floor(credit / step) * step);
  }

  #noteSpace(noSpace: boolean): void {
    if (noSpace === this.#noSpace) return;
    this.#noSpace = noSpace;
    if (noSpace) this.#log.error('the disk is full: intake is refused until there is room', { free: 'make room in data_dir' });
    else this.#log.info('the disk has room again: intake goes on');
  }
}

function levelKey(topic: TopicName, partition: number): string {
  return `${partition} ${topic}`;
}
