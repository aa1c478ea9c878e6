/** Opens the queue in a Redis whose masters were opened with `queueLibrary`. */
import { type Clock, systemClock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { Allowances, type KnownTopics } from '../allowances.ts';
import { type QueueLimits, queueLimits } from '../limits.ts';
import { Bodies } from './bodies.ts';
import { DeadEntryCalls } from './dead-entry-calls.ts';
import { EntryReader } from './entry-reader.ts';
import { Figures } from './figures.ts';
import { GroupCalls } from './group-calls.ts';
import { HeldBackNotes } from './held-back-notes.ts';
import { HousekeepingCalls } from './housekeeping-calls.ts';
import { HubNotes } from './hub-notes.ts';
import { siteKeyNames } from './keys.ts';
import { RedisLevels } from './levels.ts';
import type { Masters } from './masters/masters.ts';
import { OperatorCalls } from './operator-calls.ts';
import { Partitions } from './partitions.ts';
import type { QueueContext } from './queue-context.ts';
import { RedisQueue } from './redis-queue.ts';
import type { ObjectStore } from './spill/object-store.ts';
import { StreamCalls } from './stream-calls.ts';
import { TopicRegister } from './topic-register.ts';
import { Upkeep } from './upkeep.ts';

export interface RedisQueueOptions {
  readonly masters: Masters;
  readonly log: Logger;
  /** Of a store that is new; one that is not keeps its own. */
  readonly partitions: number;
  /** Bodies that Redis keeps: what is beyond goes to `spill`, and without one nothing is beyond. */
  readonly memoryBytesMax?: number;
  readonly spill?: ObjectStore;
  /** Nothing is read: a site whose other hubs spill need not be refused. */
  readonly mayLackSpill?: boolean;
  readonly clock?: Clock;
  readonly limits?: Partial<QueueLimits>;
  /** Partitions whose entries this hub takes out when nobody needs them any more; all, unless it is told. */
  readonly ownPartitions?: () => Iterable<number>;
  /** Added to the clock of Redis: tests move the store's time by it. */
  readonly clockOffsetMs?: () => number;
  /** False: it polls and takes entries out only when it is asked to. */
  readonly keepsHouse?: boolean;
}

/** Rejects with MasterError when Redis cannot be reached, and with a sentence when the store is not what the configuration says. */
export async function openRedisQueue(options: RedisQueueOptions): Promise<RedisQueue> {
  const { masters, log, clock = systemClock, clockOffsetMs = () => 0, keepsHouse = true } = options;
  const { spill, memoryBytesMax = Number.MAX_SAFE_INTEGER } = options;
  const limits = limitsWithin(queueLimits(options.limits), spill === undefined ? memoryBytesMax : undefined);
  const levels = new RedisLevels({ limits, memoryUsed: () => memoryUsed(masters) });
  const storeChanged = new Set<(partition: number | undefined) => void>();
  const tell = (partition: number | undefined): void => {
    for (const listener of storeChanged) listener(partition);
  };
  const register = await openRegister(options, () => tell(undefined));
  const partitions = new Partitions({
    masters,
    register,
    levels,
    limits,
    clock,
    clockOffsetMs,
    onChanged: (partition) => {
      reader.forgetStreams(partition);
      upkeep.forget(partition);
      log.debug('a partition has another master than before, or lost what it had: positions are asked for again', { partition });
      tell(partition);
    },
  });
  const context: QueueContext = {
    partitions,
    register,
    levels,
    limits,
    allowances: new Allowances(limits, knownTopics(register)),
    bodies: new Bodies({ levels, memoryBytesMax, spill, nowMs: () => clock.now() }),
    nowMs: () => clock.now() + clockOffsetMs(),
  };
  const reader = new EntryReader(context);
  const onIdentityChanged = (partition: number): void => reader.forgetStreams(partition);
  const notes = new HubNotes({ masters, onEntries: (partition, topic, last) => levels.noteLast(partition, topic, last) });
  const onLast = (topic: string, partition: number, last: number): void => notes.entriesCame(partition, topic, last);
  const upkeep = new Upkeep({
    context,
    clock,
    log,
    ownPartitions: options.ownPartitions ?? (() => Array.from({ length: partitions.count }, (_, partition) => partition)),
    onIdentityChanged,
  });
  await partitions.open();
  await upkeep.poll();
  const stop = new AbortController();
  const running = keepsHouse ? upkeep.run(stop.signal) : Promise.resolve();
  return new RedisQueue({
    context,
    streams: new StreamCalls(context, { onLast, onIdentityChanged }),
    reader,
    groups: new GroupCalls(context, { onLast }),
    deadEntries: new DeadEntryCalls(context),
    housekeeping: new HousekeepingCalls(context),
    operators: new OperatorCalls(context),
    figures: new Figures(context),
    upkeep,
    notes,
    heldBack: new HeldBackNotes(context.allowances),
    storeChanged,
    stop: async () => {
      stop.abort();
      notes[Symbol.dispose]();
      await running;
    },
  });
}

async function openRegister(options: RedisQueueOptions, onStoreLost: () => void): Promise<TopicRegister> {
  const { masters, partitions, spill, mayLackSpill = false } = options;
  const register = await TopicRegister.open(masters, { partitions, spillId: spill?.id ?? '' }, onStoreLost);
  if (register.partitions !== partitions) {
    const message = `the site was made with ${register.partitions} partitions and cannot have ${partitions}`;
    throw new Error(`${message}: set queue.redis.partitions to ${register.partitions}`);
  }
  if (spill === undefined && register.spillId !== '' && !mayLackSpill) {
    const [siteKey = ''] = siteKeyNames(masters.prefix);
    throw new Error(
      'the other hubs of this site spill to a folder, and without it this hub cannot read what is there: set queue.redis.spill to the same one. ' +
        `If no hub is to have one any more, and nothing waits there, run "redis-cli HDEL ${siteKey} spill"`,
    );
  }
  if (spill !== undefined && register.spillId !== spill.id) {
    const [siteKey = ''] = siteKeyNames(masters.prefix);
    throw new Error(
      'the folder of queue.redis.spill is not the one that the other hubs of this site use: mount the same one here. ' +
        `If theirs is gone for good, and with it what waited there, let them have this one and run "redis-cli HDEL ${siteKey} spill"`,
    );
  }
  return register;
}

/** Without a place to spill to, what Redis keeps is the limit of the queue. */
function limitsWithin(limits: QueueLimits, bytesMax: number | undefined): QueueLimits {
  if (bytesMax === undefined || bytesMax >= limits.storeBytesMax) return limits;
  return { ...limits, storeBytesMax: bytesMax, topicBytesMax: Math.min(bytesMax, limits.topicBytesMax) };
}

/** Of the master that is shortest of it. */
function memoryUsed(masters: Masters): number {
  let most = 0;
  for (const { used, max } of masters.memory()) if (max > 0) most = Math.max(most, used / max);
  return most;
}

function knownTopics(register: TopicRegister): KnownTopics {
  return {
    find: (name) => (register.has(name) ? register : undefined),
    countFrom: (start) => register.topics().filter((name) => name.startsWith(start)).length,
  };
}
