/** Reader groups: what registers them, leases, commits, and the archive's plans. Times are the store's. */
import { randomBytes } from 'node:crypto';
import { assert } from '@tributary/shared/assert.ts';
import { QueueError } from '../queue-error.ts';
import {
  type ArchiveObject,
  type ArchivePlan,
  type Commit,
  type CommitResult,
  type GroupPlace,
  type GroupRequest,
  type Lease,
  streamName,
  type TopicName,
} from '../queue.ts';
import { objectText } from './entry-reader.ts';
import { bodiesWithKeys, bodyOf, entryArgs, type StoredBody, sumsText } from './entry-text.ts';
import { bodyPlace, topicPlace } from './keys.ts';
import { patienceMs, rowsMax, upkeepPatienceMs } from './limits.ts';
import type { Argument } from './masters/masters.ts';
import { groupArgs } from './partitions.ts';
import { asQueueErrors, type QueueContext } from './queue-context.ts';
import { type Answer, inGroups, numberOf, textOf } from './replies.ts';

type CommitPlace = Pick<Lease, 'topic' | 'group' | 'partition'>;

export class GroupCalls {
  readonly #context: QueueContext;
  readonly #onLast: (topic: TopicName, partition: number, last: number) => void;
  /** Given out by this hub and not given back: those end with it. */
  readonly #leases = new Map<string, Lease>();

  constructor(context: QueueContext, events: { readonly onLast: (topic: TopicName, partition: number, last: number) => void }) {
    this.#context = context;
    this.#onLast = events.onLast;
  }

  get leasesHeld(): number {
    return this.#leases.size;
  }

