import { assert } from '@tributary/shared/assert.ts';

/** Of all tenants, or types, unless one is named. */
export interface TopicLimit {
  readonly tenant: string | undefined;
  readonly type: string | undefined;
  readonly bytesMax: number;
}

/** Every bound of the queue, with its default. Byte limits count bodies as stored, compressed. */
export interface QueueLimits {
  /** What blocking groups may have left to read in one topic before its intake stops. */
  readonly topicBytesMax: number;
  /** The same for the topics of some channels: the first that fits holds. */
  readonly topics: readonly TopicLimit[];
  /** All entries of all topics together; moving from topic to topic is always allowed, as it is what empties the store. */
  readonly storeBytesMax: number;
  /** Room set aside for acks, commits and trims on a full disk. */
  readonly reserveBytes: number;
  /** How long an entry stays after every group has passed it. */
  readonly replayWindowMs: number;
  /** Passed entries beyond this many bytes of a topic go before their window is over. */
  readonly replayBytesMax: number;
  /** How long an idempotency key is remembered. */
  readonly keepKeysMs: number;
  /** Greatest window of one channel of one connection. */
  readonly creditBytesMax: number;
  /** When a sender that was refused as busy may try again. */
  readonly busyRetryMs: number;
  /** Log types of one tenant: each has readers and a folder for good. */
  readonly typesPerTenantMax: number;
  /** What describes the new streams of one agent (allowances.ts): so many bytes at once, */
  readonly streamsAtOnceBytes: number;
  /** and so many a day. A stream takes less than a kilobyte, so this is some 100,000 files, several times what an agent reads. */
  readonly streamsBytesPerDay: number;
  /** When a sender may try again that has used that up. */
  readonly heldBackRetryMs: number;
}

const mebibyte = 1024 * 1024;

export const queueLimitsDefault: QueueLimits = {
  topicBytesMax: 1024 * mebibyte,
  topics: [],
  storeBytesMax: 8 * 1024 * mebibyte,
  reserveBytes: 32 * mebibyte,
  replayWindowMs: 5 * 60_000,
  replayBytesMax: 128 * mebibyte,
  keepKeysMs: 24 * 3_600_000,
  creditBytesMax: 8 * mebibyte,
  busyRetryMs: 1000,
  typesPerTenantMax: 1000,
  streamsAtOnceBytes: 256 * mebibyte,
  streamsBytesPerDay: 64 * mebibyte,
  heldBackRetryMs: 30_000,
};

export function queueLimits(changes: Partial<QueueLimits> = {}): QueueLimits {
  const limits = { ...queueLimitsDefault, ...changes };
  assert(limits.topicBytesMax <= limits.storeBytesMax, 'one topic is no larger than the store');
  assert(limits.creditBytesMax > 0 && limits.topicBytesMax > 0 && limits.reserveBytes > 0, 'limits are positive');
  assert(limits.replayWindowMs >= 0 && limits.replayBytesMax >= 0 && limits.keepKeysMs >= 0, 'windows are not negative');
  assert(limits.typesPerTenantMax >= 1 && limits.streamsAtOnceBytes > 0, 'something may be added');
  return limits;
}

/** What may be left to read in this topic before its intake stops; no topic is larger than the store. */
export function topicBytesMaxOf({ topics, topicBytesMax, storeBytesMax }: QueueLimits, topic: string): number {
  if (topics.length === 0) return topicBytesMax;
  const [, tenant, type] = topic.split('/');
  const found = topics.find((one) => (one.tenant ?? tenant) === tenant && (one.type ?? type) === type);
  return Math.min(found?.bytesMax ?? topicBytesMax, storeBytesMax);
}

/** In place: all parts of a queue look at the same object. */
export function changeLimits(limits: QueueLimits, changes: Partial<QueueLimits>): void {
  Object.assign(limits, queueLimits({ ...limits, ...changes }));
}

/**
 * The write-ahead log and one transaction, `transactionBytesMax` each at most, together take half of the reserve: on a full disk
 * the log can always be put into the database with the room the reserve gives, and what frees room can go on with the other half.
 */
export function logBytesMax(limits: QueueLimits): number {
  return Math.min(16 * mebibyte, Math.floor(limits.reserveBytes / 4));
}

/** Bodies of one transaction; one that is larger goes alone. */
export function transactionBytesMax(limits: QueueLimits): number {
  return logBytesMax(limits);
}
