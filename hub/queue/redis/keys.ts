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
];

const ofTopic = ['groups', 'sums', 'details', 'bodies', 'passed', 'beginnings'];

/** Where the keys of the topics begin, as Lua counts, and how many each has. */
export const partitionKeyCount = ofPartition.length;
export const topicKeyCount = ofTopic.length;

export class PartitionKeys {
  readonly #start: string;
  readonly #fixed: readonly string[];

  constructor(prefix: string, partition: number) {
    this.#start = partitionKeys(prefix, partition);
    this.#fixed = ofPartition.map((name) => `${this.#start}${name}`);
  }

  with(topics: readonly TopicName[]): readonly string[] {
    if (topics.length === 0) return this.#fixed;
    return [...this.#fixed, ...topics.flatMap((topic) => ofTopic.map((name) => `${this.#start}${name}:${topic}`))];
  }
}

export function siteKeyNames(prefix: string): readonly string[] {
  return [`${siteKeys(prefix)}site`, `${siteKeys(prefix)}topics`];
}