  async ensureGroup({ topic, group, policy, from }: GroupRequest): Promise<void> {
    const { register } = this.#context;
    const known = register.groupOf(topic, group);
    if (known?.isEverywhere === true && JSON.stringify(known.policy) === JSON.stringify(policy)) return;
    const what = { policy, from: known?.from ?? from, paused: known?.paused ?? false };
    await asQueueErrors(
      (async () => {
        await register.add(topic);
        const version = await register.put(topic, group, { ...what, isEverywhere: false });
        const args = [topic, version, ...groupArgs({ group, policy }), from, what.paused ? 1 : 0];
        const { count } = this.#context.partitions;
        await Promise.all(Array.from({ length: count }, (_, partition) => this.#makeGroup({ topic, group, partition }, args)));
        await register.put(topic, group, { ...what, isEverywhere: true });
      })(),
    );
  }

  async #makeGroup(place: GroupPlace, args: readonly Argument[]): Promise<void> {
    const { topic, partition } = place;
    const { partitions } = this.#context;
    const request = { function: 'ensureGroup', topics: [topic], args: () => args, patienceMs } as const;
    const { word, values } = await partitions.lane(partition).call(request);
    if (word !== 'done') return;
    const [isGathered] = values.slice(4);
    partitions.noteLevel(partition, topic, values.slice(0, 4));
    if (isGathered === 0) await partitions.gatherBeginnings(place);
  }

  async acquire(place: GroupPlace, owner: string, ttlMs: number): Promise<Lease | undefined> {
    const { topic, group, partition } = place;
    await this.#checkKnown(place);
    const { partitions } = this.#context;
    const answer = await asQueueErrors(
      partitions.lane(partition).call({
        function: 'acquire',
        topics: [topic],
        args: () => [topic, group, owner, ttlMs],
        patienceMs,
        provide: (lack) =>
          lack.startsWith('BEGINNINGS') ? partitions.gatherBeginnings(place) : partitions.makeTopic(partition, topic),
      }),
    );
    return this.#lease(place, answer);
  }

  async renew(lease: Lease, ttlMs: number): Promise<Lease | undefined> {
    const answer = await this.#call('renew', lease, [lease.topic, lease.group, lease.epoch, ttlMs]);
    const renewed = this.#lease(lease, answer);
    if (renewed === undefined) this.#leases.delete(nameOf(lease));
    return renewed;
  }

  async release(lease: Lease): Promise<void> {
    this.#leases.delete(nameOf(lease));
    const args = [lease.topic, lease.group, lease.epoch];
    const request = { function: 'release', topics: [lease.topic], args: () => args, patienceMs: upkeepPatienceMs } as const;
    const answer = await asQueueErrors(this.#context.partitions.lane(lease.partition).call(request));
    if (answer.word === 'absent') throw neverRegistered(lease);
  }

  async releaseAll(): Promise<void> {
    await Promise.allSettled([...this.#leases.values()].map((lease) => this.release(lease)));
  }

  async commit(commit: Commit): Promise<CommitResult> {
    const { lease, publish = [] } = commit;
    const { topic, group, partition } = lease;
    const { partitions, levels, bodies } = this.#context;
    const token = randomBytes(9).toString('base64url');
    const targets = [...new Set(publish.map((target) => target.topic))].filter((name) => name !== topic);
    let stored: readonly StoredBody[] = [];
    let isDescribed = false;
    const entriesArgs = (): readonly Argument[] => {
      const withKeys = bodiesWithKeys(stored);
      return publish.flatMap((target, index): Argument[] => {
        const body = stored[index];
        assert(body !== undefined, 'each entry has a body');
        const place = bodyPlace(1 + targets.length, withKeys.indexOf(body));
        const targetPlace = topicPlace(targets.indexOf(target.topic) + 1);
        // What goes back into the topic that it is taken from takes no room there.
        const bytesMax = target.topic === topic ? Number.MAX_SAFE_INTEGER : levels.topicBytesMaxIn(partition, target.topic);
        return [targetPlace, target.topic, bytesMax, ...entryArgs(target.entry, body, { place, isDescribed })];
      });
    };
    const commitNow = (placed: readonly StoredBody[]): Promise<Answer> => {
      stored = placed;
      return partitions.lane(partition).call({
        function: 'commit',
        topics: [topic, ...targets],
        bodies: () => bodiesWithKeys(stored),
        args: () => [
          topic,
          group,
          lease.epoch,
          commit.to,
          token,
          publish.length,
          ...entriesArgs(),
          ...letterArgs(commit),
          ...archivedArgs(commit),
        ],
        patienceMs,
        provide: async (lack) => {
          if (lack === 'STREAMS') isDescribed = true;
          else if (lack === 'BODIES') stored = placed.map((body) => (body.ref.startsWith('=') ? { ...body, ref: '' } : body));
          else await partitions.makeTopic(partition, lack.slice('TOPIC '.length));
        },
      });
    };
    const all = publish.map(({ entry }) => bodyOf(entry));
    const answer = await asQueueErrors(bodies.placed(partition, all, commitNow));
    return this.#committed(commit, answer);
  }

  async attempt(lease: Lease, sequence: number): Promise<number | 'fenced'> {
    const token = randomBytes(9).toString('base64url');
    const args = [lease.topic, lease.group, lease.epoch, sequence, token];
    const { word, values } = await this.#call('attempt', lease, args);
    return word === 'fenced' ? word : numberOf(values[0]);
  }

  async plan(lease: Lease, plan: ArchivePlan): Promise<ArchivePlan | 'fenced'> {
    const { topic, group, epoch } = lease;
    const args = [topic, group, epoch, plan.first, plan.last, plan.createdMs, plan.name];
    const { word, values } = await this.#call('plan', lease, args);
    if (word === 'fenced') return 'fenced';
    if (word === 'range') {
      const have = `${numberOf(values[0])} to ${numberOf(values[1])}`;
      const message = `plan ${plan.name} wants ${plan.first} to ${plan.last} of ${topic}, which has ${have}`;
      throw new QueueError('QUEUE_RANGE', message);
    }
    return planOfText(lease, textOf(values[0]));
  }

  /** The caller holds the lease, so that nobody adds rows beside it. */
  async restoreArchived(lease: Lease, objects: readonly ArchiveObject[]): Promise<'done' | 'fenced'> {
    const { topic, group, epoch } = lease;
    for (let done = 0; done < objects.length; done += rowsMax) {
      const token = randomBytes(9).toString('base64url');
      const rows = objects.slice(done, done + rowsMax).flatMap(rowArgs);
      const { word } = await this.#call('restoreArchived', lease, [topic, group, epoch, token, ...rows]);
      if (word === 'fenced') return 'fenced';
    }
    return 'done';
  }

  /** A row of a partition that there is not is in one that there is. */
  async addArchived(objects: readonly ArchiveObject[]): Promise<number> {
    const { partitions } = this.#context;
    let added = 0;
    for (const [partition, own] of Map.groupBy(objects, (object) => object.partition % partitions.count)) {
      for (let done = 0; done < own.length; done += rowsMax) {
        const rows = own.slice(done, done + rowsMax).flatMap(rowArgs);
        const request = { function: 'addArchived', args: () => rows, patienceMs } as const;
        const { values } = await asQueueErrors(partitions.lane(partition).call(request));
        added += numberOf(values[0]);
      }
    }
    return added;
  }

  async currentPlan(lease: Lease): Promise<ArchivePlan | undefined> {
    const lane = this.#context.partitions.lane(lease.partition);
    const args = [lease.topic, lease.group];
    const { values } = await asQueueErrors(lane.read({ function: 'currentPlan', args: () => args, patienceMs }));
    const text = textOf(values[0]);
    return text === '' ? undefined : planOfText(lease, text);
  }

  async #call(
    name: 'renew' | 'attempt' | 'plan' | 'restoreArchived',
    place: CommitPlace,
    args: readonly Argument[],
  ): Promise<Answer> {
    const lane = this.#context.partitions.lane(place.partition);
    const answer = await asQueueErrors(lane.call({ function: name, topics: [place.topic], args: () => args, patienceMs }));
    if (answer.word === 'absent') throw neverRegistered(place);
    return answer;
  }

  /** A group that nobody registered is found out before its topic is made. */
  async #checkKnown(place: GroupPlace): Promise<void> {
    const { register } = this.#context;
    if (register.groupOf(place.topic, place.group) === undefined) await asQueueErrors(register.refresh());
    if (register.groupOf(place.topic, place.group) === undefined) throw neverRegistered(place);
  }

  #lease(place: CommitPlace, { word, values, generation }: Answer): Lease | undefined {
    if (word === 'absent') throw neverRegistered(place);
    if (word !== 'done') return undefined;
    const [epoch = 0, cursor = 0, expiresMs = 0, isUnclean = 0, triesOfNext = 0] = values.map(numberOf);
    const { topic, group, partition } = place;
    const isAfterUnclean = isUnclean === 1;
    const lease = { topic, group, partition, epoch, cursor, expiresMs, isAfterUnclean, triesOfNext, generation };
    this.#leases.set(nameOf(lease), lease);
    return lease;
  }

  #committed(commit: Commit, { word, values }: Answer): CommitResult {
    const { lease, to, archived } = commit;
    const { topic, partition } = lease;
    const { levels } = this.#context;
    switch (word) {
      case 'fenced':
      case 'full':
        return word;
      case 'again':
        return 'done';
      case 'done': {
        const [bytes, memoryBytes, last, pendingBytes, ...targets] = values;
        levels.noteStore(partition, numberOf(bytes), numberOf(memoryBytes));
        levels.noteTopic(partition, topic, { last: numberOf(last), pendingBytes: numberOf(pendingBytes) });
        for (const [name, targetLast, targetPending] of inGroups(targets, 3)) {
          const level = { last: numberOf(targetLast), pendingBytes: numberOf(targetPending) };
          if (levels.noteTopic(partition, textOf(name), level)) this.#onLast(textOf(name), partition, level.last);
        }
        return 'done';
      }
      case 'range': {
        const have = `it is at ${numberOf(values[0])} of ${numberOf(values[1])}`;
        throw new QueueError('QUEUE_RANGE', `group ${lease.group} cannot move to ${to} in ${topic}: ${have}`);
      }
      case 'plan':
        throw new QueueError('QUEUE_PLAN', `object ${archived?.plan.name} is not what was planned`);
      default:
        throw neverRegistered(lease);
    }
  }
}

