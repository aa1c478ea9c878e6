/**
 * The keys of a partition, in the order in which the functions take them (functions/common.ts), and those of the site. Every key that a
 * function touches is passed to it, and all of one call have one hash tag.
 */
import type { TopicName } from '../queue.ts';
import { partitionKeys, siteKeys } from './masters/masters.ts';

const ofPartition = [
  'meta',
  'streams',
  'stream-info',
  'gaps',
  'channels',
  'topics',
  'changed-topics',
  'idempotency',
  'calls',
  'dead-letters',
  'plans',
  'objects',
  'spilled',
  'archived',
  'attempts',
  'agent-streams',
];

const ofTopic = ['groups', 'sums', 'details', 'bodies', 'passed', 'beginnings'];

/** Where the keys of a topic begin among those of a call. */
export function topicPlace(index: number): number {
  return ofPartition.length + ofTopic.length * index;
}

/** Which key of a call, as Lua counts, is that of a body: they come behind those of the topics. */
export function bodyPlace(topics: number, index: number): number {
  return topicPlace(topics) + index + 1;
}

export class PartitionKeys {
  readonly #start: string;
  readonly #fixed: readonly string[];

  constructor(prefix: string, partition: number) {
    this.#start = partitionKeys(prefix, partition);
    this.#fixed = ofPartition.map((name) => `${this.#start}${name}`);
  }

  with(topics: readonly TopicName[], bodies: readonly string[] = []): readonly string[] {
    if (topics.length === 0) return this.#fixed;
    const ofTopics = topics.flatMap((topic) => ofTopic.map((name) => `${this.#start}${name}:${topic}`));
    return [...this.#fixed, ...ofTopics, ...bodies.map((ref) => this.body(ref))];
  }

  /** The rows of the archive's index, as a list. */
  get objects(): string {
    return `${this.#start}objects`;
  }

  /** Of a body that has its own: `=id`. */
  body(ref: string): string {
    return `${this.#start}body:${ref.slice(1)}`;
  }
}

export function siteKeyNames(prefix: string): readonly string[] {
  return [`${siteKeys(prefix)}site`, `${siteKeys(prefix)}topics`];
}