function letterArgs({ deadLetters = [] }: Commit): Argument[] {
  return [deadLetters.length, ...deadLetters.flatMap(({ sequence, reason }) => [sequence, reason])];
}

function archivedArgs({ archived }: Commit): Argument[] {
  if (archived === undefined) return [''];
  const { plan, object, segments, leftOutRecords = 0 } = archived;
  const row = object === undefined ? '' : objectText(object);
  const sums = object === undefined ? '' : sumsText(object);
  return [
    plan.name,
    plan.last,
    row,
    sums,
    leftOutRecords,
    ...segments.flatMap(({ key, from, to }) => [streamName(key), from, to]),
  ];
}

function rowArgs(object: ArchiveObject): string[] {
  return [objectText(object), sumsText(object)];
}

function planOfText({ topic, partition }: CommitPlace, text: string): ArchivePlan {
  const [first, last, createdMs, ...name] = text.split(' ');
  return { topic, partition, first: Number(first), last: Number(last), name: name.join(' '), createdMs: Number(createdMs) };
}

function neverRegistered({ topic, group, partition }: CommitPlace): QueueError {
  return new QueueError('QUEUE_UNKNOWN', `group ${group} of ${topic} partition ${partition} was never registered`);
}

function nameOf({ topic, group, partition }: CommitPlace): string {
  return `${partition} ${group} ${topic}`;
}
